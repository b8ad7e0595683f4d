"""What the filters ask of a student, and a candidate as the student reads it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from selfinstruct import chat
from selfinstruct.model import StudentModel
from selfinstruct.text import without_surrogates
from selfinstruct.types import Example, Message

BEYOND_CONTEXT = "beyond_context"
"""The reason of a candidate that a student cannot read to its end."""


class Student(StudentModel, Protocol):
    """A student that can also weigh answers, and tell what is too long for it."""

    def choose(
        self,
        prompts: Sequence[Sequence[Message]],
        answers: Sequence[str],
        *,
        first_line: bool = False,
    ) -> list[tuple[float, ...] | None]:
        """For each prompt the natural log of the probability of each answer, as a whole or as the
        first line of one; None for a prompt that does not fit.
        """
        ...

    def fits(self, conversations: Sequence[Sequence[Message]]) -> list[bool]:
        """Whether each conversation, which ends with the assistant, can be scored."""
        ...


def readable(example: Example) -> Example:
    """The example without half characters, which no tokeniser takes; its id may change."""
    turns = tuple(Message(turn.role, without_surrogates(turn.content)) for turn in example.turns)
    return replace(
        example,
        instruction=without_surrogates(example.instruction),
        input=without_surrogates(example.input),
        response=without_surrogates(example.response),
        turns=turns,
        label=None if example.label is None else without_surrogates(example.label),
    )


def prompt_of(example: Example, system: str) -> tuple[Message, ...]:
    """What a student reads before it answers."""
    return chat.prompt_messages(readable(example), system)
