"""Near in meaning: the cosine of sentence embeddings, for paraphrases that share few words.

Off unless a model is named. The model is a stranger's judgement: it is right on average, and not
the same on every machine to the last bit, so that a text at the very threshold may fall either way
on another one. ROUGE-L has neither weakness; this comes after it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from selfinstruct.config import EmbeddingConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.extras import EMBEDDING, require
from selfinstruct.text import without_surrogates

Vectors = npt.NDArray[np.float32]
TOGETHER = 256
"""Texts whose cosines with all that is known are in memory at once."""


class Encoder(Protocol):
    """Texts to vectors, one a row, of any length; their direction is their meaning."""

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """The vectors of these texts, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Nearest:
    """The known text nearest in meaning: its id and the cosine, in -1..1."""

    id: str
    cosine: float


class MeaningIndex:
    """A growing set of texts that finds the one nearest in meaning to another, if their cosine is
    above the threshold.
    """

    def __init__(self, encode: Encoder, threshold: float) -> None:
        self.threshold = threshold
        self._encode = encode
        self._ids: list[str] = []
        self._known: Vectors = np.empty((0, 0), np.float32)
        self._last: dict[str, Vectors] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add_many(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Make (id, text) pairs known, in order."""
        found = list(pairs)
        if not found:
            return
        vectors = self._vectors([text for _, text in found])
        first, size = len(self._ids), len(self._ids) + len(found)
        if size > len(self._known):
            grown = np.empty((2 * size, vectors.shape[1]), np.float32)
            grown[:first] = self._known[:first] if first else 0
            self._known = grown
        self._known[first:size] = vectors
        self._ids += [key for key, _ in found]

    @property
    def vectors(self) -> Vectors:
        """Those of what is known, in order."""
        return self._known[: len(self)]

    def closest(self, text: str, since: int = 0) -> Nearest | None:
        """The known text nearest in meaning, if above the threshold; `since` leaves out the first
        so many.
        """
        return self.closest_many([text], since)[0]

    def closest_many(
        self, texts: Iterable[str], since: int = 0, but: Mapping[int, str] = MappingProxyType({})
    ) -> list[Nearest | None]:
        """The answer of `closest` for each text, in order; none of them is added. `but` has the
        places of texts here to an id whose texts are no match of theirs.
        """
        asked = list(texts)
        if not asked or since >= len(self):
            return [None] * len(asked)
        vectors = self._vectors(asked)
        found: list[Nearest | None] = []
        for first in range(0, len(asked), TOGETHER):
            cosines = vectors[first : first + TOGETHER] @ self._known[since : len(self)].T
            for row in range(len(cosines)):
                if (left_out := but.get(first + row)) is not None:
                    cosines[row, [key == left_out for key in self._ids[since:]]] = -np.inf
            best = cosines.argmax(axis=1)
            for place, cosine in zip(best.tolist(), cosines.max(axis=1).tolist(), strict=True):
                near = Nearest(self._ids[since + place], cosine)
                found.append(near if cosine > self.threshold else None)
        return found

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, or 0 for a text that the encoder gives no direction. Those of the
        last call are kept: what is added has just been asked about.
        """
        missing = [text for text in dict.fromkeys(texts) if text not in self._last]
        if missing:
            read = [without_surrogates(text) for text in missing]  # a tokeniser takes no half
            vectors = np.asarray(self._encode(read), np.float32)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            new = dict(zip(missing, vectors / np.where(lengths > 0, lengths, 1), strict=True))
            self._last = {text: self._last[text] for text in texts if text in self._last} | new
        return np.stack([self._last[text] for text in texts])


def count_same(texts: Sequence[str], encode: Encoder, threshold: float) -> int:
    """How many of these distinct texts have another one above the threshold: what the filter would
    say of real rows, which all mean something of their own.
    """
    index = MeaningIndex(encode, threshold)
    index.add_many((text, text) for text in texts)
    known = index.vectors
    alike = 0
    for first in range(0, len(texts), TOGETHER):
        cosines = known[first : first + TOGETHER] @ known.T
        np.fill_diagonal(cosines[:, first:], -1)  # itself
        alike += int((cosines > threshold).any(axis=1).sum())
    return alike


def open_encoder(cfg: EmbeddingConfig) -> Encoder:
    """The sentence-transformers model that is named, by a folder or by its name on the hub.

    Raises `UserError` where the extra is missing, the model cannot be had, or a folder holds a
    model of another kind: the library would make one that means nothing of it, without a word.
    """
    folder = Path(cfg.model).expanduser()
    if (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise UserError(
            f"{cfg.model} is no model of sentence-transformers: it has no modules.json",
            why="the mean state of a language model finds all texts alike (docs/experiments.md)",
            next_step="name a folder that SentenceTransformer.save wrote, of a model trained to "
            "tell sentences apart",
        )
    require(EMBEDDING)
    from sentence_transformers import SentenceTransformer

    try:
        model: Any = SentenceTransformer(cfg.model)
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot load the embedding model {cfg.model!r}",
            why=str(error).partition("\n")[0],
            next_step="name a folder with a model of sentence-transformers, or one on the hub",
        ) from error

    def encode(texts: Sequence[str]) -> Vectors:
        found: Vectors = model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
        return found

    return encode
