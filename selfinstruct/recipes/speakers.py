"""A teacher's raw text in, its lines and who begins to speak in which of them out.

A mark is a speaker's name where a line begins: `**Customer (angry):**`, `[User]`, `2) Agent:`,
`### Assistant`, `Anna (customer):`. Which names there are is configured; how they are dressed up is
not. What is said in the lines is the business of `parse_dialogue`.
"""

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from selfinstruct.config import SpeakersConfig

Who = Literal["user", "assistant", "nobody"]
"""`nobody` is a narrator or a system message, whose words are no part of the conversation."""

_NOBODY = ("System", "Narrator")
_CONTROL = re.compile(
    r"<\|/?[a-z][a-z0-9_]{0,40}\|>|</?(?:start|end)_of_turn>|<\|turn>|<turn\|>|</?s>",
    re.IGNORECASE,
)
"""Marks of chat templates: each ends a line and is nobody's words."""
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_ONE_FENCE = 3  # what a pair of them cuts a text into

_COLON = "[:\uff1a]"
_ASIDE = r"(?:\([^()\n]{1,80}\)|\[[^\[\]\n]{1,80}\])"
_A_NAME = re.compile(
    r"[ \t*_#>-]*+([^\W\d_][\w.'-]{0,30}(?: [^\W\d_][\w.'-]{0,30}){0,2})[*_]*+ ?[:\uff1a]"
)
_KNOWN_ROLES: Mapping[str, Who] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
"""The roles of the formats that conversations are kept in, whatever the speakers are called."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who speaks from here on, and where in the line the words begin."""

    who: Who
    end: int


def mark_lines(text: str, speakers: SpeakersConfig) -> tuple[list[str], dict[int, Mark]]:
    """The lines of a text and the marks that open some of them.

    Where the text holds one fenced block with a conversation in it, these are the lines of that
    block. A text with fewer than two marks is looked through for marks inside its lines as well:
    some models write a whole conversation as one paragraph.
    """
    text = _CONTROL.sub("\n", text)
    text = _closing_tag(speakers).sub("\n", text)
    fenced = _FENCE.split(text)
    paragraph = _inner_mark(speakers).sub("\n", text)
    texts = (*(fenced[1:2] if len(fenced) == _ONE_FENCE else ()), text, paragraph)
    tried = [(lines, _find(lines, speakers)) for lines in map(str.splitlines, texts)]
    return next((each for each in tried if len(each[1]) > 1), tried[-2])


def role_of(name: str, speakers: SpeakersConfig) -> Who | None:
    """Who goes by a name, or by a role of the formats conversations are kept in; None if nobody."""
    return _KNOWN_ROLES.get(name) or _roles(speakers).get(_spelled(name))


def _find(lines: Sequence[str], speakers: SpeakersConfig) -> dict[int, Mark]:
    roles, markers = _roles(speakers), _markers(speakers)
    marks: dict[int, Mark] = {}
    for number, line in enumerate(lines):
        match = next((found for each in markers if (found := each.match(line))), None)
        if match is not None:
            marks[number] = Mark(roles[_spelled(match["name"])], match.end())
    return marks | _adopted(lines, marks)


def _adopted(lines: Sequence[str], marks: Mapping[int, Mark]) -> dict[int, Mark]:
    """Marks of the second speaker where only one goes by a known name: "Anna:" and "Agent:".

    That is the one unknown name that opens the text or opens two lines; of several, nobody can
    tell.
    """
    known = {mark.who for mark in marks.values()} - {"nobody"}
    if len(known) != 1:
        return {}
    found = {
        number: match
        for number, line in enumerate(lines)
        if number not in marks and (match := _A_NAME.match(line))
    }
    count = Counter(match[1] for match in found.values())
    opens = {match[1] for number, match in found.items() if number < min(marks)}
    names = [name for name in count if count[name] > 1 or name in opens]
    if len(names) != 1:
        return {}
    other: Who = "assistant" if known == {"user"} else "user"
    return {
        number: Mark(other, match.end()) for number, match in found.items() if match[1] == names[0]
    }


@functools.cache
def _roles(speakers: SpeakersConfig) -> Mapping[str, Who]:
    named: tuple[tuple[Who, tuple[str, ...]], ...] = (
        ("nobody", _NOBODY),
        ("assistant", speakers.assistant),
        ("user", speakers.user),
    )
    return {_spelled(name): who for who, names in named for name in names}


def _spelled(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())


@functools.cache
def _names(speakers: SpeakersConfig) -> str:
    """A pattern of every name, the longest first."""
    names = sorted(_roles(speakers), key=len, reverse=True)
    return "|".join(r"[ _]+".join(map(re.escape, name.split())) for name in names)


@functools.cache
def _markers(speakers: SpeakersConfig) -> tuple[re.Pattern[str], ...]:
    """The starts of a line that say who speaks.

    Possessive (*+) where blanks and marks run, or a line of twenty thousand of them would take half
    a minute to be no start.
    """
    name = rf"(?P<name>(?i:{_names(speakers)}))"
    lead = (
        r"(?:[^\w\n]|_)*+(?:(?i:turn|step|message|exchange) ?)?"
        r"(?:\d{1,4}(?!\d)[^\w\n]*+(?:[AaPp][Mm]\b[^\w\n]*+)?){0,4}"  # "3." "[10:02 AM]"
    )
    person = r"(?: (?!(?:Name|ID|Id|Number|Email|Account|Phone|Type|Info|Details)\b)[A-Z][\w'-]*+)?"
    says = r"(?: (?:says|asks|replies|responds|answers|writes))?"
    ends = rf"[*_`\"”'’)\]>]*+(?: ?{_COLON}[*_]*+| [-–—](?= )|[^\w\n]*+$)"  # noqa: RUF001
    return (
        re.compile(rf"{lead}{name}(?: ?#?\d{{1,2}})?(?![^\W_]){person}(?: ?{_ASIDE})?{says}{ends}"),
        re.compile(rf"{lead}(?<=[\[<]){name}[\]>][*_]*+ ?{_COLON}?[*_]*+"),  # "[User] hi"
        re.compile(rf"{lead}(?:[^\W\d_][\w.'-]*+ ){{1,2}}\({name}\)[*_]*+ ?{_COLON}[*_]*+"),
    )


@functools.cache
def _closing_tag(speakers: SpeakersConfig) -> re.Pattern[str]:
    return re.compile(rf"</(?i:{_names(speakers)})>")


@functools.cache
def _inner_mark(speakers: SpeakersConfig) -> re.Pattern[str]:
    """The blanks between the end of a sentence and a mark, with names as they are configured."""
    names = "|".join(map(re.escape, (*speakers.user, *speakers.assistant)))
    return re.compile(rf"(?<=[.!?…\"”*)\]])[ \t]++(?=[*_]*+(?:{names})[*_]*+ ?{_COLON})")
