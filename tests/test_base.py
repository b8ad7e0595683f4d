from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from selfinstruct.base import choose_device, choose_dtype, load_base
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


def test_a_cpu_computes_in_float32() -> None:
    assert choose_dtype(choose_device("cpu")) is torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_refused_and_never_assumed(device: str) -> None:
    with pytest.raises(UserError, match="torch sees no GPU"):
        choose_device(device)
    assert choose_device("auto").type != "cuda"
