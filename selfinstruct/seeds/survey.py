"""What stands in rows that a student would learn and nobody wanted: counted, told, with a remedy.

Changes nothing. Everything is counted over all rows, held-out ones too: an odd row is odd wherever
it lands, and counts say nothing of what one says.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from selfinstruct.seeds.columns import as_setting
from selfinstruct.seeds.markup import has_markup
from selfinstruct.types import Example

TWICE_ENCODED = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152-\u0178\u2013-\u2122]|\u00e2\u20ac")
"""UTF-8 that somebody read as Windows-1252: `Ã¼` for `ü`, `â€` for a quotation mark."""
MOST = 0.9
AS_QUESTION = {"instruction": "input"}
FEW_SHOWN = 3
SHORT_TOKEN, LONG_TOKEN = 3.0, 5.0
"""Characters of English to a token, at least and at most; another letter is half a token to two."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Rows of `rows` that hold HTML, that are twice encoded, that lack a response; labels that
    differ in case, blanks or signs alone, each spelling with its rows; the instruction of nearly
    all rows, where inputs tell them apart; the system turns that rows bring along, and the lines
    that end most responses, with their counts. Lengths are in tokens, by a rough measure: those of
    rows and answers at most, and those of answers at least.
    """

    rows: int
    html: int = 0
    twice_encoded: int = 0
    unanswered: int = 0
    unlabelled: int = 0
    spellings: tuple[Mapping[str, int], ...] = ()
    instruction: str = ""
    systems: Mapping[str, int] = field(default_factory=dict)
    ending: str = ""
    ending_rows: int = 0
    row_tokens: tuple[int, ...] = ()
    answer_tokens: tuple[int, ...] = ()
    least_answer_tokens: tuple[int, ...] = ()


def survey_rows(examples: Sequence[Example]) -> Survey:
    """What is odd about rows."""
    texts = ["\n".join(_texts(row)) for row in examples]
    ending, ending_rows = _ending(examples)
    return Survey(
        rows=len(examples),
        html=sum(map(has_markup, texts)),
        twice_encoded=sum(TWICE_ENCODED.search(text) is not None for text in texts),
        unanswered=sum(not row.response for row in examples),
        unlabelled=sum(row.label is None for row in examples),
        spellings=spellings(Counter(row.label for row in examples if row.label is not None)),
        instruction=_shared_instruction(examples),
        systems=Counter(row.turns[0].content for row in examples if _has_system(row)),
        ending=ending,
        ending_rows=ending_rows,
        row_tokens=tuple(most_tokens(text) for text in texts),
        answer_tokens=tuple(most_tokens(row.response) for row in examples),
        least_answer_tokens=tuple(least_tokens(row.response) for row in examples),
    )


def spellings(labels: Mapping[str, int]) -> tuple[Mapping[str, int], ...]:
    """Labels with their rows in, those that differ in case, blanks or signs alone out: together,
    the commonest first.
    """
    alike: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for label, count in sorted(labels.items(), key=lambda pair: (-pair[1], pair[0])):
        key = re.sub(r"[\W_]+", "", label).casefold() or label
        alike[key][label] = count
    return tuple(group for group in alike.values() if len(group) > 1)


def most_tokens(text: str) -> int:
    """So many tokens a text has at most: a rough measure that needs no tokeniser."""
    plain = _plain(text)
    return round(plain / SHORT_TOKEN + 2 * (len(text) - plain))


def least_tokens(text: str) -> int:
    """So many it has at least, as roughly."""
    plain = _plain(text)
    return round(plain / LONG_TOKEN + 0.5 * (len(text) - plain))


def _plain(text: str) -> int:
    """How many characters are ASCII; a loop over them is a hundred times slower."""
    return len(text.encode("ascii", "ignore"))


def odd_rows(found: Survey, target: str, system: str) -> Iterator[str]:
    """What a survey says to people, a sentence each with its remedy, for a student that writes
    `target` under the system message `system`.
    """
    rows = found.rows
    if target == "label" and 0 < found.unanswered < rows:
        yield (
            f"{found.unanswered} of {rows} rows have no response, so the student learns labels "
            "alone, and no reply; seeds.require=[response] leaves those rows out instead"
        )
    if target == "response" and 0 < found.unlabelled < rows:
        yield (
            f"{found.unlabelled} of {rows} rows have no label, so the student learns responses "
            "alone, and no label; seeds.require=[label] leaves those rows out instead"
        )
    if found.spellings:
        yield _of_spellings(found.spellings)
    if found.html:
        yield (
            f"{found.html} of {rows} rows hold HTML, which the student would learn to write; "
            "seeds.html=text reads it as text"
        )
    if found.twice_encoded:
        yield (
            f"{found.twice_encoded} of {rows} rows look like UTF-8 that was read as Windows-1252 "
            "(Ã¼ for ü) before it was saved; export them again"
        )
    if found.instruction:
        yield (
            f"nearly all rows have the instruction {found.instruction[:60]!r} and differ in their "
            "input, and without labels a teacher is asked for new instructions; the input should "
            f"be it: {as_setting('seeds.columns', AS_QUESTION)}, and the instruction in task.system"
        )
    yield from _of_systems(found, system)


def _of_spellings(groups: Sequence[Mapping[str, int]]) -> str:
    told = [
        " and ".join(f"{label!r} ({count} rows)" for label, count in group.items())
        for group in groups[:FEW_SHOWN]
    ]
    more = f", and {len(groups) - FEW_SHOWN} more such" if len(groups) > FEW_SHOWN else ""
    meant = {other: first for first, *others in map(list, groups) for other in others}
    return (
        f"labels that differ in case, blanks or signs alone are learned apart: {'; '.join(told)}"
        f"{more}; to make one of each: {as_setting('seeds.rename_labels', meant)}"
    )


def _of_systems(found: Survey, system: str) -> Iterator[str]:
    other = sum(count for words, count in found.systems.items() if words != system)
    if other:
        (common, count), *_ = sorted(found.systems.items(), key=lambda pair: -pair[1])
        yield (
            f"{other} of {found.rows} rows bring a system turn that is not task.system, which "
            f"synthetic rows and your users get; the commonest ({count} rows): {common[:80]!r}"
        )


def _texts(row: Example) -> Iterator[str]:
    yield from (turn.content for turn in row.turns)
    yield from (row.instruction, row.input, row.response)


def _has_system(row: Example) -> bool:
    return bool(row.turns) and row.turns[0].role == "system"


def _shared_instruction(examples: Sequence[Example]) -> str:
    """The instruction of nearly all rows, where none is labelled and inputs tell them apart."""
    if any(row.label is not None or not row.input for row in examples) or len(examples) < 2:
        return ""
    ((words, count),) = Counter(row.instruction for row in examples).most_common(1)
    inputs = len({row.input for row in examples})
    return words if count >= MOST * len(examples) and inputs > len(examples) / 2 else ""


def _ending(examples: Sequence[Example]) -> tuple[str, int]:
    """The line that ends most responses of several lines, as a signature does."""
    answers = [row.response for row in examples if row.response]
    last = Counter(text.rpartition("\n")[2].strip() for text in answers if "\n" in text)
    words, count = max(last.items(), key=lambda pair: pair[1], default=("", 0))
    return (words, count) if count > max(2, len(answers) / 2) else ("", 0)
