"""Rules that need no other example: is the question fit to ask, and is the answer an answer?

Self-Instruct's filters for instruction and instance (Wang et al. 2023), with refusals, echoes and
loops added. Words are compared as words: whole, caseless, of any script. What a rule measures and
its limit come back with its name.
"""

import functools
import re
import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from selfinstruct.config import HeuristicsConfig
from selfinstruct.filters.refusals import find_offer, find_refusal
from selfinstruct.text import (
    CONTROL,
    as_fraction,
    exceeds,
    lcs,
    ngrams,
    question_text,
    rouge_l,
    whole_question,
    words,
)
from selfinstruct.types import Example, Rejection

# Openers of sound questions: Spanish marks, and the currency sign of "$20 is missing".
SOUND_OPENERS = "¿¡$"
LOOP_WORDS = 12
LOOP_N = 3
CHARS_A_WORD = 16
"""No language's words are this long on average, the space counted (English 6, Finnish 9): a text
with more characters than this for each word that it may have is emoji, base64 or a flood of marks.
"""
UNTYPED = re.compile(r"[\ue000-\uf8ff\ufffd-\uffff\U000f0000-\U0010ffff]")
"""Characters for private use, those that are none, and U+FFFD, which stands for bytes that were no
text. A real row may hold one, and its student should be able to read it; none should write one.
"""
COLONS = (":", "\N{FULLWIDTH COLON}")


class Breach(NamedTuple):
    """What a rule measured and the limit it broke."""

    value: float | str | None
    threshold: float | str | None = None


Check = Callable[[Example, HeuristicsConfig], Breach | None]


def check_instruction(example: Example, cfg: HeuristicsConfig) -> Rejection | None:
    """The first rule that the question alone breaks; its answer need not exist yet."""
    return _first(INSTRUCTION_CHECKS, example, cfg)


def check_instance(example: Example, cfg: HeuristicsConfig) -> Rejection | None:
    """The first rule that the input and response break."""
    return _first(INSTANCE_CHECKS, example, cfg)


def _first(
    checks: Mapping[str, Check], example: Example, cfg: HeuristicsConfig
) -> Rejection | None:
    for reason, check in checks.items():
        breach = check(example, cfg)
        if breach is not None:
            return Rejection(example, reason, breach.value, breach.threshold)
    return None


def garbled_question(example: Example, _: HeuristicsConfig) -> Breach | None:
    """The question holds what nobody types or sees: a control character, half a surrogate pair, or
    one of `UNTYPED`.
    """
    return _garbled(example.instruction, question_text(example))


def garbled(example: Example, _: HeuristicsConfig) -> Breach | None:
    """The input or the response does."""
    return _garbled(example.input, example.response)


def too_short(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The question, earlier turns with it, has fewer words than `min_words` (characters, in scripts
    without spaces).
    """
    return _below(len(words(whole_question(example))), cfg.min_words)


def too_long(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The question has more words than `max_words`, or characters for more."""
    return _above(_size(question_text(example)), cfg.max_words)


def banned_word(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The instruction asks for what a text model cannot see or do.

    A labelled example asks nothing of the model: a customer may well write of a picture.
    """
    if example.label is not None:
        return None
    text = _spelled(example.instruction)
    found = next((word for word in cfg.banned_words if _spelled(word) in text), None)
    return None if found is None else Breach(found)


def banned_start(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The instruction opens with the words of a task that is not wanted."""
    if example.label is not None:
        return None
    text = _spelled(example.instruction)
    found = next((start for start in cfg.banned_starts if text.startswith(_spelled(start))), None)
    return None if found is None else Breach(found)


def bad_first_char(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The question starts with punctuation: a sign that the answer of the teacher was misread."""
    first = question_text(example).lstrip()[:1]
    if not cfg.first_char or not first or first in SOUND_OPENERS:
        return None
    odd = first in string.punctuation or unicodedata.category(first).startswith("P")
    return Breach(first) if odd else None


def question_repetition(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The question runs in a loop."""
    return _loop(words(question_text(example)), cfg.max_repetition)


def repetition(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The input or the response runs in a loop."""
    input_loop = _loop(words(example.input), cfg.max_repetition)
    return input_loop or _loop(words(example.response), cfg.max_repetition)


def empty_response(example: Example, _: HeuristicsConfig) -> Breach | None:
    """There is no response, and no label that would be the whole answer."""
    return None if example.response.strip() or example.label is not None else Breach(0)


def response_too_short(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The response has fewer words than `min_response_words`; having none at all is another
    matter.
    """
    if not example.response.strip():
        return None
    return _below(len(words(example.response)), cfg.min_response_words)


def response_too_long(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The response has more words than `max_response_words`, or characters for more."""
    return _above(_size(example.response), cfg.max_response_words)


def input_too_long(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The input has more words than a response may have, or characters for more."""
    return _above(_size(example.input), cfg.max_response_words)


def refusal(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The response declines the request, or speaks of being a language model."""
    return _refusal(example.response, cfg)


def question_refusal(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The question does, or it offers help as an assistant: the teacher wrote none. Of Banking77's
    10,003 real questions none reads like that.
    """
    text = question_text(example)
    offer = find_offer(text) if cfg.refusals else None
    return _refusal(text, cfg) if offer is None else Breach(offer)


def echo(example: Example, cfg: HeuristicsConfig) -> Breach | None:
    """The response repeats the question; an input beside it may be repeated, as corrections do."""
    if cfg.echo is None:
        return None
    asked, said = words(question_text(example)), words(example.response)
    if not exceeds(lcs(asked, said), len(asked), len(said), cfg.echo):
        return None
    return Breach(rouge_l(asked, said), cfg.echo)


def dangling_colon(example: Example, _: HeuristicsConfig) -> Breach | None:
    """The input or the response announces something that does not come."""
    texts = {"input": example.input, "response": example.response}
    found = next((name for name, text in texts.items() if text.rstrip().endswith(COLONS)), None)
    return None if found is None else Breach(found)


def input_equals_response(example: Example, _: HeuristicsConfig) -> Breach | None:
    """The response is the input, letter by letter: changing case alone can be the task."""
    text = example.input.strip()
    return Breach(None) if text and text == example.response.strip() else None


INSTRUCTION_CHECKS: Mapping[str, Check] = {
    "garbled": garbled_question,
    "too_short": too_short,
    "too_long": too_long,
    "banned_word": banned_word,
    "banned_start": banned_start,
    "bad_first_char": bad_first_char,
    "repetition": question_repetition,
    "refusal": question_refusal,
}
INSTANCE_CHECKS: Mapping[str, Check] = {
    "garbled": garbled,
    "empty_response": empty_response,
    "response_too_short": response_too_short,
    "response_too_long": response_too_long,
    "input_too_long": input_too_long,
    "dangling_colon": dangling_colon,
    "input_equals_response": input_equals_response,
    "repetition": repetition,
    "echo": echo,
    "refusal": refusal,
}


def _garbled(*texts: str) -> Breach | None:
    for text in texts:
        found = CONTROL.search(text) or UNTYPED.search(text)
        if found:
            return Breach(f"U+{ord(found[0]):04X}")
    return None


def _refusal(text: str, cfg: HeuristicsConfig) -> Breach | None:
    found = find_refusal(text) if cfg.refusals else None
    return None if found is None else Breach(found)


def _size(text: str) -> int:
    """The words of a text, or as many as its characters would make where those are more."""
    return max(len(words(text)), len(text) // CHARS_A_WORD)


def _below(count: int, limit: int | None) -> Breach | None:
    return Breach(count, limit) if limit is not None and count < limit else None


def _above(count: int, limit: int | None) -> Breach | None:
    return Breach(count, limit) if limit is not None and count > limit else None


@functools.lru_cache(maxsize=1024)
def _spelled(text: str) -> str:
    """Words between single spaces, so that a substring of it is a run of whole words."""
    return f" {' '.join(words(text))} "


def _loop(tokens: Sequence[str], limit: float | None) -> Breach | None:
    """Share of word 3-grams that were there before, for texts long enough to tell a loop."""
    if limit is None or len(tokens) < LOOP_WORDS:
        return None
    grams = list(ngrams(tokens, LOOP_N))
    share = Fraction(len(grams) - len(set(grams)), len(grams))
    return Breach(float(share), limit) if share > as_fraction(limit) else None
