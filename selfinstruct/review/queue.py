"""The queue of a round: which of its candidates a person is asked about, and in which order.

Pure: a round's candidates and what is known of them in, items out, the same for the same. Asked
about are accepted rows and near-misses alike: to look at accepted ones alone could only ever make
filters stricter. Hardest first, with a slice drawn by chance from the *accepted* rows mixed in at
places drawn by chance, so that whoever stops early has an unbiased slice too. It is of the accepted
alone because its estimate is of them: the share of rows that nobody looks at which would stand.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from selfinstruct.config import ReviewConfig
from selfinstruct.filters.children import REASON as TOO_MANY_CHILDREN
from selfinstruct.filters.contamination import REASON as CONTAMINATED
from selfinstruct.filters.executable import REASON as FAILS
from selfinstruct.filters.memorisation import REASON as MEMORISED
from selfinstruct.filters.personal import REASON as PERSONAL
from selfinstruct.review.hardness import Values, hardness, nearness
from selfinstruct.review.neighbours import Nearest, nearest
from selfinstruct.review.nouns import ACCEPTED, Item, Measured, Why
from selfinstruct.review.tables import hash_of
from selfinstruct.types import UNNEEDED, Example, Score, Screened

HITS = (PERSONAL, MEMORISED)
"""Reasons that a person should look at whatever was measured: a false hit is common."""
NOT_ASKED = ("duplicate", CONTAMINATED, TOO_MANY_CHILDREN, FAILS, *UNNEEDED)
"""Reasons that no person may set aside, and those that say nothing against the row itself."""
NEAR_MISS = 0.25
"""How far beyond the limit it broke, in parts of that limit, a near-miss may be."""


@dataclass(frozen=True)
class Candidate:
    """One candidate that may be asked about, with what was measured of it."""

    example: Example
    fate: str = ACCEPTED
    measured: Measured | None = None
    scores: tuple[Score, ...] = ()

    def score(self, name: str) -> float | None:
        """The latest score of that name."""
        found = [one.value for one in self.scores if one.name == name]
        return found[-1] if found else None


@dataclass(frozen=True)
class Known:
    """What a queue is made with beside the candidates: real training rows, synthetic rows so far
    (the round's own among them), filters' limits by score name, recipe and prompt by call.

    `least_grade` is the grade that passes the rubric judge, None without one. `taken` are ids that
    an earlier round's queue has.
    """

    train: Sequence[Example]
    synthetic: Sequence[Example]
    novelty: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    least_grade: int | None = None
    calls: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()


def eligible(screened: Screened, taken: frozenset[str] = frozenset()) -> list[Candidate]:
    """The candidates that a person may be asked about, each once, in slot order: accepted ones,
    then near-misses.
    """
    scores: dict[str, list[Score]] = {}
    for one in screened.scores:
        scores.setdefault(one.id, []).append(one)
    found: dict[str, Candidate] = {}
    for row in screened.accepted:
        found.setdefault(row.id, Candidate(row, scores=tuple(scores.get(row.id, ()))))
    for item in screened.rejected:
        measured = Measured(item.value, item.threshold, item.neighbour)
        if item.reason in HITS or (item.reason not in NOT_ASKED and _is_near(measured)):
            of_row = tuple(scores.get(item.what.id, ()))
            found.setdefault(item.what.id, Candidate(item.what, item.reason, measured, of_row))
    return [each for id_, each in found.items() if id_ not in taken]


def size_of(count: int, cfg: ReviewConfig) -> int:
    """How many of so many eligible candidates are asked about: at least one where any is wanted."""
    return math.ceil(count * cfg.fraction)


def queue_of(
    screened: Screened, index: int, known: Known, cfg: ReviewConfig, seed: int, start: int = 0
) -> list[Item]:
    """The items of round `index` in their order, at positions from `start` on."""
    candidates = eligible(screened, known.taken)
    rng = random.Random(f"{seed}/{index}/review")
    near = nearest([each.example for each in candidates], known.train, known.synthetic)
    hard, stands_out = hardness(_measures(candidates, near, known), len(candidates))
    size = size_of(len(candidates), cfg)
    accepted = [at for at, each in enumerate(candidates) if each.fate == ACCEPTED]
    drawn = rng.sample(accepted, min(len(accepted), math.ceil(size * cfg.random)))
    by_chance = frozenset(drawn)
    ordered = sorted(range(len(candidates)), key=lambda at: (-hard[at], at))
    hardest = [at for at in ordered if at not in by_chance][: size - len(drawn)]
    items = []
    for place, at in enumerate(_mixed(hardest, drawn, rng)):
        drawn_too: tuple[Why, ...] = ("random",) if at in by_chance else ()
        why: tuple[Why, ...] = (*stands_out[at], *drawn_too) or ("asked",)
        item = _item(candidates[at], index, why, hard[at], near[at], known)
        items.append(replace(item, position=start + place, hash=hash_of(item)))
    return items


def _mixed(hardest: Sequence[int], drawn: Sequence[int], rng: random.Random) -> Iterable[int]:
    """The drawn ones in places drawn by chance, the others in their order."""
    total = len(hardest) + len(drawn)
    places = dict(zip(rng.sample(range(total), len(drawn)), drawn, strict=True))
    rest = iter(hardest)
    return [places[place] if place in places else next(rest) for place in range(total)]


def _is_near(measured: Measured) -> bool:
    value, limit = measured.value, measured.threshold
    if not (isinstance(value, int | float) and isinstance(limit, int | float)):
        return False
    return nearness(value, limit) >= -NEAR_MISS


def _measures(
    candidates: Sequence[Candidate], near: Sequence[Nearest], known: Known
) -> dict[Why, Values]:
    """Every measure of hardness, more is harder."""
    labels = Counter(row.label for row in known.train)
    return {
        "judge_doubt": [_doubt(each.score("rubric"), known.least_grade) for each in candidates],
        "disagreement": [_minus(each.score("label_agreement")) for each in candidates],
        "near_threshold": [
            _near_limit(each, found, known) for each, found in zip(candidates, near, strict=True)
        ],
        "rare_label": [
            None if each.example.label is None else -float(labels[each.example.label])
            for each in candidates
        ],
        "personal_data": [float(each.fate in HITS) for each in candidates],
    }


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _doubt(grade: float | None, least: int | None) -> float | None:
    """How near a grade is to the line between the lowest that passes and the one below it."""
    if grade is None:
        return None
    return -grade if least is None else -abs(grade - (least - 0.5))


def _near_limit(each: Candidate, found: Nearest, known: Known) -> float | None:
    """How near the nearest of a candidate's measures is to its limit."""
    measured = each.measured
    pairs: list[tuple[float | None, float | None]] = [
        (each.score(name), limit) for name, limit in known.limits.items()
    ]
    if measured is not None and isinstance(measured.value, int | float):
        limit = measured.threshold
        pairs.append((measured.value, limit if isinstance(limit, int | float) else None))
    pairs.append((found.rouge_l, known.novelty))
    told = [
        nearness(value, limit) for value, limit in pairs if value is not None and limit is not None
    ]
    return max(told, default=None)


def _item(
    each: Candidate,
    index: int,
    why: tuple[Why, ...],
    hard: float,
    near: Nearest,
    known: Known,
) -> Item:
    grade = each.score("rubric")
    judged = None if grade is None or known.least_grade is None else grade >= known.least_grade
    attempt = each.example.attempt
    recipe, prompt = known.calls.get(attempt or "", ("", ""))
    return Item(
        id=each.example.id,
        position=0,
        hash="",
        round=index,
        example=each.example,
        fate=each.fate,
        measured=each.measured,
        why=why,
        hardness=round(hard, 6),
        scores=each.scores,
        judge=judged,
        recipe=recipe,
        prompt=prompt,
        nearest_real=near.real,
        nearest_synthetic=near.synthetic,
    )
