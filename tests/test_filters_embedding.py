import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import EmbeddingConfig, FiltersConfig, NoveltyConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.embedding import (
    TOGETHER,
    MeaningIndex,
    Nearest,
    Vectors,
    count_same,
    open_encoder,
)
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import screen
from selfinstruct.types import Drafts, Example

CFG = FiltersConfig(novelty=NoveltyConfig(embedding=EmbeddingConfig(model="fake", threshold=0.8)))
TOPICS = ("fruit", "berry", "sky", "blue", "river")


class TopicEncoder:
    """Meaning is the topics a text names; berries are fruit. It counts the texts it was given."""

    def __init__(self) -> None:
        self.encoded = 0

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        rows = [[float(topic in text) for topic in TOPICS] for text in texts]
        vectors = np.array(rows, np.float32).reshape(-1, len(TOPICS))
        vectors[:, 0] = np.maximum(vectors[:, 0], vectors[:, 1])
        vectors[:, 1] = 0
        return 3 * vectors


def index_of(*texts: str, threshold: float = 0.8) -> MeaningIndex:
    index = MeaningIndex(TopicEncoder(), threshold)
    index.add_many((text, text) for text in texts)
    return index


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("any berry", Nearest("some fruit", 1.0)),
        ("the sky", None),  # a cosine of 0.71 with the blue one
        ("so blue a sky", Nearest("blue sky", 1.0)),
        ("nothing", None),
        ("", None),
        ("\ud800 \0 👍", None),
    ],
)
def test_the_nearest_in_meaning_is_found(text: str, nearest: Nearest | None) -> None:
    found = index_of("some fruit", "blue sky", "another fruit").closest(text)
    assert (found and found.id) == (nearest and nearest.id)
    assert (found and found.cosine) == pytest.approx(nearest and nearest.cosine)


def test_the_threshold_itself_is_not_above_it() -> None:
    assert index_of("sky", threshold=1.0).closest("sky") is None
    assert index_of("sky", threshold=0.0).closest("fruit") is None


@given(st.lists(st.sampled_from(TOPICS), max_size=12), st.integers(0, 12))
def test_every_addition_is_found_from_its_place_on(texts: list[str], since: int) -> None:
    index = index_of()
    for text in texts:
        index.add_many([(text, text)])
    late = {"fruit" if text == "berry" else text for text in texts[since:]}
    for topic in ("fruit", "sky", "blue", "river"):
        assert (index.closest(topic, since) is not None) is (topic in late)


def test_more_texts_than_fit_at_once_are_answered_in_order() -> None:
    index = index_of("fruit", "sky")
    texts = ["sky", "river", "fruit"] * TOGETHER
    found = [near and near.id for near in index.closest_many(texts)]
    assert found == ["sky", None, "fruit"] * TOGETHER


def test_a_text_that_is_left_out_is_nobody_s_nearest() -> None:
    index = index_of("fruit", "sky", "another fruit")
    texts = ["fruit", "sky"] * TOGETHER
    left_out = {0: "fruit", 1: "sky", 2 * TOGETHER - 1: "sky"}
    for since, kept in ((0, "fruit"), (1, "another fruit")):
        found = [near and near.id for near in index.closest_many(texts, since, left_out)]
        assert found == ["another fruit", None, *[kept, "sky"] * (TOGETHER - 2), kept, None]


def test_what_was_asked_is_not_encoded_again_to_be_added() -> None:
    encoder = TopicEncoder()
    index = MeaningIndex(encoder, 0.8)
    index.add_many([("1", "river")])
    index.closest_many(["a fruit", "a sky"])
    index.add_many([("2", "a sky")])
    assert index.closest("a sky") == Nearest("2", 1.0)
    assert encoder.encoded == 3


def test_screening_drops_paraphrases_of_the_known_and_of_the_batch() -> None:
    seed = Example("Name three kinds of red fruit", response="Cherry, apple, currant.")
    like_seed = Example("Which berry has a crimson skin", response="Raspberry.")
    first = Example("Explain why the sky looks blue", response="Air scatters waves.")
    again = Example("How does a blue colour get into our sky", response="By scattering.")
    sibling = replace(first, input="for a child", response="The air plays with light.")
    indexes = Indexes.build([seed], [], [], CFG, encoder=lambda _: TopicEncoder())
    done = screen(Drafts((like_seed, first, again, sibling)), indexes, CFG)
    assert done.accepted == (first, sibling)
    told = [(item.reason, item.neighbour, item.threshold) for item in done.rejected]
    assert told == [("same_meaning", seed.id, 0.8), ("same_meaning", first.id, 0.8)]


def test_without_a_model_no_encoder_is_opened() -> None:
    def refuse(_: EmbeddingConfig) -> TopicEncoder:
        raise AssertionError

    assert Indexes.build([], [], [], FiltersConfig(), encoder=refuse).meanings is None


@pytest.mark.parametrize(
    ("texts", "threshold", "same"),
    [
        ((), 0.8, 0),
        (("fruit",), 0.8, 0),
        (("fruit", "berry", "sky"), 0.8, 2),
        (("blue sky", "sky"), 0.8, 0),  # a cosine of 0.71
        (("blue sky", "sky"), 0.7, 2),
        (("", "nothing"), 0.8, 0),
        ((*(f"fruit {n}" for n in range(TOGETHER + 5)), "sky"), 0.8, TOGETHER + 5),
        ((*(f"sky {n}" for n in range(TOGETHER)), "river"), 0.8, TOGETHER),
    ],
)
def test_texts_that_have_another_of_their_meaning_are_counted(
    texts: tuple[str, ...], threshold: float, same: int
) -> None:
    assert count_same(texts, TopicEncoder(), threshold) == same


def test_a_language_model_is_no_model_of_sentences(tmp_path: Path) -> None:
    """The library takes the mean of its states, without a word: of the bundled one 0.82 or more
    between any two texts.
    """
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"no modules\.json"):
        open_encoder(EmbeddingConfig(model=str(tmp_path)))


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UserError, match=r"selfinstruct\[embedding\]"):
        open_encoder(EmbeddingConfig(model="any"))


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None,
    reason="sentence-transformers is an extra",
)
def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="embedding model"):
        open_encoder(EmbeddingConfig(model=f"{tmp_path}/none"))
