"""How much faster `NoveltyIndex` is than a `rouge_score` loop, and whether it decides the same.

    python benchmarks/novelty.py [--quick] [--json] [--texts FILE]

A decision is the best match above the threshold, or none; both sides compare the threshold in
integers. A pair is one query against one text of the pool; for the index, the time includes adding
the pool. The loop is timed, and its decisions compared, on a sample; an exhaustive LCS search
through rapidfuzz checks every decision of every size. `--texts` takes texts of your own, one a line
or JSON lines with `instruction` or `text`.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import LCSseq
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from selfinstruct.filters.novelty import NoveltyIndex

THRESHOLD = 0.7
P, Q = 7, 10
GOAL = 1000
QUICK_POOLS = (1000, 10_000, 50_000)
SAMPLE_QUERIES = 50
SAMPLE_POOL = 1000
BLOCK = 100

# Position in the pool and ROUGE-L of the best match, or None.
Decision = tuple[int, float] | None


def phrases(text: str) -> list[str]:
    """The parts between semicolons."""
    return text.split(";")


VERBS = phrases(
    "Write;Draft;Compose;Explain;Summarise;Translate;Rewrite;List;Describe;Compare;Suggest;Outline;"
    "Classify;Rank;Correct;Shorten;Expand;Convert;Plan;Review;Estimate;Prove;Name;Design;Evaluate"
)
THINGS = phrases(
    "a short letter;an email;a poem;a recipe;a plan;three questions;a product description;a story;"
    "a formal complaint;an apology;the main argument;five synonyms;a weekly schedule;a budget;"
    "a regular expression;a SQL query;the moral;a headline;a riddle;two counterexamples;a slogan;"
    "step by step instructions;a glossary;the most likely cause;a polite refusal;a checklist"
)
TOPICS = phrases(
    "a delayed refund;the water cycle;learning the violin;a vegetarian dinner;prime numbers;"
    "remote teams;the French Revolution;a broken dishwasher;home insurance;climbing safely;"
    "sorting a list;a lost parcel;photosynthesis;negotiating a salary;a city without cars;"
    "the rules of chess;old bridges;a rainy weekend;exam nerves;growing tomatoes;black holes;"
    "a two week trip;sleeping better;open source licences;a quarrel between neighbours"
)
READERS = phrases(
    "a child;a new colleague;an angry customer;a retired teacher;someone in a hurry;my landlord;"
    "a panel of experts;first-year students;a nurse on night shift;people who distrust statistics;"
    "a travelling salesman;the board;readers of a local newspaper;a robot;your younger self"
)
LIMITS = phrases(
    "in fewer than fifty words;without using the letter e;as a table with two columns;in rhyme;"
    "with one concrete example for each point;in the tone of a weather report;and say what you"
    " left out;using only facts from the text below;and keep the numbers unchanged;in plain words;"
    "as if it were the year 1900;so that it can be read aloud in a minute;and end with a question"
)
SYLLABLES = phrases(
    "ba;cor;del;fi;gra;hul;is;jo;ka;lem;mor;ni;os;pra;qui;ra;sel;tu;vel;wen;yor;zim"
)


@dataclass(frozen=True)
class Size:
    """The index at one size of the pool."""

    pool: int
    queries: int
    matches: int
    seconds: float
    pairs_per_second: float
    ratio: float
    decisions_equal: bool


def make_texts(count: int, rng: random.Random) -> Iterator[str]:
    """Distinct-looking instructions of 6 to 40 words; one in four is an earlier one, perturbed."""
    made: list[str] = []
    while len(made) < count:
        text = perturb(rng.choice(made), rng) if made and rng.random() < 0.25 else make(rng)
        made.append(text)
        yield text


def make(rng: random.Random) -> str:
    """One instruction."""
    name = "".join(rng.choices(SYLLABLES, k=3)).capitalize()
    parts = [rng.choice(VERBS), rng.choice(THINGS), "about", rng.choice(TOPICS)]
    optional = (
        f"for {rng.choice(READERS)}",
        f"who works at {name}",
        rng.choice(LIMITS),
        f"and mention {rng.choice(TOPICS)}",
        f"as {rng.choice(READERS)} from {name} would",
        rng.choice(LIMITS),
    )
    parts += [part for part in optional if rng.random() < 0.5]
    return f"{' '.join(parts)}{rng.choice('.?!')}"


def perturb(text: str, rng: random.Random) -> str:
    """One to six words of a text replaced, dropped, doubled or moved."""
    tokens = text.split()
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(tokens))
        other = rng.randrange(len(tokens))
        match rng.randrange(4):
            case 0:
                tokens[place] = rng.choice(rng.choice((VERBS, THINGS, TOPICS, READERS))).lower()
            case 1 if len(tokens) > 4:
                del tokens[place]
            case 2:
                tokens.insert(other, tokens[place])
            case _:
                tokens.insert(other, tokens.pop(place))
    return " ".join(tokens)


def read_texts(path: Path) -> list[str]:
    """The lines of a file, or the `instruction` or `text` of each of its JSON lines."""
    lines = [line for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    if path.suffix != ".jsonl":
        return lines
    rows = [json.loads(line) for line in lines]
    return [row["instruction"] if "instruction" in row else row["text"] for row in rows]


@dataclass(frozen=True)
class Reference:
    """A `rouge_score` loop over the sample: its decisions, and pairs per second with and without
    tokenising.
    """

    decisions: list[Decision]
    pairs_per_second: float
    pretokenised: float


def rouge_score_loop(queries: Sequence[str], pool: Sequence[str]) -> Reference:
    """Every query against every text of the pool."""
    tokenizer = DefaultTokenizer(use_stemmer=False)
    tokens = {text: tokenizer.tokenize(text) for text in (*queries, *pool)}
    table, seconds = score_all(RougeScorer(["rougeL"], use_stemmer=False), queries, pool)
    _, ready_seconds = score_all(RougeScorer(["rougeL"], tokenizer=Ready(tokens)), queries, pool)
    decisions: list[Decision] = []
    for query, scores in zip(queries, table, strict=True):
        best: Decision = None
        for place, (text, score) in enumerate(zip(pool, scores, strict=True)):
            total = len(tokens[query]) + len(tokens[text])
            length = round(score * total / 2)
            exact = 2 * length / total if total else 0.0
            if 2 * Q * length > P * total and (best is None or exact > best[1]):
                best = (place, exact)
        decisions.append(best)
    pairs = len(queries) * len(pool)
    return Reference(decisions, pairs / seconds, pairs / ready_seconds)


def score_all(
    scorer: RougeScorer, queries: Sequence[str], pool: Sequence[str]
) -> tuple[list[list[float]], float]:
    """The ROUGE-L F1 of every pair, and the seconds it took."""
    start = time.perf_counter()
    table = [[scorer.score(text, query)["rougeL"].fmeasure for text in pool] for query in queries]
    return table, time.perf_counter() - start


class Ready:
    """A tokeniser for `rouge_score` that only looks up what was tokenised before."""

    def __init__(self, tokens: dict[str, list[str]]) -> None:
        self.tokenize: Callable[[str], list[str]] = tokens.__getitem__


def exhaustive(queries: Sequence[str], pool: Sequence[str]) -> list[Decision]:
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
        for query, found in zip(block, table.astype(np.int64), strict=True):
            totals = len(query) + lengths
            scores = np.where(2 * Q * found > P * totals, 2 * found / np.maximum(totals, 1), -1.0)
            best = int(scores.argmax())
            decisions.append((best, float(scores[best])) if scores[best] >= 0 else None)
    return decisions


def by_index(queries: Sequence[str], pool: Sequence[str]) -> tuple[list[Decision], float]:
    """Decisions by `NoveltyIndex`, and the seconds it took to add the pool and to answer."""
    start = time.perf_counter()
    index = NoveltyIndex(THRESHOLD)
    index.add_many((str(place), text) for place, text in enumerate(pool))
    matches = index.closest_many(queries)
    seconds = time.perf_counter() - start
    return [None if found is None else (int(found.id), found.rouge_l) for found in matches], seconds


def measure(queries: Sequence[str], pool: Sequence[str], reference: Reference) -> Size:
    """One row of the table."""
    decisions, seconds = by_index(queries, pool)
    rate = len(queries) * len(pool) / seconds
    return Size(
        pool=len(pool),
        queries=len(queries),
        matches=sum(decision is not None for decision in decisions),
        seconds=seconds,
        pairs_per_second=rate,
        ratio=rate / reference.pairs_per_second,
        decisions_equal=decisions == exhaustive(queries, pool),
    )


def show(sample: str, reference: Reference, sizes: Sequence[Size]) -> None:
    """The table for people."""
    print(f"{'':34}{'pairs/s':>14}{'ratio':>10}{'goal':>8}  decisions")
    print(f"{'rouge_score loop, ' + sample:34}{reference.pairs_per_second:>14,.0f}{1:>10}")
    ready = reference.pretokenised / reference.pairs_per_second
    print(
        f"{'  the same, texts tokenised before':34}{reference.pretokenised:>14,.0f}{ready:>10.1f}"
    )
    for size in sizes:
        name = f"NoveltyIndex, {size.queries:,} x {size.pool:,}"
        verdict = "equal" if size.decisions_equal else "DIFFER"
        print(
            f"{name:34}{size.pairs_per_second:>14,.0f}{size.ratio:>10,.0f}{GOAL:>8,}"
            f"  {verdict} ({size.matches:,} matches, {size.seconds:.2f} s)"
        )


def main() -> None:
    """Measure, then print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="pools up to 50,000; under a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--texts", type=Path, help="texts of your own")
    args = parser.parse_args()
    wanted, pools = (1000, QUICK_POOLS) if args.quick else (2000, (*QUICK_POOLS, 100_000))
    rng = random.Random("benchmark/novelty")
    made = make_texts(wanted + pools[-1], rng)
    texts = read_texts(args.texts) if args.texts else list(made)
    rng.shuffle(texts)
    cut = min(wanted, len(texts) // 5)
    queries, rest = texts[:cut], texts[cut:]

    sample, sample_pool = queries[:SAMPLE_QUERIES], rest[:SAMPLE_POOL]
    reference = rouge_score_loop(sample, sample_pool)
    sample_equal = by_index(sample, sample_pool)[0] == reference.decisions
    sizes = [
        measure(queries, rest[:pool], reference)
        for pool in sorted({min(pool, len(rest)) for pool in pools})
    ]
    holds = {
        "pairs_per_second_1000x": all(size.ratio >= GOAL for size in sizes),
        "decisions_equal": sample_equal and all(size.decisions_equal for size in sizes),
    }
    if args.json:
        report = {
            "schema_version": 1,
            "goal": GOAL,
            "reference_pairs_per_second": reference.pairs_per_second,
            "reference_pretokenised_pairs_per_second": reference.pretokenised,
            "sample_decisions_equal": sample_equal,
            "sizes": [asdict(size) for size in sizes],
            "holds": holds,
        }
        print(json.dumps(report))
        return
    show(f"{len(sample)} x {len(sample_pool):,}", reference, sizes)
    print(f"decisions of the loop and the index: {'equal' if sample_equal else 'DIFFER'}")
    for name, holds_here in holds.items():
        print(f"{name}: {'holds' if holds_here else 'DOES NOT HOLD'}")


if __name__ == "__main__":
    main()
