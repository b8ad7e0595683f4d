from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.near.coded import CODE_POINTS
from selfinstruct.near.index import RougeIndex
from selfinstruct.near.saved import load_index, save_index
from selfinstruct.types import Match

KNOWN = [("a", "name three red fruits"), ("b", ""), ("c", "list the kings of Frânce \ud800")]
TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "ç", "語", "d"]), max_size=9), max_size=9)


def saved(path: Path) -> Path:
    index = NoveltyIndex()
    index.add_many(KNOWN)
    index.save(path, "key")
    return path


def test_what_was_saved_is_known_again_and_grows(tmp_path: Path) -> None:
    path = saved(tmp_path / "novelty.index")
    index = NoveltyIndex()
    assert index.load(path, "key")
    assert len(index) == 3
    assert index.closest("Name three red fruits!") == Match("a", 1.0)
    index.add("d", "prove that primes never end")
    assert index.closest("prove that primes never end") == Match("d", 1.0)
    assert index.closest("list all kings of Frânce") == Match("c", 0.8)


@given(TEXTS, TEXTS)
def test_a_loaded_index_answers_as_the_one_that_was_saved(
    tmp_path_factory: pytest.TempPathFactory, pool: list[list[str]], queries: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("saved") / "index"
    index, loaded = RougeIndex(0.6), RougeIndex(0.6)
    for text in pool:
        index.add(text)
    save_index(path, "key", index, [str(place) for place in range(len(pool))])
    assert load_index(path, "key", loaded) == [str(place) for place in range(len(pool))]
    for ours, theirs in zip(index.near_many(queries), loaded.near_many(queries), strict=True):
        assert ours.positions.tolist() == theirs.positions.tolist()
        assert ours.rouge_l.tolist() == theirs.rouge_l.tolist()


def test_an_index_that_has_outgrown_the_code_points_is_saved_too(tmp_path: Path) -> None:
    index, loaded = RougeIndex(0.7), RougeIndex(0.7)
    index.add([str(number) for number in range(CODE_POINTS + 3)])
    index.add(["1", "2", str(CODE_POINTS), str(CODE_POINTS + 1)])
    save_index(tmp_path / "index", "key", index, ["long", "short"])
    assert load_index(tmp_path / "index", "key", loaded) == ["long", "short"]
    assert loaded.near(["1", str(CODE_POINTS), str(CODE_POINTS + 1)]).positions.tolist() == [1]


@pytest.mark.parametrize("place", [0, 63, 64, 200, -1])
def test_a_damaged_file_is_not_trusted(tmp_path: Path, place: int) -> None:
    path = saved(tmp_path / "novelty.index")
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    index = NoveltyIndex()
    index.add("x", "what was known before")
    assert not index.load(path, "key")
    assert index.closest("what was known before") == Match("x", 1.0)


@pytest.mark.parametrize("kept", [0, 10, 64, 500])
def test_a_file_that_was_cut_is_not_trusted(tmp_path: Path, kept: int) -> None:
    path = saved(tmp_path / "novelty.index")
    path.write_bytes(path.read_bytes()[:kept])
    assert not NoveltyIndex().load(path, "key")


def test_another_key_and_no_file_are_not_loaded(tmp_path: Path) -> None:
    path = saved(tmp_path / "novelty.index")
    assert not NoveltyIndex().load(path, "other")
    assert not NoveltyIndex().load(tmp_path / "none", "key")
