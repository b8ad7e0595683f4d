"""A teacher's raw text in, the conversations it holds out, each from a user's turn to an answer.

Written for what models really send: names in bold, in brackets, as headings or numbered, a name
that stands alone on its line, control tokens of chat templates, JSON, several conversations in one
answer, stage directions, rules and afterwords. Nothing here raises on any text, and nothing is
invented: every line of a turn is a piece of the text. What comes before the first turn of the user
and after the last answer is left out; so are stage directions and the words of a narrator.
Consecutive turns of one speaker are one turn. A turn that was announced and left empty stays empty,
for the filters to judge. Stage directions and afterwords are recognised in English alone.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from selfinstruct.config import SpeakersConfig
from selfinstruct.recipes.parse import without_closing
from selfinstruct.recipes.speakers import Mark, Who, mark_lines, role_of
from selfinstruct.types import Message

Dialogue = tuple[Message, ...]
"""User and assistant in turns, the user first, the assistant last."""
_RULE = re.compile(r"[\s\-*_=~#]{3,}")
_HEADING = re.compile(
    r"""[\W_]*+ (?:(?:sample|example|new|second|another)\ )?
    (?: (?:conversation|dialogue|dialog|scenario|transcript)\b
        [ ]? (?:\#?\d+\b.*|[:\uff1a].*|[\W_]*)
      | (?:example|chat)\ \#?\d+[\W_]*
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
"""A line that opens another conversation, if a speaker follows."""
_AFTERWORD = re.compile(
    r"""[\W_]*+ (?: (?:outcome|resolution)\b[^\w\n]*?[:\uff1a] | (?:the\ )?end\b[\W_]*+$
      | (?:end\ of|note|please\ note|this|these|i\ hope|feel\ free|let\ me\ know|would\ you)\b
        [^\n]*\b(?:conversation|dialogue|dialog|transcript|role-?play|scenario|chat|call)s?\b )""",
    re.VERBOSE | re.IGNORECASE,
)
"""A closing paragraph that speaks of the conversation instead of being of it."""
_BRACKETS = r"(?:\([^()\n]{1,80}\)|\[[^\[\]\n]{1,80}\])"
_STARS = r"(?<!\*)\*[^*\n]{1,80}\*(?!\*)"
_OPENING = re.compile(rf"\s*(?:{_BRACKETS}|{_STARS})(?=\s+[^\W_])")
_CLOSING = re.compile(rf"(?<=[.!?…])\s*(?:{_BRACKETS}|{_STARS})\s*$")
_ALONE = re.compile(rf"\s*(?:{_BRACKETS}|{_STARS})\s*")
_DIRECTION = re.compile(
    r"""[\W_]*(?:an?\ |the\ )?(?:\w{1,20}ly\ )?(?:sigh|paus|silen|laugh|nod|smil|chuckl|shrug|typ
    |check|wait|think|look|read|search|frown|cries|crying|groan|gasp|whisper|shout|yell|hangs|clears
    |takes|rolls|sounds|angr|annoy|frustrat|calm|polite|sarcas|cheer|nervous|excited|confus|hesitat
    |agent|customer|user|assistant|conversation|call|chat|phone|end)""",
    re.VERBOSE | re.IGNORECASE,
)
"""How a stage direction opens, its bracket or star included."""
_PAIRS = (("**", "**"), ("__", "__"), ('"', '"'), ("“", "”"), ("«", "»"), ("「", "」"))
_TAIL = 200
"""Characters at the end of a turn that are searched for a closing stage direction."""
_LISTS = ("messages", "conversations", "conversation", "dialogue", "turns")

_Said = tuple[Who, list[str]]
"""Who speaks, and the lines of it as they were written."""


def read_dialogues(text: str, speakers: SpeakersConfig) -> tuple[Dialogue, ...]:
    """Every conversation of an answer, in order; one without an answer to a user is none."""
    given = _from_json(text, speakers)
    if given is not None:
        return tuple(talk for talk in [_settled(given)] if talk)
    return tuple(talk for said in _talks(text, speakers) if (talk := _settled(_cleaned(said))))


def read_turn(text: str, who: Who, speakers: SpeakersConfig) -> tuple[str, ...]:
    """What this speaker says where one turn was asked for; the first turn, if there are more.

    None where the other one speaks first, or where there are no words.
    """
    lines, marks = mark_lines(text, speakers)
    until = min(marks, default=len(lines))
    first = "\n".join(lines[:until])
    if not first.strip() and marks:
        speaker, said = _talks(text, speakers)[0][0]
        first = "\n".join(said) if speaker == who else ""
    words = _words(first)
    return (words,) if any(map(str.isalnum, words)) else ()


def _talks(text: str, speakers: SpeakersConfig) -> list[list[_Said]]:
    """The marked turns of each conversation; words before the first mark are dropped."""
    lines, marks = mark_lines(text, speakers)
    borders = _borders(lines, marks)
    talks: list[list[_Said]] = [[]]
    for number, line in enumerate(lines):
        if number in borders:
            talks.append([])
        elif number in marks:
            mark = marks[number]
            talks[-1].append((mark.who, [line[mark.end :]]))
        elif talks[-1]:
            talks[-1][-1][1].append(line)
    return [talk for talk in talks if talk] or [[]]


def _borders(lines: Sequence[str], marks: Mapping[int, Mark]) -> set[int]:
    """The headings that a speaker follows, blank lines aside."""
    found: set[int] = set()
    following = -1
    for number in range(len(lines) - 1, -1, -1):
        if not lines[number].strip():
            continue
        if following in marks and number not in marks and _HEADING.match(lines[number]):
            found.add(number)
        following = number
    return found


def _from_json(text: str, speakers: SpeakersConfig) -> list[tuple[Who, str]] | None:
    """The turns of a JSON list of messages, which may stand in a fence; None for any other text.

    Of a turn without a known speaker or without words nobody can tell what it was, and the whole of
    it is none.
    """
    body = text.strip()
    if body.startswith("```"):
        body = body.partition("\n")[2].rpartition("```")[0].strip()
    if not body.startswith(("[", "{")):
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = next((value[key] for key in _LISTS if key in value), None)
    if not isinstance(value, list):
        return None
    turns = [_given(item, speakers) for item in value]
    known = [turn for turn in turns if turn is not None]
    return known if len(known) == len(turns) else []


def _given(item: Any, speakers: SpeakersConfig) -> tuple[Who, str] | None:
    """The speaker and the words of one message as JSON; None where either is missing."""
    if not isinstance(item, dict):
        return None
    who = next((item[key] for key in ("role", "from", "speaker") if key in item), None)
    words = next(
        (item[key] for key in ("content", "value", "text", "message") if key in item), None
    )
    if not isinstance(who, str) or not isinstance(words, str):
        return None
    role: Who | None = role_of(who, speakers)
    return None if role is None else (role, words.strip())


def _cleaned(said: Sequence[_Said]) -> list[tuple[Who, str]]:
    """Who says what, without stage directions, rules and afterwords.

    A turn that was nothing else is left out; one that was empty from the first stays.
    """
    found: list[tuple[Who, str]] = []
    for place, (who, lines) in enumerate(said):
        raw = "\n".join(lines)
        if place == len(said) - 1:
            raw = without_closing(raw, _AFTERWORD)
        words = _words(raw)
        if words or not raw.strip():
            found.append((who, words))
    return found


def _settled(said: Iterable[tuple[Who, str]]) -> Dialogue:
    """Turns of one speaker joined, from the first of the user to the last of the assistant."""
    spoken = [(who, words) for who, words in said if who != "nobody"]
    turns = [
        Message("user" if who == "user" else "assistant", "\n".join(w for _, w in run if w))
        for who, run in groupby(spoken, key=lambda pair: pair[0])
    ]
    if turns and turns[0].role == "assistant":
        turns = turns[1:]
    if turns and turns[-1].role == "user":
        turns = turns[:-1]
    return tuple(turns)


def _words(text: str) -> str:
    """What is said in a turn: no rules, no stage directions, nothing wrapped around the whole."""
    lines = [line for line in text.split("\n") if not _RULE.fullmatch(line)]
    lines = [line for line in lines if not (_ALONE.fullmatch(line) and _is_direction(line, "([*"))]
    text = _peeled("\n".join(lines))
    opening, closing = _OPENING.match(text), _CLOSING.search(text[-_TAIL:])
    if opening is not None and _is_direction(opening[0], "(["):
        text = text[opening.end() :]
    if closing is not None and _DIRECTION.match(closing[0]):
        text = text[: len(text) - len(closing[0])]
    return _peeled(text)


def _is_direction(text: str, kinds: str) -> bool:
    """Whether a bracket holds a stage direction: it opens as one, or in small letters within these
    kinds of brackets.
    """
    text = text.strip()
    return _DIRECTION.match(text) is not None or (text[0] in kinds and text[1].islower())


def _peeled(text: str) -> str:
    """The text without blanks at its ends, and without marks that enclose all of it."""
    text = text.strip()
    for opening, closing in _PAIRS:
        inner = text[len(opening) : -len(closing)]
        wrapped = text.startswith(opening) and text.endswith(closing) and inner
        if wrapped and opening not in inner and closing not in inner:
            return inner.strip()
    if text.count("**") == 1:  # the other half stood before the name
        text = text.removeprefix("**").removesuffix("**").strip()
    return text
