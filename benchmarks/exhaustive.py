"""Novelty decided by trying every text: as Self-Instruct does it, and by rapidfuzz.

A decision is the best match above the threshold, compared in integers, or none.
"""

import time
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import LCSseq
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

P, Q = 7, 10
THRESHOLD = P / Q
BLOCK = 100
PROCESSES = 2

# Position in the pool and ROUGE-L of the best match, or None.
Decision = tuple[int, float] | None


class Decided(NamedTuple):
    """Decisions, and how many candidates a second had theirs."""

    decisions: list[Decision]
    per_second: float


def as_self_instruct(queries: Sequence[str], pool: Sequence[str]) -> Decided:
    """Each candidate in a process pool of its own, a `rouge_score` call for each known text:
    `bootstrap_instructions.py` of yizhongw/self-instruct, with two processes in place of four.
    """
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    table = []
    start = time.perf_counter()
    for query in queries:
        with get_context("fork").Pool(PROCESSES) as workers:
            scores = workers.map(partial(scorer.score, query), pool)
        table.append([score["rougeL"].fmeasure for score in scores])
    seconds = time.perf_counter() - start
    tokenize = DefaultTokenizer(use_stemmer=False).tokenize
    lengths = np.array([len(tokenize(text)) for text in pool])
    decisions = []
    for query, row in zip(queries, table, strict=True):
        totals = len(tokenize(query)) + lengths
        decisions.append(best(np.rint(np.array(row) * totals / 2).astype(np.int64), totals))
    return Decided(decisions, len(queries) / seconds)


def by_every_pair(queries: Sequence[str], pool: Sequence[str]) -> list[Decision]:
    """Decisions by the LCS of every pair."""
    tokenizer = DefaultTokenizer(use_stemmer=False)
    numbers: dict[str, int] = {}

    def coded(text: str) -> str:
        return "".join(
            chr(numbers.setdefault(token, len(numbers))) for token in tokenizer.tokenize(text)
        )

    coded_pool = [coded(text) for text in pool]
    lengths = np.array([len(text) for text in coded_pool])
    decisions: list[Decision] = []
    for first in range(0, len(queries), BLOCK):
        block = [coded(query) for query in queries[first : first + BLOCK]]
        table = process.cdist(block, coded_pool, scorer=LCSseq.similarity, workers=1)
        decisions += [
            best(found.astype(np.int64), len(query) + lengths)
            for query, found in zip(block, table, strict=True)
        ]
    return decisions


def best(found: npt.NDArray[np.int64], totals: npt.NDArray[np.int64]) -> Decision:
    """The decision about a query, from its LCS and words in all with every text of the pool."""
    above = 2 * Q * found > P * totals
    scores = np.where(above, 2 * found / np.maximum(totals, 1), -1.0)
    place = int(scores.argmax())
    return (place, float(scores[place])) if above[place] else None
