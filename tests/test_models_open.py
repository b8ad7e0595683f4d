import subprocess
import sys
from pathlib import Path

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.models import open_model
from tests.tiny import save_tiny_model


def test_every_backend_opens(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"text": "a"}\n')
    configs = [
        ModelConfig(backend="scripted", name=str(tmp_path / "answers.jsonl")),
        ModelConfig(backend="program", name="builtins:list"),
        ModelConfig(backend="openai", name="m", base_url="http://127.0.0.1:9/v1"),
        ModelConfig(
            backend="transformers", name=str(save_tiny_model(tmp_path / "tiny")), device="cpu"
        ),
    ]
    names = []
    for config in configs:
        model = open_model(config)
        names.append(model.name)
        assert model.digest
        model.close()
    assert names == [
        "scripted:answers.jsonl",
        "program:builtins:list",
        "openai:m@127.0.0.1",
        f"transformers:{tmp_path / 'tiny'}",
    ]


@pytest.mark.slow
def test_the_embedded_default_opens() -> None:
    model = open_model(ModelConfig(backend="llamacpp", name="bundled", context=256, parallel=1))
    assert model.name == "llamacpp:SmolLM2-135M-Instruct.Q4_1.gguf"
    model.close()


def test_importing_the_package_loads_no_backend() -> None:
    script = "import sys, selfinstruct.models; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {"torch", "transformers", "peft", "aiohttp", "xllamacpp"}
    assert not [name for name in loaded if f"'{name}'" in done.stdout]
