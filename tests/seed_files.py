"""A seeds file of a few lines and what comes of reading it, shared by the tests of `seeds`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import USAGE, UserError
from selfinstruct.seeds.read import ReadResult, read_examples
from selfinstruct.types import Example

GOOD = {"instruction": "Name a fruit.", "response": "Pear."}


def line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def rest(start: str, value: str) -> str:
    """A line with an instruction and, after `start`, a value as it stands, JSON or not."""
    return f'{{"instruction": "Say it.", {start}{value}}}\n'


def read(folder: Path, content: str | bytes, name: str = "seeds.jsonl", **cfg: Any) -> ReadResult:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return read_examples(SeedsConfig(path=name, **cfg), folder)


def fault(folder: Path, content: str | bytes, name: str = "seeds.jsonl", **cfg: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, content, name, **cfg)
    assert caught.value.exit_code == USAGE
    assert caught.value.next_step
    return str(caught.value)


def words(example: Example) -> tuple[str, str, str]:
    return example.instruction, example.input, example.response
