"""What instructions ask for: the verb an instruction commands and the noun it acts on. English.

Self-Instruct's figure 2 parses each sentence with benepar, a model of its own to download, and
follows first children only, so that many sentences give nothing. This one looks for a verb people
give orders with where an order begins, then for the last word of the next noun phrase. It misses
what it does not know; `coverage` says how much.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selfinstruct.text import question_text, words
from selfinstruct.types import Example

TOP, MEMBERS = 20, 4
OPENING = 2

VERBS = frozenset(
    words(
        """add adjust advise analyse analyze answer apply argue arrange ask assess assign build
    calculate change check choose classify combine come compare complete compose compute conduct
    consider construct continue convert correct count create criticize decide deduce define
    describe design detect determine develop devise discuss discover divide draft edit elaborate
    estimate evaluate examine explain explore express extend extract fill find fix form formulate
    generate give group guess help identify illustrate imagine improve include indicate infer
    insert interpret invent join judge justify label list locate look make mark match measure
    mention merge name narrate note offer order organise organize outline paraphrase pick plan
    predict prepare present produce proofread propose prove provide put rank rate read recommend
    reduce remove reorder rephrase replace reply report respond restate return reverse review
    revise rewrite say schedule select separate share shorten show simplify solve sort speak
    specify spell split state store substitute suggest sum summarise summarize tell think
    transform translate turn understand update use verify visualise visualize write"""
    )
)
OPENERS = frozenset(words("please kindly just now then and you to also first next"))
"""Words after which an order may begin, beside the start of a clause."""
SKIPPED = frozenset(
    words(
        """a an the this that these those my your his her its our their some any each every all both
    one two three four five six seven eight nine ten me us him them you it following given below
    above more most many several few of for"""
    )
)
ENDS = frozenset(
    words(
        """in on at by with without about into onto from to for of as that which who whose when
    where while if so because using based is are was were be and or but than between among whether
    how what why it you i we they he she"""
    )
)
CLAUSE = re.compile(r"[.!?;:,\n]+")


@dataclass(frozen=True, slots=True)
class Group:
    """A verb (or label) with its count and its commonest objects (or openings)."""

    name: str
    count: int
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """The commonest groups of some texts; `coverage` is the share of texts that fell into any."""

    top: tuple[Group, ...]
    of: int
    coverage: float


def verb_and_object(instruction: str) -> tuple[str, str] | None:
    """`("write", "story")` of "Please write a short story about rain"; None where none is seen."""
    for clause in CLAUSE.split(instruction):
        found = words(clause)
        for at, word in enumerate(found):
            if word in VERBS and (at == 0 or found[at - 1] in OPENERS):
                noun = _head(found[at + 1 :])
                if noun:
                    return word, noun
    return None


def group_instructions(examples: Iterable[Example]) -> Groups:
    """Rows by the verb and the object of their instruction."""
    return _group([verb_and_object(row.instruction) for row in examples])


def group_tickets(examples: Iterable[Example]) -> Groups:
    """Labelled rows by label and the first words of what was asked; they share their verb."""
    pairs = []
    for row in examples:
        opening = " ".join(question_text(row).casefold().split()[:OPENING]).strip(".,;:!?")
        pairs.append((row.label, opening) if row.label is not None and opening else None)
    return _group(pairs)


def _head(following: Sequence[str]) -> str | None:
    """The last word of the first run of words that could be a noun phrase."""
    at = 0
    while at < len(following) and following[at] in SKIPPED:
        at += 1
    head = None
    for word in following[at:]:
        if word in ENDS or not word[0].isalpha():
            break
        head = word
    return head


def _group(pairs: Sequence[tuple[str, str] | None]) -> Groups:
    members: dict[str, Counter[str]] = {}
    for pair in pairs:
        if pair is not None:
            members.setdefault(pair[0], Counter())[pair[1]] += 1
    found = [
        Group(name, counts.total(), tuple(_ranked(counts)[:MEMBERS]))
        for name, counts in members.items()
    ]
    top = sorted(found, key=lambda group: (-group.count, group.name))[:TOP]
    covered = sum(group.count for group in found)
    return Groups(tuple(top), len(pairs), covered / len(pairs) if pairs else 0.0)


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
