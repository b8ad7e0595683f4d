"""Real rows in, train, dev, gate and final out: by near-duplicate group, by label, stable.

A group is what the user's `group`, an equal question or a ROUGE-L above `near_duplicate` holds
together, chains included. It goes where its first row goes; its stratum is that row's label (its
kind, where there is no label). Groups are placed in the order of the file. Each has a number of its
own, the hash of seed and first row, which points at a split. It goes there unless that split is
ahead of its share, and then to the open split that is furthest behind. What that guarantees:

- Rows appended to the file move no earlier row, unless one of them joins two groups: then the later
  group follows the earlier one, and groups placed after it may move as well.
- Editing or deleting a row moves 2 % of the others on average (the first row of the file 5 to 10 %)
  and shuffling the file a sixth, more where groups are large. A hash alone would move next to none,
  but gives 30 rows of a label 10.5 +- 2.6 gate rows, here +- 1.4. No rule that looks at a row alone
  does better, and one that looks at all rows moves earlier ones. (Simulated: 12 labels of 30 rows.)
- A label that leads two groups or more has rows in train and in gate.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.near.groups import near_duplicate_groups
from selfinstruct.progress import OnProgress, silent
from selfinstruct.types import SPLITS, Example, RealData, Split

NEEDED: tuple[Split, ...] = ("train", "gate")
AHEAD_ROWS = 3
"""A split may run so many rows ahead of its share of a stratum before its hash is overruled ..."""
AHEAD_SHARE = 0.03
"""... or so large a part of the stratum, if that is more."""
FEW_ROWS = 20
FEW_LABELS = 5
OFF_SHARE = 0.1


def split_examples(
    examples: Sequence[Example], cfg: SeedsConfig, seed: int, on_progress: OnProgress = silent
) -> RealData:
    """Distinct rows in file order in, the four splits out, each in file order.

    `max_per_label` keeps the rows of lowest hash, so that a row added under a full cap may turn an
    earlier one into `unused`, but never moves it to another split. Raises `UserError` where train
    or gate stays empty.
    """
    groups = group_rows(examples, cfg.near_duplicate, on_progress)
    places = _place(examples, groups, cfg.split, seed)
    rows: dict[Split, tuple[Example, ...]] = {
        split: _cap(
            [row for row, place in zip(examples, places, strict=True) if place == split],
            cfg.max_per_label.get(split),
            seed,
        )
        for split in SPLITS
    }
    if not rows["train"] or not rows["gate"]:
        raise UserError(
            f"{cfg.path}: rows {len(examples)}, near-duplicate groups {len(set(groups))}, "
            f"train {len(rows['train'])}, gate {len(rows['gate'])}",
            why="a group stays in one split, and train and gate need at least one each",
            next_step="add rows that differ more, or look at seeds.near_duplicate and the groups",
        )
    return RealData(
        train=rows["train"],
        dev=rows["dev"],
        gate=rows["gate"],
        final=rows["final"],
        unused=len(examples) - sum(map(len, rows.values())),
    )


def group_rows(
    examples: Sequence[Example], threshold: float | None, on_progress: OnProgress = silent
) -> list[int]:
    """The group of each row, named by the position of the group's first row.

    Rows with equal questions are one group at any threshold, also where ROUGE-L finds no words. So
    are a conversation and one that goes on from it: a student that learns every turn of the longer
    one learns the answer to the shorter one.
    """
    questions = [question(row) for row in examples]
    distinct = list(dict.fromkeys(questions))
    near: Sequence[int] = range(len(distinct))
    if threshold is not None:
        near = near_duplicate_groups(distinct, threshold, on_progress)
    near_of = dict(zip(distinct, near, strict=True))
    joins = _Joins()
    for row, words in zip(examples, questions, strict=True):
        if row.group is not None:
            joins.join(("near", near_of[words]), ("group", row.group))
    for position, earlier in _continued(examples):
        joins.join(("near", near_of[questions[position]]), ("near", near_of[questions[earlier]]))
    first: dict[Hashable, int] = {}
    return [
        first.setdefault(joins.root(("near", near_of[words])), position)
        for position, words in enumerate(questions)
    ]


def question(example: Example) -> str:
    """The words by which two rows are near-duplicates.

    A labelled row with an input is its input alone: the instruction is the same for all of them and
    would make them all alike. Earlier turns count, a system turn does not.
    """
    said = [turn.content for turn in example.turns if turn.role != "system"]
    asked = [example.instruction, example.input]
    if example.label is not None and example.input:
        asked = [example.input]
    return "\n".join([*said, *(text for text in asked if text)])


def _continued(examples: Sequence[Example]) -> Iterator[tuple[int, int]]:
    """The positions of a conversation and of one that is its beginning, answer included."""
    spoken = [
        (
            *(turn.content for turn in row.turns if turn.role != "system"),
            "\n\n".join(text for text in (row.instruction, row.input) if text),
            row.response,
        )
        for row in examples
    ]
    position_of = {texts: position for position, texts in enumerate(spoken)}
    for position, texts in enumerate(spoken):
        for end in range(2, len(texts), 2):
            if texts[:end] in position_of:
                yield position, position_of[texts[:end]]


def notes(data: RealData, cfg: SeedsConfig) -> tuple[str, ...]:
    """What is odd about a split but stops nothing, one sentence each, for people."""
    return (*_size_notes(data, cfg), *_label_notes(data))


class _Joins:
    """Union-find over keys of any kind."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def root(self, key: Hashable) -> Hashable:
        while (above := self._above.get(key, key)) != key:
            self._above[key] = self._above.get(above, above)  # halves the way for the next call
            key = above
        return key

    def join(self, one: Hashable, other: Hashable) -> None:
        self._above[self.root(one)] = self.root(other)


def _place(
    examples: Sequence[Example], groups: Sequence[int], shares: Mapping[Split, float], seed: int
) -> list[Split]:
    """The split of each row. Only earlier rows are looked at, which is what makes it stable."""
    total: Counter[Split] = Counter()
    strata: defaultdict[Hashable, Counter[Split]] = defaultdict(Counter)
    places: list[Split] = []
    for position, (row, first) in enumerate(zip(examples, groups, strict=True)):
        stratum = strata[_stratum(row)]
        if first < position:
            split = places[first]
        else:
            split = _choose(_own_split(row, shares, seed), row, stratum, total, shares)
        places.append(split)
        stratum[split] += 1
        total[split] += 1
    return places


def _choose(
    own: Split,
    row: Example,
    stratum: Counter[Split],
    total: Counter[Split],
    shares: Mapping[Split, float],
) -> Split:
    """The split of a new group that starts with `row` and whose hash points at `own`."""
    for counts in (total, stratum) if row.label is not None else (total,):
        missing = [split for split in NEEDED if counts[split] == 0]
        if missing:
            return own if own in missing else missing[0]
    # Never empty: were all four ahead, they would hold more rows than there are.
    open_splits = [
        split for split in SPLITS if shares[split] > 0 and not _is_ahead(split, stratum, shares)
    ]
    if own in open_splits and not _is_ahead(own, total, shares):
        return own
    size = total.total() + 1
    return max(open_splits, key=lambda split: shares[split] * size - total[split])


def _is_ahead(split: Split, counts: Counter[Split], shares: Mapping[Split, float]) -> bool:
    size = counts.total() + 1
    return counts[split] + 1 > shares[split] * size + max(AHEAD_ROWS, AHEAD_SHARE * size)


def _own_split(row: Example, shares: Mapping[Split, float], seed: int) -> Split:
    point = _fraction(f"{seed}/split/{row.id}")
    for split in SPLITS:
        point -= shares[split]
        if point < 0:
            return split
    return SPLITS[0]


def _fraction(key: str) -> float:
    """A number in [0, 1) that only the key decides, on every machine and in every process."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48


def _stratum(row: Example) -> Hashable:
    return ("label", row.label) if row.label is not None else ("kind", row.kind)


def _cap(rows: Sequence[Example], limit: int | None, seed: int) -> tuple[Example, ...]:
    if limit is None:
        return tuple(rows)
    taken: Counter[Hashable] = Counter()
    kept: set[str] = set()
    for row in sorted(rows, key=lambda row: _fraction(f"{seed}/cap/{row.id}")):
        taken[_stratum(row)] += 1
        if taken[_stratum(row)] <= limit:
            kept.add(row.id)
    return tuple(row for row in rows if row.id in kept)


def _size_notes(data: RealData, cfg: SeedsConfig) -> Iterator[str]:
    sizes = {split: len(data.split(split)) for split in SPLITS}
    for split, size in sizes.items():
        if split in NEEDED and size < FEW_ROWS:
            yield f"{split} has {size} rows; under {FEW_ROWS} say little about any student"
        elif size == 0 and cfg.split[split] > 0:
            yield f"{split} has no rows, though {cfg.split[split]:.0%} were asked for"
    shares = {split: size / sum(sizes.values()) for split, size in sizes.items()}
    off = [
        f"{split} {share:.0%} (asked: {cfg.split[split]:.0%})"
        for split, share in shares.items()
        if abs(share - cfg.split[split]) > OFF_SHARE
    ]
    if off and not cfg.max_per_label:
        yield f"large groups, each whole in one split, bend the shares: {', '.join(off)}"


def _label_notes(data: RealData) -> Iterator[str]:
    rows = [row for split in SPLITS for row in data.split(split)]
    labels = {row.label for row in rows if row.label is not None}
    unlabelled = sum(row.label is None for row in rows)
    if labels and unlabelled:
        yield f"{unlabelled} of {len(rows)} rows have no label"
    consequences: dict[Split, str] = {"train": "cannot be learned", "gate": "are not judged"}
    for split, consequence in consequences.items():
        present = {row.label for row in data.split(split)}
        missing = sorted(labels - present)
        if missing:
            more = f", ... ({len(missing)} in all)" if len(missing) > FEW_LABELS else ""
            shown = ", ".join(missing[:FEW_LABELS]) + more
            yield f"labels without a {split} row {consequence}: {shown}"
