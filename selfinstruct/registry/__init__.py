"""Prompts of a project's own: files in its folder, immutable versions, labels that move."""

from selfinstruct.registry.journal import REGISTRY, Move, Version
from selfinstruct.registry.names import Ref, read_name, read_ref
from selfinstruct.registry.registry import Chosen, Origin, Registry, unused
from selfinstruct.registry.used import Used, Wording, of_rows
from selfinstruct.registry.words import Piece, compare

__all__ = [
    "REGISTRY",
    "Chosen",
    "Move",
    "Origin",
    "Piece",
    "Ref",
    "Registry",
    "Used",
    "Version",
    "Wording",
    "compare",
    "of_rows",
    "read_name",
    "read_ref",
    "unused",
]
