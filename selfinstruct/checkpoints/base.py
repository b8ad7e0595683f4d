"""A base model with its tokeniser, loaded once and left as it is: students are built around it.

Whoever adds an adapter, a hook or a setting does so to a `shell`, which has modules of its own and
shares the weights. Nothing that becomes of a shell, a failed training included, reaches the next.
"""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from selfinstruct.checkpoints import weights
from selfinstruct.checkpoints.weights import OnNote
from selfinstruct.errors import UserError


@dataclass(frozen=True)
class Base:
    """A loaded base, `name` as it was asked for; `device` is where it is meant to work."""

    name: str
    source: Path | str
    device: torch.device
    model: Any
    tokenizer: Any

    def shell(self) -> Any:
        """The model once more: modules, buffers and settings of its own, the same parameters.

        Who takes it must not write to the parameters; LoRA does not, it freezes them.
        """
        shared = {id(weight): weight for weight in self.model.parameters()}
        return copy.deepcopy(self.model, shared)


def load_base(name: str, device: str, on_note: OnNote = weights.unheard) -> Base:
    """What `weights.locate` knows in, the base out, not yet moved to its device.

    Only safetensors are read, and no code that comes with a model is run. Raises `UserError` for
    what cannot be loaded and for a GPU that is not there.
    """
    source = weights.locate(name, on_note)
    place = choose_device(device)
    try:
        with weights.quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                source,
                dtype=choose_dtype(place),
                use_safetensors=True,
                trust_remote_code=False,  # left out, it asks whoever sits at the terminal
            )
    except (OSError, ValueError) as error:
        raise UserError(
            f"the model {name} cannot be loaded: {error}",
            next_step="check the name; a model folder holds config.json and *.safetensors",
        ) from error
    return Base(name, source, place, model, tokenizer)


def choose_device(device: str) -> torch.device:
    """`auto` in, the best accelerator here out; any other name is taken as it is.

    Raises `UserError` where a GPU is asked for that is not there.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UserError(
            f"the device {device} is asked for, but torch sees no GPU",
            next_step="set device: auto, or install a torch for your GPU",
        )
    return torch.device(device)


def choose_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where a CUDA device computes in it, float32 anywhere else.

    Most CPUs are slower in bfloat16 than in float32, and float16 overflows in models that were
    trained in bfloat16, so it is never chosen.
    """
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32
