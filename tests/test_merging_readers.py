from pathlib import Path

import pytest
from safetensors import safe_open

from selfinstruct.merging.readers import llama_cpp, readable_by, tensor_names

pytest.importorskip("gguf", reason="llama.cpp's table of tensors is not installed")

LLAMA = {"model_type": "llama", "num_hidden_layers": 2}


def test_a_model_folder_is_known_to_all_three(tiny_base: Path) -> None:
    found = readable_by(tiny_base)
    assert "LlamaForCausalLM" in found["vllm"]
    with safe_open(tiny_base / "model.safetensors", framework="pt") as tensors:
        assert sorted(tensor_names(tiny_base)) == sorted(tensors.keys())
        count = len(list(tensors.keys()))
    assert f"all {count} tensors" in found["llama.cpp"]
    assert "converter not run" in found["llama.cpp"]


@pytest.mark.parametrize(
    ("config", "names", "told"),
    [
        (LLAMA, ["model.embed_tokens.weight"], "all 1 tensors"),
        (LLAMA, ["model.layers.1.mlp.up_proj.weight"], "all 1 tensors"),
        (LLAMA, ["model.layers.9.mlp.up_proj.weight"], "not 1 tensors, such as model.layers.9"),
        (LLAMA, ["base_model.model.lm_head.weight"], "not 1 tensors"),
        ({**LLAMA, "model_type": "perceiver"}, [], "no architecture called perceiver"),
        ({**LLAMA, "model_type": "gemma3_text"}, ["model.norm.weight"], "knows gemma3 "),
    ],
)
def test_llama_cpps_table_is_asked(config: dict[str, object], names: list[str], told: str) -> None:
    assert told in llama_cpp(config, names)
