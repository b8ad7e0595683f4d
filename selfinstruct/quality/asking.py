"""Asking a teacher or a judge about a candidate: its text as data, and a second try."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from selfinstruct import chat
from selfinstruct.quality.students import readable
from selfinstruct.recipes import Ask
from selfinstruct.text import question_text
from selfinstruct.types import Completion, Example, Prompt, Sampling

T = TypeVar("T")
TAGS = re.compile(r"[<\uff1c\ufe64](?=\W{0,9}(?:text|question|answer|response))", re.IGNORECASE)
AGAIN = 0.7
"""The temperature of a second try: greedy, a model would say the same once more."""
SHOWN = 4
"""Real rows shown before a question: enough for the form of an answer, and short to read."""
SHOWN_WORDS = 120


def as_data(words: str) -> str:
    """The text with every "<" that might open one of our templates' tags written as `&lt;`."""
    return TAGS.sub("&lt;", words).strip()


def question_of(example: Example) -> str:
    """All that a candidate's answer goes by: earlier turns, instruction and input, as data."""
    turns = chat.prompt_messages(readable(example), system="")
    parts = [turn.content if len(turns) == 1 else f"{turn.role}: {turn.content}" for turn in turns]
    return as_data("\n\n".join(parts))


def text_of(example: Example) -> str:
    """The text that a label is to be found for, as data."""
    return as_data(question_text(readable(example)))


def to_show(rows: Sequence[Example]) -> tuple[Example, ...]:
    """The first real rows, one of each label as far as `SHOWN` goes; the same for every candidate,
    so that servers that keep a prefix read them once. Rows of more than `SHOWN_WORDS` are left out.
    """
    by_label: dict[str | None, list[Example]] = {}
    for row in rows:
        words = " ".join((row.instruction, row.input, row.response)).split()
        if len(words) <= SHOWN_WORDS:
            by_label.setdefault(row.label, []).append(row)
    if len(by_label) == 1:
        (alike,) = by_label.values()
        return tuple(alike[:SHOWN])
    return tuple(each[0] for each in by_label.values())[:SHOWN]


def ask_twice(
    ask: Ask, prompts: Sequence[Prompt], max_tokens: int, read: Callable[[Completion], T | None]
) -> list[T | None]:
    """What a greedy answer to each prompt says; of what failed or cannot be read, what a second
    one says, drawn at `AGAIN`; None where neither can be read.
    """
    greedy = Sampling(temperature=0.0, top_p=1.0, max_tokens=max_tokens)
    found = _ask(ask, prompts, greedy, read)
    missing = [at for at, said in enumerate(found) if said is None]
    drawn = replace(greedy, temperature=AGAIN)
    second = _ask(ask, [prompts[at] for at in missing], drawn, read)
    for at, said in zip(missing, second, strict=True):
        found[at] = said
    return found


def _ask(
    ask: Ask, prompts: Sequence[Prompt], how: Sampling, read: Callable[[Completion], T | None]
) -> list[T | None]:
    if not prompts:
        return []
    return [
        None if completion.finish_reason == "error" else read(completion)
        for (completion,) in ask(prompts, how, 1)
    ]
