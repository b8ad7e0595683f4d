"""Backends: what turns requests into completions, each behind the `Model` protocol.

A backend's library is loaded when that backend is asked for, not before.
"""

from typing import TYPE_CHECKING

from selfinstruct.checkpoints.weights import OnNote, unheard
from selfinstruct.config import ModelConfig
from selfinstruct.model import Model
from selfinstruct.types import Checkpoint

if TYPE_CHECKING:
    from selfinstruct.checkpoints.base import Base
    from selfinstruct.models.transformers_model import TransformersModel


def open_model(cfg: ModelConfig, on_note: OnNote = unheard) -> Model:
    """The model that a config names, ready to answer; the caller closes it. `on_note` hears of what
    takes long.

    Raises `UserError` for a name the backend does not know, and for a library that is missing.
    """
    match cfg.backend:
        case "llamacpp":
            from selfinstruct.models.llamacpp import LlamaCppModel

            turns = cfg.template == "chat"
            return LlamaCppModel(cfg.name, cfg.context, cfg.parallel, turns=turns)
        case "transformers":
            from selfinstruct.models.transformers_model import TransformersModel

            return TransformersModel.load(cfg.name, device=cfg.device, batch_size=cfg.parallel)
        case "openai" if cfg.batch:
            from selfinstruct.served.batch import BatchModel

            return BatchModel(cfg, on_note)
        case "openai" | "anthropic":
            from selfinstruct.served import ServedModel

            return ServedModel(cfg)
        case "program":
            from selfinstruct.models.program import ProgramModel

            return ProgramModel(cfg.name)
        case "scripted":
            from selfinstruct.models.scripted import open_script

            return open_script(cfg.name)


def open_student(
    checkpoint: Checkpoint, device: str, batch_size: int, base: "Base | None" = None
) -> "TransformersModel":
    """A student ready to answer and to be scored; the caller closes it.

    `base` is the checkpoint's base where it is loaded already; it stays as it is. Raises
    `UserError` for a base or an adapter that cannot be loaded.
    """
    from selfinstruct.checkpoints.base import load_base
    from selfinstruct.models.transformers_model import TransformersModel

    loaded = load_base(checkpoint.base, device) if base is None else base
    return TransformersModel(loaded, checkpoint.adapter, batch_size)
