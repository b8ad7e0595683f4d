"""A teacher that is a function of `tests.judges`, with its calls in a setting's ledger."""

from contextlib import ExitStack

from selfinstruct.config import ModelConfig
from selfinstruct.models import open_model
from selfinstruct.setting import Setting
from selfinstruct.teacher import Teacher
from selfinstruct.verifying.witnesses import Witnesses


def teacher_of(here: Setting, name: str) -> Teacher:
    cfg = ModelConfig(backend="program", name=f"tests.judges:{name}")
    return here.asks(open_model(cfg), cfg)


def witnesses(here: Setting, opened: ExitStack, name: str = "names_label") -> Witnesses:
    return Witnesses(here, 1, here.base, teacher_of(here, name), opened)
