import io
import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from selfinstruct.checkpoints.base import choose_device, choose_dtype, load_base
from selfinstruct.errors import UserError


def test_a_shell_shares_the_weights_and_nothing_else(tiny_base: Path) -> None:
    base = load_base(str(tiny_base), "cpu")
    shell = base.shell()
    ours = dict(base.model.named_parameters())
    assert {name: id(weight) for name, weight in shell.named_parameters()} == {
        name: id(weight) for name, weight in ours.items()
    }
    assert not {id(module) for module in shell.modules()} & set(map(id, base.model.modules()))
    assert shell.lm_head.weight is shell.model.embed_tokens.weight  # tied, as in the base
    shell.config.use_cache = not base.model.config.use_cache
    shell.generation_config.eos_token_id = 7
    shell.register_forward_pre_hook(lambda *_: None)
    get_peft_model(shell, LoraConfig(r=2, target_modules="all-linear"))
    assert base.model.config.use_cache != shell.config.use_cache
    assert base.model.generation_config.eos_token_id != 7
    assert not base.model._forward_pre_hooks
    assert not [name for name, _ in base.model.named_modules() if "lora" in name]
    ids = torch.arange(4)[None]
    with torch.inference_mode():
        assert torch.equal(base.model(ids).logits, base.shell()(ids).logits)


def test_what_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(UserError, match="cannot be loaded") as caught:
        load_base(str(tmp_path), "cpu")
    assert str(tmp_path) in caught.value.what


class Trap:
    """Whoever unpickles it makes the file."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.sprung,)


def test_a_pickle_in_a_models_folder_is_not_read(tiny_base: Path, tmp_path: Path) -> None:
    folder, sprung = tmp_path / "model", tmp_path / "sprung"
    shutil.copytree(tiny_base, folder)
    (folder / "model.safetensors").unlink()
    for name in ("pytorch_model.bin", "training_args.bin"):
        (folder / name).write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(UserError, match="cannot be loaded"):
        load_base(str(folder), "cpu")
    assert not sprung.exists()
    pickle.loads((folder / "pytorch_model.bin").read_bytes())
    assert sprung.exists()  # the trap is one


@pytest.mark.parametrize("part", ["config.json", "tokenizer_config.json"])
def test_code_in_a_models_folder_is_not_run_even_if_somebody_types_yes(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    folder, sprung = tmp_path / "model", tmp_path / "sprung"
    shutil.copytree(tiny_base, folder)
    (folder / "evil.py").write_text(f"open({str(sprung)!r}, 'w').close()\nclass Evil:\n    pass\n")
    kinds = ("AutoConfig", "AutoModelForCausalLM")
    evil = dict.fromkeys(kinds, "evil.Evil") | {"AutoTokenizer": ["evil.Evil", None]}
    config = json.loads((folder / part).read_text())
    kind = "model_type" if part == "config.json" else "tokenizer_class"
    (folder / part).write_text(json.dumps({**config, "auto_map": evil, kind: "evil"}))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\ny\ny\n"))
    with pytest.raises(UserError, match="cannot be loaded"):
        load_base(str(folder), "cpu")
    assert not sprung.exists()


def test_a_cpu_computes_in_float32() -> None:
    assert choose_dtype(choose_device("cpu")) is torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_refused_and_never_assumed(device: str) -> None:
    with pytest.raises(UserError, match="torch sees no GPU"):
        choose_device(device)
    assert choose_device("auto").type != "cuda"
