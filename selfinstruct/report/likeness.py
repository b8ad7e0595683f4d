"""How near every candidate came to what was known: its highest ROUGE-L with real and with synthetic
rows, whether or not a filter minded.

The known rows are those the novelty filter knew: the real training rows, the rows kept in earlier
accepted rounds, and those kept so far in the candidate's own. The ledger keeps no order between the
accepted and the dropped of one wave, so a dropped candidate is held to earlier waves, and to the
neighbour that was recorded with it.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.report.gather import Facts, RoundFacts
from selfinstruct.text import whole_question
from selfinstruct.types import Example, Match, Screened

MOST = 1000
"""Candidates of a round that are measured; of more, evenly spaced ones."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A candidate's highest ROUGE-L F1 with a real and with an earlier synthetic row, 0 if there is
    no word in common; `synthetic` is None where there was no synthetic row yet.
    """

    round: int
    id: str
    reason: str | None
    real: float
    synthetic: float | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    what: Example
    reason: str | None = None
    value: float | None = None
    neighbour: str | None = None


def nearest(facts: Facts, most: int = MOST) -> list[Nearest]:
    """Every candidate that asks something, in order; at most `most` of each round.

    An instruction given with several instances is new or not once, so it counts once.
    """
    real = NoveltyIndex(0.0)
    real.add_many((row.id, whole_question(row)) for row in facts.data.train)
    pool: list[Example] = []
    found: list[Nearest] = []
    for each in facts.bootstrap_rounds:
        found += _of_round(each, pool, real, most)
        if each.verdict is not None and each.verdict.outcome == "accept":
            pool += each.accepted
    return found


def _of_round(
    each: RoundFacts, pool: Sequence[Example], real: NoveltyIndex, most: int
) -> Iterable[Nearest]:
    known = NoveltyIndex(0.0)
    known.add_many((row.id, whole_question(row)) for row in pool)
    synthetic = {row.id for row in (*pool, *each.accepted)}
    total = sum(len(_candidates(wave)) for wave in each.waves)
    step, seen = max(1.0, total / most), 0
    for wave in each.waves:
        candidates = _candidates(wave)
        # Dropped ones first: they are held to what the earlier waves kept.
        for one in sorted(candidates, key=lambda one: one.reason is None):
            chosen = int(seen / step) != int((seen - 1) / step) or seen == 0
            seen += 1
            if chosen:
                yield _nearest(each.index, one, real, known, synthetic)
            if one.reason is None:
                known.add(one.what.id, whole_question(one.what))


def _nearest(
    index: int, one: _Candidate, real: NoveltyIndex, known: NoveltyIndex, synthetic: set[str]
) -> Nearest:
    text = whole_question(one.what)
    likeness = _value(known.closest(text)) if len(known) else None
    if one.reason == "too_similar" and one.value is not None and one.neighbour in synthetic:
        likeness = max(one.value, likeness or 0.0)
    return Nearest(index, one.what.id, one.reason, _value(real.closest(text)), likeness)


def _value(match: Match | None) -> float:
    return match.rouge_l if match else 0.0


def _candidates(wave: Screened) -> list[_Candidate]:
    asked: set[Hashable] = set()
    found = []
    for row in wave.accepted:
        instruction = (row.turns, row.instruction)
        if row.label is None and instruction in asked:
            continue
        asked.add(instruction)
        found.append(_Candidate(row))
    found += [
        _Candidate(
            item.what,
            item.reason,
            item.value if isinstance(item.value, float) else None,
            item.neighbour,
        )
        for item in wave.rejected
        if whole_question(item.what).strip()
    ]
    return found
