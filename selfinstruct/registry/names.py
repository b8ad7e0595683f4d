"""What people call a prompt: `label_first/question@7`, `label_first/question@production`."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from selfinstruct.errors import UserError
from selfinstruct.prompting import SUFFIX

NUMBER = re.compile(r"v?([1-9][0-9]{0,8})")
VERSION = re.compile(r"[0-9a-f]{12}")
LABEL = re.compile(r"[^\W\d_][\w.-]{0,63}")
PLACES = ("working", "shipped")
"""Words after an @ that are no label: the file in the folder, and what comes with the package."""

Kind = Literal["any", "number", "version", "label", "working", "shipped"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A template's name and what of it is meant: `at` is as people write it, empty for what is in
    use, the folder's file or else the shipped one.
    """

    name: str
    at: str = ""

    @property
    def short(self) -> str:
        """Without the suffix that every name has."""
        return self.name.removesuffix(SUFFIX)

    @property
    def kind(self) -> Kind:
        """How `at` is to be read."""
        if not self.at:
            return "any"
        if self.at == "working":
            return "working"
        if self.at == "shipped":
            return "shipped"
        if NUMBER.fullmatch(self.at):
            return "number"
        return "version" if VERSION.fullmatch(self.at) else "label"

    @property
    def number(self) -> int:
        """Of a reference to a number."""
        found = NUMBER.fullmatch(self.at)
        assert found is not None
        return int(found[1])

    def __str__(self) -> str:
        return f"{self.short}@{self.at}" if self.at else self.short


def read_ref(text: str) -> Ref:
    """NAME or NAME@VERSION in. Raises `UserError` for a name that no file of a folder can have."""
    name, sign, at = text.partition("@")
    if sign and not at:
        raise UserError(f"{text!r} ends with @", next_step="name a version: a number or a label")
    ref = Ref(read_name(name), unicodedata.normalize("NFC", at))
    if ref.kind == "label":
        check_label(ref.at)
    return ref


def read_name(text: str) -> str:
    """A template's name, with or without `.j2`, in; with it out.

    Raises `UserError` for what does not stay inside a folder, or is hidden there.
    """
    name = unicodedata.normalize("NFC", text).removesuffix(SUFFIX)
    parts = name.split("/")
    if not all(map(_is_plain, parts)):
        raise UserError(
            f"{text!r} is no name of a prompt",
            why="a name is a path inside the prompt folder: words with / between them, none of "
            "which begins with a dot",
            next_step="selfinstruct prompts list",
        )
    return f"{name}{SUFFIX}"


def check_label(text: str) -> str:
    """A label in, the same out. Raises `UserError` for one that could mean another thing."""
    if not LABEL.fullmatch(text) or NUMBER.fullmatch(text) or text in PLACES:
        raise UserError(
            f"{text!r} is no label",
            why="a label begins with a letter, has 64 letters, digits, '.', '_' and '-' at most, "
            "and is neither `working` nor `shipped` nor the number of a version",
        )
    return text


def _is_plain(part: str) -> bool:
    bad = any(unicodedata.category(char).startswith("C") or char in '\\:@"' for char in part)
    return bool(part) and part == part.strip() and not part.startswith(".") and not bad
