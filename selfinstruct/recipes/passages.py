"""Real texts to write instructions for: the training responses, or a file of a user's own."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.text import words
from selfinstruct.types import Example


@dataclass(frozen=True, slots=True)
class Passage:
    """One text, with its licence, and the training row whose response it is, if it is one."""

    text: str
    license: str = ""
    row: Example | None = None


LEAST_WORDS = 5
"""Of "Wednesday." or "135 minutes" nobody can tell what it answers (docs/experiments.md)."""


def of_rows(train: Sequence[Example]) -> tuple[Passage, ...]:
    """The responses of training rows that a request can be told from: those of `LEAST_WORDS` words
    or more, and none to an instruction with an input beside it, which a new one would not have.
    """
    return tuple(
        Passage(row.response, row.license, row)
        for row in train
        if (row.label is not None or not row.input) and len(words(row.response)) >= LEAST_WORDS
    )


def read_passages(path: Path, license_: str) -> tuple[Passage, ...]:
    """The texts of a file: of `.jsonl` the field `text` of each line, with a `license` of its own
    where it has one; of any other the paragraphs, which blank lines part.

    Raises `UserError` naming file and line for what cannot be read, and for a file without texts.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no readable file of texts: {error}") from None
    if path.suffix == ".jsonl":
        found = tuple(_of_lines(content, path, license_))
    else:
        parts = (part.strip() for part in content.replace("\r\n", "\n").split("\n\n"))
        found = tuple(Passage(part, license_) for part in parts if part)
    if not found:
        raise UserError(f"{path} holds no text", next_step="one a line as JSONL, or paragraphs")
    return found


def _of_lines(content: str, path: Path, license_: str) -> Iterator[Passage]:
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}:{number}: no JSON: {error}") from None
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise UserError(
                f"{path}:{number}: there is no `text`",
                next_step='write lines such as {"text": "..."}',
            )
        own = row.get("license")
        yield Passage(text.strip(), own if isinstance(own, str) and own else license_)
