"""What was copied: runs of words that a synthetic row shares with the real rows it was made from.

A row that repeats a real one teaches nothing new and passes its words on. How long a run two
independent rows share anyway differs from task to task, so held-out real rows are measured against
the same training rows, as a control.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from selfinstruct.config import MemorisationConfig
from selfinstruct.filters.rewritten import rewritten_from
from selfinstruct.text import ngrams, question_text, words
from selfinstruct.types import Example, Rejection

REASON = "memorised"
STOCK_ROWS = 3
"""A run that so many training rows hold is a phrase of the trade: the student learns it rightly."""
NGRAM = 8
"""Words of the runs whose share is reported (Tulu 3's for overlap, arXiv 2411.15124)."""
LONGEST = 64
"""Words at which counting stops: a row with such a run is a copy, however long it is."""
QUANTILES = (0.5, 0.95, 1.0)
REAL_RESPONSES = frozenset({"recipe:backtranslate"})
"""Sources whose responses are real on purpose; only their questions were written."""

Run = tuple[str, ...]


@dataclass(frozen=True)
class RealRuns:
    """Runs and whole texts of the training rows, each with the rows that hold it.

    What `STOCK_ROWS` rows or more hold is left out. The question of a rewriting is not held to the
    row it was made from (`rewritten`); its response is.
    """

    cfg: MemorisationConfig
    rows: Mapping[str, Example]
    runs: Mapping[Run, tuple[str, ...]]
    texts: Mapping[Run, tuple[str, ...]]

    @classmethod
    def build(cls, train: Iterable[Example], cfg: MemorisationConfig) -> Self:
        """The training rows in."""
        rows = {row.id: row for row in train}
        split = {id_: [_tokens(text) for text in _texts(row)] for id_, row in rows.items()}
        runs = {
            id_: {run for text in texts for run in _runs(text, cfg.run)}
            for id_, texts in split.items()
        }
        whole = {
            id_: {text for text in texts if _long_enough(text, cfg.verbatim)}
            for id_, texts in split.items()
        }
        return cls(cfg, rows, _own(runs), _own(whole))

    def copied(self, example: Example) -> Rejection | None:
        """How many words in a row the example has from one real row, if they are too many; those
        beyond LONGEST are not counted.
        """
        parent = rewritten_from(example, self.rows)
        asked = _asked(example)
        texts = [(_tokens(text), parent if text in asked else None) for text in _texts(example)]
        for text, but in texts:
            row = _other(self.texts, text, but)
            if row is not None:
                return Rejection(example, REASON, len(text), self.cfg.verbatim, row)
        for text, but in texts:
            for run in _runs(text, self.cfg.run):
                if (row := _other(self.runs, run, but)) is not None:
                    known = [_tokens(each) for each in _texts(self.rows[row])]
                    (length,) = longest_runs([text], known)
                    return Rejection(example, REASON, length, self.cfg.run, row)
        return None


def longest_runs(
    queries: Sequence[Sequence[str]], known: Sequence[Sequence[str]], most: int = LONGEST
) -> list[int]:
    """For each query, in words, its longest run of words that a known text has too; `most` at most.

    Exact: runs of one word are numbered, then those of two by the number of the first and the word
    behind it, and so on; only what both sides have is lengthened. Linear in the words for each
    length that is reached.
    """
    texts = [*known, *queries]
    sizes = np.array([len(text) for text in texts], np.int64)
    numbers: dict[str, int] = {}
    flat = np.array(
        [numbers.setdefault(word, len(numbers)) for text in texts for word in text], np.int64
    )
    owner = np.repeat(np.arange(len(texts)), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(flat))
    asks = owner >= len(known)
    longest = np.zeros(len(texts), np.int64)
    places, names = np.arange(len(flat)), flat
    for size in range(1, most + 1):
        ours = asks[places]
        shared = np.isin(names, np.intersect1d(names[ours], names[~ours]))
        places, names = places[shared], names[shared]
        if not places.size:
            break
        longest[owner[places]] = size
        longer = left[places] > size
        places, names = places[longer], names[longer]
        pairs = names * len(numbers) + flat[places + size]
        names = np.unique(pairs, return_inverse=True)[1]
    found: list[int] = longest[len(known) :].tolist()
    return found


def overlap(
    synthetic: Sequence[Example], train: Sequence[Example], control: Sequence[Example]
) -> dict[str, Any]:
    """How much synthetic rows share with the training rows, and held-out real rows with the same.

    Each with `rows`, `quantiles` of the longest shared run in words and `ngrams`, the mean share of
    a row's 8-word runs that a training row has; `shown` is against the rows of its prompt alone.
    """
    by_id = {row.id: row for row in train}
    shown = [
        max(_longest([row], [by_id[id_] for id_ in row.parents if id_ in by_id]))
        for row in synthetic
    ]
    known = {run for row in train for text in _texts(row) for run in _runs(_tokens(text), NGRAM)}
    return {
        "shown": {"rows": len(shown), "quantiles": _quantiles(shown)},
        **{
            name: {
                "rows": len(rows),
                "quantiles": _quantiles(_longest(rows, train)),
                "ngrams": _share(rows, known),
            }
            for name, rows in (("synthetic", synthetic), ("control", control))
        },
    }


def _longest(rows: Sequence[Example], known: Sequence[Example]) -> list[int]:
    """For each row the longest run of any of its texts."""
    texts = [[_tokens(text) for text in _texts(row)] for row in rows]
    flat = [text for each in texts for text in each]
    found = iter(longest_runs(flat, [_tokens(text) for row in known for text in _texts(row)]))
    return [max((next(found) for _ in each), default=0) for each in texts]


def _quantiles(lengths: Sequence[int]) -> list[int]:
    """The lengths that QUANTILES of the rows do not exceed; none of no rows."""
    if not lengths:
        return []
    return [int(at) for at in np.quantile(lengths, QUANTILES, method="inverted_cdf")]


def _share(rows: Sequence[Example], known: set[Run]) -> float | None:
    """The mean over the rows that are long enough for a run; None where none is."""
    shares = []
    for row in rows:
        runs = [run for text in _texts(row) for run in _runs(_tokens(text), NGRAM)]
        if runs:
            shares.append(sum(run in known for run in runs) / len(runs))
    return sum(shares) / len(shares) if shares else None


def _texts(example: Example) -> Sequence[str]:
    """What was written newly, each text once; not the instruction beside a labelled input."""
    response = "" if example.source in REAL_RESPONSES else example.response
    return tuple(dict.fromkeys((*_asked(example), response)))


def _asked(example: Example) -> Sequence[str]:
    """The texts of the question."""
    turns = [turn.content for turn in example.turns]
    return (question_text(example), example.input, *turns)


def _runs(text: Sequence[str], n: int | None) -> Iterable[Run]:
    return () if n is None else ngrams(text, n)


def _long_enough(text: Sequence[str], least: int | None) -> bool:
    return least is not None and len(text) >= least


def _own(runs: Mapping[str, set[Run]]) -> dict[Run, tuple[str, ...]]:
    """Each run that fewer than `STOCK_ROWS` rows hold, with these in order."""
    held = Counter(run for each in runs.values() for run in each)
    own: dict[Run, tuple[str, ...]] = {}
    for id_, each in runs.items():
        alone = (id_,)
        for run in each:
            if held[run] < STOCK_ROWS:
                own[run] = (*own[run], id_) if run in own else alone
    return own


def _other(own: Mapping[Run, tuple[str, ...]], run: Run, but: str | None) -> str | None:
    """The first row that holds a run, of those that are not `but`."""
    return next((row for row in own.get(run, ()) if row != but), None)


def _tokens(text: str) -> Run:
    return tuple(words(text))
