"""Text that is none, which every filter is asked about; and how much work an answer took."""

import sys
from collections.abc import Callable, Mapping
from types import FrameType

TEXTS: Mapping[str, str] = {
    "empty": "",
    "blank": " \n\t ",
    "huge": " ".join(f"w{n}" for n in range(100_000)),
    "one-word": "again " * 500,
    "emoji": "\U0001f389\U0001f353 " * 30,
    "mixed-scripts": "The карта 卡片 بطاقة κάρτα card is lost today",
    "surrogate": "Where is my new card \ud83d today?",
    "NUL": "Where is my new\0 card today?",
    "right-to-left": "\u202eWhere is my \u200fnew card\u202c today?",
    "brackets": "[" * 5000,
    "fences": "```python\n" * 500,
}


def cells(table: str) -> list[tuple[str, str, str]]:
    """Text, filter and outcome of each cell of a table."""
    (_, *names), *rows = (line.split() for line in table.strip().split("\n"))
    return [
        (text, name, outcome)
        for text, *outcomes in rows
        for name, outcome in zip(names, outcomes, strict=True)
    ]


def work_of(job: Callable[[], object]) -> int:
    """How many calls of functions a job takes, those of the interpreter among them: no clock."""
    count = 0

    def tell(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(tell)
    try:
        job()
    finally:
        sys.setprofile(None)
    return count


def long_text(count: int) -> str:
    """So many words, none twice."""
    return " ".join(f"w{n}" for n in range(count))
