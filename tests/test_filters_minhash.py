import importlib.util
import random
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from selfinstruct.config import FiltersConfig, MinHashConfig, NoveltyConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.minhash import MinHashIndex
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.types import Match

needs_datasketch = pytest.mark.skipif(
    importlib.util.find_spec("datasketch") is None, reason="datasketch is an extra"
)
CFG = MinHashConfig()


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(UserError, match=r"selfinstruct\[minhash\]"):
        MinHashIndex(0.7, CFG)


def test_without_it_the_exact_index_is_used() -> None:
    assert isinstance(Indexes.build([], [], [], FiltersConfig()).questions, NoveltyIndex)


@pytest.mark.parametrize("change", [{"jaccard": 0}, {"jaccard": 1}, {"permutations": 1}])
def test_settings_that_mean_nothing_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MinHashConfig(**change)


@needs_datasketch
def test_it_is_used_where_it_is_asked_for() -> None:
    cfg = FiltersConfig(novelty=NoveltyConfig(minhash=CFG))
    assert isinstance(Indexes.build([], [], [], cfg).questions, MinHashIndex)


@needs_datasketch
@pytest.mark.parametrize(
    ("threshold", "query", "since", "match"),
    [
        (0.7, "Name three red fruits!", 0, Match("a", 1.0)),
        (0.7, "name three red fruits", 1, Match("c", 1.0)),
        (0.7, "fruits red three name", 0, None),
        (1.0, "name three red fruits", 0, None),
        (None, "name three red fruits", 0, None),
        (0.7, "", 0, None),
        (0.7, "\ud800 \0 👍", 0, None),
    ],
)
def test_what_it_names_is_near(
    threshold: float | None, query: str, since: int, match: Match | None
) -> None:
    index = MinHashIndex(threshold, CFG)
    index.add_many([("a", "name three red fruits"), ("b", "?!"), ("c", "Name three red fruits")])
    assert len(index) == 3
    assert index.closest(query, since) == match
    others = index.closest_many([query, query], since, {1: "a"})
    assert others == [match, index.closest(query, max(since, 1))]


@needs_datasketch
def test_it_misses_few_and_names_none_that_is_not_near() -> None:
    rng = random.Random(3)
    vocabulary = [f"w{number}" for number in range(400)]
    pool = [rng.choices(vocabulary, k=14) for _ in range(200)]
    queries = [[*text[:-2], "new"] for text in pool]
    exact, hashed = NoveltyIndex(0.7), MinHashIndex(0.7, CFG)
    for index in (exact, hashed):
        index.add_many((str(place), " ".join(text)) for place, text in enumerate(pool))
    asked = [" ".join(query) for query in queries]
    pairs = list(zip(exact.closest_many(asked), hashed.closest_many(asked), strict=True))
    assert all(theirs in (ours, None) for ours, theirs in pairs)
    assert sum(ours == theirs for ours, theirs in pairs) >= 190
