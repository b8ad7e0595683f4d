"""What other programs look for in a model's folder, and whether it is there.

vLLM and llama.cpp's converter are not run: what they go by is read, and said.
"""

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

from safetensors import safe_open


def readable_by(folder: Path) -> dict[str, str]:
    """Reader to what was checked for it, in words."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    names = tensor_names(folder)
    return {
        "transformers": "loaded by AutoModelForCausalLM.from_pretrained, without PEFT",
        "vllm": f"not run; it goes by architectures {config['architectures']}, safetensors and "
        "the tokeniser's files, which are there",
        "llama.cpp": f"converter not run; {llama_cpp(config, names)}",
    }


def llama_cpp(config: dict[str, Any], names: list[str]) -> str:
    """What llama.cpp's own table of tensors makes of these."""
    if importlib.util.find_spec("gguf") is None:
        return "its table of tensors (package gguf) is not installed"
    gguf: Any = importlib.import_module("gguf")
    by_name = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}
    kind = str(config["model_type"]).replace("_text", "")
    if kind not in by_name:
        return f"gguf has no architecture called {kind}"
    table = gguf.get_tensor_name_map(by_name[kind], int(config["num_hidden_layers"]))
    unknown = [name for name in names if table.get_name(name, (".weight", ".bias")) is None]
    if unknown:
        return f"gguf knows {kind}, but not {len(unknown)} tensors, such as {unknown[0]}"
    return f"gguf knows {kind} and all {len(names)} tensors by name"


def tensor_names(folder: Path) -> list[str]:
    """Every tensor of the folder's safetensors."""
    found: list[str] = []
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            found += tensors.keys()
    return found
