"""The contamination filter beside its own control: how many real training rows would it drop?

The split keeps near rows together, so a training row has nothing to do with a row of dev, gate or
final. Whatever the filter says against one is a false alarm, and an honest synthetic row, written
after the training rows, is about as often taken for a leak.

Each training row is held against the held-out rows as a candidate is, the other training rows being
common property. Of many rows a sample is asked about, each of it as if all were. Where
`seeds.near_duplicate` holds rows together, none is nearer to a held-out question than that: limits
above it cost no training row, whatever they cost others.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.contamination import long_passages, runs_of
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.near.index import Near, RougeIndex
from selfinstruct.near.limit import Counts
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.text import whole_question, words
from selfinstruct.types import Example

LIMITS = (0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
"""The ROUGE-L limits that are tried instead of the one that is set."""
MOST = 2000
"""Rows that are asked about at most: of so many, a share of 5 % has a standard error of 0.5 %."""
SEVERAL = -1
NEVER = -1.0
"""Below every ROUGE-L."""
PART = 256
"""Texts that are looked for at a time: all that is near each of them is held at once, and between
them it is told how far this has come.
"""


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Of `rows` training rows, all or a sample `of` so many, how many the filter would drop: by
    either rule, by the run of words and by ROUGE-L, None for a rule that is off; and by ROUGE-L at
    each higher one of `LIMITS`.
    """

    rows: int
    of: int
    either: int
    ngram: int | None
    rouge_l: int | None
    at: Mapping[float, int]

    def lowest(self, share: float) -> float | None:
        """The lowest of the higher limits at which ROUGE-L drops at most this share of the rows."""
        fitting = (limit for limit, rows in self.at.items() if rows <= share * self.rows)
        return min(fitting, default=None)


def count_false_alarms(
    train: Sequence[Example],
    held_out: Sequence[Example],
    cfg: ContaminationConfig,
    seed: int = 0,
    on_progress: OnProgress = silent,
    most: int = MOST,
) -> FalseAlarms:
    """The training rows that the filter would drop as near the rows of dev, gate and final; of more
    than `most` rows, those of a sample.

    Only counts of training rows come out, never which held-out row was near.
    """
    asked = _sample(len(train), most, seed)
    by_run = _alone_with_a_run(train, held_out, cfg).intersection(asked)
    if cfg.rouge_l is None:
        runs = _unless_off(by_run, cfg.ngram)
        return FalseAlarms(len(asked), len(train), len(by_run), runs, None, {})
    spans = _spans(train, asked, held_out, cfg, cfg.rouge_l, on_progress)
    by_rouge = _falling(spans, cfg.rouge_l)
    return FalseAlarms(
        rows=len(asked),
        of=len(train),
        either=len(by_run | by_rouge),
        ngram=_unless_off(by_run, cfg.ngram),
        rouge_l=len(by_rouge),
        at={limit: len(_falling(spans, limit)) for limit in LIMITS if limit > cfg.rouge_l},
    )


Span = tuple[float, float]
"""A row falls by ROUGE-L at a limit that is above the first, and at or below the second."""


def _sample(rows: int, most: int, seed: int) -> Sequence[int]:
    """The places of the rows that are asked about, ascending."""
    if rows <= most:
        return range(rows)
    return sorted(random.Random(f"{seed}/false-alarms").sample(range(rows), most))


def _unless_off(rows: set[int], rule: int | None) -> int | None:
    return None if rule is None else len(rows)


def _falling(spans: Mapping[int, Iterable[Span]], limit: float) -> set[int]:
    return {row for row, own in spans.items() if any(_falls(span, limit) for span in own)}


def _falls(span: Span, limit: float) -> bool:
    # A ROUGE-L is the float nearest to its fraction, as the limit is to its decimal, and fractions
    # of texts that can be had do not share a float: comparing these compares those.
    return span[0] < limit <= span[1]


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
    asked: Sequence[int],
    held_out: Sequence[Example],
    cfg: ContaminationConfig,
    lowest: float,
    on_progress: OnProgress,
) -> dict[int, list[Span]]:
    """By row, of those that are asked about, at which limits from `lowest` on it falls."""
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    questions = NoveltyIndex(lowest, inclusive=True)
    questions.add_many((row.id, whole_question(row)) for row in held_out)
    texts = [whole_question(train[position]) for position in asked]
    for first, some in _parts(texts, "questions", on_progress):
        for place, match in enumerate(questions.closest_many(some), start=first):
            if match is not None:
                spans[asked[place]].append((NEVER, match.rouge_l))
    for row, span in _likest_passages(train, asked, held_out, cfg, lowest, on_progress):
        spans[row].append(span)
    return dict(spans)


def _likest_passages(
    train: Sequence[Example],
    asked: Sequence[int],
    held_out: Sequence[Example],
    cfg: ContaminationConfig,
    lowest: float,
    on_progress: OnProgress,
) -> Iterator[tuple[int, Span]]:
    """For held-out passages, which of the rows asked about has the likest one, and at which limits
    it falls by it; not where it falls at none of `LIMITS` or the lowest.

    At a lower limit another training row has a passage like it, and it does not count. That may be
    a row that is not asked about: those are looked through where it matters.
    """
    own, others = RougeIndex(lowest, inclusive=True), RougeIndex(lowest, inclusive=True)
    owners: list[int] = []
    is_asked = set(asked)
    for position, row in enumerate(train):
        for passage in long_passages(row, cfg):
            if position in is_asked:
                owners.append(position)
            (own if position in is_asked else others).add(words(passage))
    owner_of = np.array(owners, np.int64)
    passages = [passage for row in held_out for passage in long_passages(row, cfg)]
    for _, some in _parts(passages, "passages", on_progress):
        texts = [words(passage) for passage in some]
        likest = [_likest(near, owner_of) for near in own.near_many(texts)]
        falls = [
            (tokens, *found)
            for tokens, found in zip(texts, likest, strict=True)
            if found and any(_falls(found[1], limit) for limit in (lowest, *LIMITS))
        ]
        elsewhere = others.closest_many([tokens for tokens, _, _ in falls])
        for (_, owner, (second, best)), other in zip(falls, elsewhere, strict=True):
            yield owner, (max(second, other.rouge_l if other else NEVER), best)


def _likest(near: Near, owner_of: Counts) -> tuple[int, Span] | None:
    """The owner of the nearest text, with how near the nearest of another owner is and it itself;
    None where none is near.
    """
    if not near.positions.size:
        return None
    owner = owner_of[near.positions]
    best = int(near.rouge_l.argmax())
    others = near.rouge_l[owner != owner[best]]
    return int(owner[best]), (float(others.max(initial=NEVER)), float(near.rouge_l[best]))


def _parts(
    texts: Sequence[str], unit: str, on_progress: OnProgress
) -> Iterator[tuple[int, Sequence[str]]]:
    """The texts in parts, each with the place of its first, told as they go."""
    for first in range(0, len(texts), PART):
        if first:
            on_progress(Progress(0, "contamination", first, len(texts), unit))
        yield first, texts[first : first + PART]
