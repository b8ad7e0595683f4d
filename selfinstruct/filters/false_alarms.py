"""The contamination filter beside its own control: how many real training rows would it drop?

The split keeps near rows together, so a training row has nothing to do with a row of dev, gate or
final. Whatever the filter says against one is a false alarm, and an honest synthetic row, written
after the training rows, is about as often taken for a leak.

Each training row is held against the held-out rows as a candidate is, the other training rows being
common property. Where `seeds.near_duplicate` holds rows together, none is nearer to a held-out
question than that: limits above it cost no training row, whatever they cost others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.contamination import long_passages, runs_of
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.near.index import RougeIndex
from selfinstruct.text import whole_question, words
from selfinstruct.types import Example

LIMITS = (0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
"""The ROUGE-L limits that are tried instead of the one that is set."""
SEVERAL = -1
NEVER = -1.0
"""Below every ROUGE-L."""


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Of `rows` training rows, how many the filter would drop: by either rule, by the run of words
    and by ROUGE-L, None for a rule that is off; and by ROUGE-L at each higher one of `LIMITS`.
    """

    rows: int
    either: int
    ngram: int | None
    rouge_l: int | None
    at: Mapping[float, int]

    def lowest(self, share: float) -> float | None:
        """The lowest of the higher limits at which ROUGE-L drops at most this share of the rows."""
        fitting = (limit for limit, rows in self.at.items() if rows <= share * self.rows)
        return min(fitting, default=None)


def count_false_alarms(
    train: Sequence[Example], held_out: Sequence[Example], cfg: ContaminationConfig
) -> FalseAlarms:
    """The training rows that the filter would drop as near the rows of dev, gate and final.

    Only counts of training rows come out, never which held-out row was near.
    """
    by_run = _alone_with_a_run(train, held_out, cfg)
    if cfg.rouge_l is None:
        return FalseAlarms(len(train), len(by_run), _unless_off(by_run, cfg.ngram), None, {})
    spans = _spans(train, held_out, cfg, cfg.rouge_l)
    by_rouge = _falling(spans, cfg.rouge_l)
    return FalseAlarms(
        rows=len(train),
        either=len(by_run | by_rouge),
        ngram=_unless_off(by_run, cfg.ngram),
        rouge_l=len(by_rouge),
        at={limit: len(_falling(spans, limit)) for limit in LIMITS if limit > cfg.rouge_l},
    )


Span = tuple[float, float]
"""A row falls by ROUGE-L at a limit that is above the first, and at or below the second."""


def _unless_off(rows: set[int], rule: int | None) -> int | None:
    return None if rule is None else len(rows)


def _falling(spans: Mapping[int, Iterable[Span]], limit: float) -> set[int]:
    # A ROUGE-L is the float nearest to its fraction, as the limit is to its decimal, and fractions
    # of texts that can be had do not share a float: comparing these compares those.
    return {row for row, own in spans.items() if any(low < limit <= high for low, high in own)}


def _alone_with_a_run(
    train: Sequence[Example], held_out: Sequence[Example], cfg: ContaminationConfig
) -> set[int]:
    """The rows that share a run of words with a held-out row and with no other training row."""
    leaked = {run for row in held_out for run in runs_of(row, cfg)}
    holder: dict[tuple[str, ...], int] = {}
    for position, row in enumerate(train):
        for run in leaked.intersection(runs_of(row, cfg)):
            holder[run] = SEVERAL if run in holder else position
    return set(holder.values()) - {SEVERAL}


def _spans(
    train: Sequence[Example],
    held_out: Sequence[Example],
    cfg: ContaminationConfig,
    lowest: float,
) -> dict[int, list[Span]]:
    """By row, at which limits from `lowest` on it falls."""
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    questions = NoveltyIndex(lowest, inclusive=True)
    questions.add_many((row.id, whole_question(row)) for row in held_out)
    for position, match in enumerate(questions.closest_many(map(whole_question, train))):
        if match is not None:
            spans[position].append((NEVER, match.rouge_l))
    for likeness in _likest_passages(train, held_out, cfg, lowest):
        row = max(likeness, key=lambda owner: likeness[owner])
        # At a lower limit another training row has a passage like it, and it does not count.
        second = max((value for other, value in likeness.items() if other != row), default=NEVER)
        spans[row].append((second, likeness[row]))
    return dict(spans)


def _likest_passages(
    train: Sequence[Example],
    held_out: Sequence[Example],
    cfg: ContaminationConfig,
    lowest: float,
) -> Iterator[dict[int, float]]:
    """For each held-out passage the training rows that have one near it, and how near at best."""
    passages = RougeIndex(lowest, inclusive=True)
    owners: list[int] = []
    for position, row in enumerate(train):
        for passage in long_passages(row, cfg):
            passages.add(words(passage))
            owners.append(position)
    asked = [words(passage) for row in held_out for passage in long_passages(row, cfg)]
    for near in passages.near_many(asked):
        likeness: defaultdict[int, float] = defaultdict(float)
        for place, rouge_l in zip(near.positions.tolist(), near.rouge_l.tolist(), strict=True):
            likeness[owners[place]] = max(likeness[owners[place]], rouge_l)
        if likeness:
            yield dict(likeness)
