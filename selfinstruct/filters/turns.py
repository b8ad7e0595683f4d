"""Rules for the earlier turns of a conversation: do they alternate, does each say something new?

Earlier exchanges are held to the rules of `heuristics` for a question and its answer, less those
that only fit a question that stands alone: "hi" is a sound first turn. A row without turns passes.
"""

from collections.abc import Mapping

from selfinstruct.config import HeuristicsConfig
from selfinstruct.filters.heuristics import (
    INSTANCE_CHECKS,
    INSTRUCTION_CHECKS,
    Breach,
    Check,
)
from selfinstruct.text import normalise, question_text, words
from selfinstruct.types import Example, Message, Rejection

REPEATABLE_WORDS = 4
"""Turns of no more words are rightly said twice: "yes please", "thank you so much"."""
ALONE = ("too_short", "banned_word", "banned_start", "bad_first_char")
"""Rules for a question that stands alone; in a conversation the rest of it says the rest."""
LAST = ("response_too_short", "echo")
"""Rules for the answer that the row is there for; a greeting is rightly answered by itself."""


def check_turns(example: Example, cfg: HeuristicsConfig) -> Rejection | None:
    """The first rule that the turns of a conversation break; None where there are none.

    `value` is what was measured, or which turn it is, from 1, a system turn not counted.
    """
    if not example.turns:
        return None
    for reason, check in TURN_CHECKS.items():
        breach = check(example, cfg)
        if breach is not None:
            return Rejection(example, reason, breach.value, breach.threshold)
    return _exchange(example, cfg)


def uneven_turns(example: Example, _: HeuristicsConfig) -> Breach | None:
    """User and assistant do not take turns, the user first, or the assistant's answer is missing
    before the question. A system turn stands first or nowhere.
    """
    for number, turn in enumerate(_turns(example), start=1):
        due = "user" if number % 2 else "assistant"
        if turn.role != due:
            return Breach(f"turn {number} is of the {turn.role}", due)
    return None


def empty_turn(example: Example, _: HeuristicsConfig) -> Breach | None:
    """An earlier turn says nothing: no letter and no digit, as an emoji or an ellipsis."""
    for number, turn in enumerate(_turns(example)[:-2], start=1):
        if not words(turn.content):
            return Breach(f"turn {number}")
    return None


def repeated_turn(example: Example, _: HeuristicsConfig) -> Breach | None:
    """Something of `REPEATABLE_WORDS` words or more is said twice, by whomever: small teachers
    loop.
    """
    said: set[str] = set()
    for number, turn in enumerate(_turns(example), start=1):
        text = normalise(turn.content)
        if text in said:
            return Breach(f"turn {number}")
        if len(words(text)) > REPEATABLE_WORDS:
            said.add(text)
    return None


TURN_CHECKS: Mapping[str, Check] = {
    "uneven_turns": uneven_turns,
    "empty_turn": empty_turn,
    "repeated_turn": repeated_turn,
}
EXCHANGE_CHECKS = (
    *((reason, check) for reason, check in INSTRUCTION_CHECKS.items() if reason not in ALONE),
    *((reason, check) for reason, check in INSTANCE_CHECKS.items() if reason not in LAST),
)


def _exchange(example: Example, cfg: HeuristicsConfig) -> Rejection | None:
    """The first rule that an earlier question or its answer breaks."""
    earlier = [turn.content for turn in _turns(example)[:-2]]
    for asked, answered in zip(earlier[::2], earlier[1::2], strict=True):
        alone = Example(asked, response=answered)
        for reason, check in EXCHANGE_CHECKS:
            breach = check(alone, cfg)
            if breach is not None:
                return Rejection(example, reason, breach.value, breach.threshold)
    return None


def _turns(example: Example) -> list[Message]:
    """The whole conversation, question and answer included, without an opening system turn."""
    own = example.turns[0].role == "system"
    asked = Message("user", question_text(example))
    return [*example.turns[own:], asked, Message("assistant", example.response)]
