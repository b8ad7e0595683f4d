"""Real rows in k folds, so that each has a student that was not trained on it."""

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from selfinstruct import chat
from selfinstruct.errors import UserError
from selfinstruct.quality.labels import Belief
from selfinstruct.types import Example


@dataclass(frozen=True, slots=True)
class Suspect:
    """A real row whose label another one beats, for a student that was not trained on the row: the
    label that the student finds likeliest, and the probability, in 0..1, it gives the row's own.
    """

    id: str
    label: str
    said: str
    own: float


def fold_of(
    rows: Sequence[Example], groups: Sequence[Hashable], k: int, rng: random.Random
) -> list[int]:
    """The fold of each row, 0 to k - 1; rows of one group share one, each label is spread evenly.

    Groups are dealt out to the fold that has fewest rows of their first row's label, of all rows
    next, in an order drawn by `rng`. Raises `UserError` where there are fewer groups than folds.
    """
    members: defaultdict[Hashable, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        members[group].append(at)
    if len(members) < k:
        raise UserError(
            f"{k} folds need {k} rows that are not near-duplicates; train has {len(members)}",
            next_step="lower filters.quality.label_agreement.k, or give more seeds",
        )
    sets = list(members.values())
    rng.shuffle(sets)
    of_label: Counter[tuple[int, str | None]] = Counter()
    in_all: Counter[int] = Counter()
    found = [0] * len(rows)
    for places in sets:
        label = rows[places[0]].label
        fold = min(range(k), key=lambda each: (of_label[each, label], in_all[each], each))
        for at in places:
            found[at] = fold
            of_label[fold, rows[at].label] += 1
            in_all[fold] += 1
    return found


def suspects(rows: Sequence[Example], beliefs: Sequence[Belief | None]) -> list[Suspect]:
    """Rows whose own label is not the likeliest, the surest first; rows without a belief are not
    among them.
    """
    found = []
    for row, belief in zip(rows, beliefs, strict=True):
        if belief is None or row.label is None:
            continue
        said = max(belief, key=lambda label: belief[label])
        if chat.normalise_label(said) != chat.normalise_label(row.label):
            found.append(Suspect(row.id, row.label, said, belief.get(row.label, 0.0)))
    return sorted(found, key=lambda suspect: suspect.own)
