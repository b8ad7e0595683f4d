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
    Remembering,
    Vectors,
    nearest_others,
    open_encoder,
    require_sentences,
)
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import screen
from selfinstruct.types import Drafts, Example

CFG = FiltersConfig(novelty=NoveltyConfig(embedding=EmbeddingConfig(model="fake", threshold=0.8)))
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None,
    reason="sentence-transformers is an extra",
)
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
    ("texts", "nearest"),
    [
        (("fruit", "berry", "sky"), [1, 1, 0]),
        (("blue sky", "sky", "fruit"), [0.5**0.5, 0.5**0.5, 0]),
        (("", "nothing"), [0, 0]),
        ((*(f"fruit {n}" for n in range(TOGETHER + 5)), "sky"), [1] * (TOGETHER + 5) + [0]),
        ((*(f"sky {n}" for n in range(TOGETHER)), "river"), [1] * TOGETHER + [0]),
    ],
)
def test_no_text_is_its_own_nearest(texts: tuple[str, ...], nearest: list[float]) -> None:
    assert nearest_others(texts, TopicEncoder()).tolist() == pytest.approx(nearest)


def test_each_text_is_read_once_and_what_takes_long_is_told() -> None:
    encoder, told = TopicEncoder(), list[str]()
    opened: list[TopicEncoder] = []

    def load() -> TopicEncoder:
        opened.append(encoder)
        return encoder

    remembering = Remembering("m", load)
    assert opened == []
    first = remembering.encode(["sky", "a fruit", "sky"], told.append)
    assert first.tolist() == TopicEncoder()(["sky", "a fruit", "sky"]).tolist()
    assert (encoder.encoded, told) == (2, ["loading the embedding model m"])
    many = [f"{n} skies" for n in range(TOGETHER)]
    remembering.encode([*many, "sky", "a river"], told.append)
    assert remembering.encode(["a river", "sky"], told.append).tolist() == (
        TopicEncoder()(["a river", "sky"]).tolist()
    )
    assert (encoder.encoded, len(opened)) == (2 + TOGETHER + 1, 1)
    assert told[1:] == [
        f"the embedding model has read {read} of {TOGETHER + 1} new texts" for read in (0, TOGETHER)
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain", r"plain is no model of sentence-transformers: it has no modules\.json"),
        ("bundled", "bundled is no model of sentence-transformers: it is a language model"),
        ("gone/to/where", "there is no folder gone/to/where with an embedding model"),
        ("./gone", r"there is no folder \./gone"),
        ("~/gone", "there is no folder ~/gone"),
    ],
)
def test_what_can_be_no_model_of_sentences_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    """The library takes the mean of a language model's states, without a word: of the bundled one
    0.82 or more between any two texts. And it asks the hub for the path of a folder.
    """
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=words):
        require_sentences(EmbeddingConfig(model=name))


def test_a_folder_and_a_name_on_the_hub_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "near").mkdir()
    (tmp_path / "near/modules.json").write_text("[]")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("near", "./near", "~/near"):
        found = require_sentences(EmbeddingConfig(model=name))
        assert found is not None
        assert found.resolve() == tmp_path.resolve() / "near"
    for name in ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"):
        assert require_sentences(EmbeddingConfig(model=name)) is None


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UserError, match=r"selfinstruct\[embedding\]"):
        open_encoder(EmbeddingConfig(model="any"))


@pytest.mark.slow
@needs_library
def test_a_folder_that_the_library_wrote_is_read_without_a_network(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a name that might be one on the hub, where the library would ask for it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    words = Transformer(str(tiny_base))
    pooling = Pooling(words.get_embedding_dimension(), "mean")
    SentenceTransformer(modules=[words, pooling]).save(str(tmp_path / "near"))
    monkeypatch.chdir(tmp_path)
    asked: list[object] = []

    def refuse(*address: object, **_: object) -> None:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    told: list[str] = []
    encode = open_encoder(EmbeddingConfig(model="near"), told.append)
    vectors = encode(["a fee", "a loan", "a fee"])
    assert vectors.shape == (3, 32)
    assert vectors[0].tolist() == vectors[2].tolist() != vectors[1].tolist()
    assert (told, asked) == ([f"loading the embedding model {tmp_path / 'near'}"], [])


@pytest.mark.slow
@needs_library
def test_a_damaged_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "gone"}]')
    with pytest.raises(UserError, match="cannot load the embedding model"):
        open_encoder(EmbeddingConfig(model=str(tmp_path)))(["a text"])
