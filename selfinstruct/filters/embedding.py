"""Near in meaning: the cosine of sentence embeddings, for paraphrases that share few words.

Off unless a model is named. The model is a stranger's judgement: it is right on average, and not
the same on every machine to the last bit, so that a text at the very threshold may fall either way
on another one. ROUGE-L has neither weakness; this comes after it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError

from selfinstruct.config import EmbeddingConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.extras import EMBEDDING, require
from selfinstruct.text import without_surrogates
from selfinstruct.weights import OnNote, is_hub_id, quiet, unheard
from selfinstruct.wheels import WHEELS

Vectors = npt.NDArray[np.float32]
TOGETHER = 256
"""Texts that are encoded, or whose cosines with all that is known are in memory, at once."""
TRAINED = "of a model trained to tell sentences apart"


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

    def closest_many(self, texts: Iterable[str], since: int = 0) -> list[Nearest | None]:
        """The answer of `closest` for each text, in order; none of them is added."""
        asked = list(texts)
        if not asked or since >= len(self):
            return [None] * len(asked)
        vectors = self._vectors(asked)
        found: list[Nearest | None] = []
        for first in range(0, len(asked), TOGETHER):
            cosines = vectors[first : first + TOGETHER] @ self._known[since : len(self)].T
            best = cosines.argmax(axis=1)
            for place, cosine in zip(best.tolist(), cosines.max(axis=1).tolist(), strict=True):
                near = Nearest(self._ids[since + place], cosine)
                found.append(near if cosine > self.threshold else None)
        return found

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, or 0 for a text that the encoder gives no direction."""
        read = [without_surrogates(text) for text in texts]  # a tokeniser takes no half
        vectors = np.asarray(self._encode(read), np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def nearest_others(texts: Sequence[str], encode: Encoder) -> Vectors:
    """The cosine of each of these distinct texts, two or more, with the nearest other one."""
    index = MeaningIndex(encode, 1.0)
    index.add_many((text, text) for text in texts)
    known = index.vectors
    nearest = np.empty(len(texts), np.float32)
    for first in range(0, len(texts), TOGETHER):
        cosines = known[first : first + TOGETHER] @ known.T
        np.fill_diagonal(cosines[:, first:], -2)  # itself
        nearest[first : first + TOGETHER] = cosines.max(axis=1)
    return nearest


class Remembering:
    """An encoder, opened when it is first needed, that is given each text once: every round, each
    point of a curve and a resumed run ask about the same ones again.
    """

    def __init__(self, name: str, load: Callable[[], Encoder]) -> None:
        self._name = name
        self._load = load
        self._encode: Encoder | None = None
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str], on_note: OnNote = unheard) -> Vectors:
        """The vectors of these texts, one or more, in order; `on_note` hears what takes long."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        for first in range(0, len(missing), TOGETHER):
            if self._encode is None:
                on_note(f"loading the embedding model {self._name}")
                self._encode = self._load()
            if len(missing) > TOGETHER:
                on_note(f"the embedding model has read {first} of {len(missing)} new texts")
            some = missing[first : first + TOGETHER]
            self._known.update(zip(some, self._encode(some), strict=True))
        return np.stack([self._known[text] for text in texts])


def require_sentences(cfg: EmbeddingConfig) -> Path | None:
    """The folder of the model that is named, None for a name on the hub.

    Raises `UserError` where no such folder is there, or it holds a model of another kind: the
    library would make one that means nothing of it, without a word.
    """
    name, folder = cfg.model, Path(cfg.model).expanduser()
    if name in WHEELS or (folder.is_dir() and not (folder / "modules.json").is_file()):
        lacks = "is a language model" if name in WHEELS else "has no modules.json"
        raise UserError(
            f"{name} is no model of sentence-transformers: it {lacks}",
            why="the mean state of a language model finds all texts alike (docs/experiments.md)",
            next_step=f"name a folder that SentenceTransformer.save wrote, {TRAINED}",
        )
    if folder.is_dir():
        return folder
    if not is_hub_id(name):
        raise UserError(
            f"there is no folder {name} with an embedding model",
            next_step="check filters.novelty.embedding.model: a folder is looked for from where "
            "the command is typed",
        )
    return None


def open_encoder(cfg: EmbeddingConfig, on_note: OnNote = unheard) -> Encoder:
    """The sentence-transformers model that is named, by a folder or by its name on the hub; it is
    loaded once in a process, when it first has a text to read.

    A folder is read and nothing is asked of the hub. Raises `UserError` where the extra is missing,
    and as `require_sentences`; the encoder does where the model cannot be had.
    """
    require(EMBEDDING)
    folder = require_sentences(cfg)
    name = cfg.model if folder is None else str(folder.resolve())
    return partial(_remembering(name, folder is not None).encode, on_note=on_note)


@cache
def _remembering(name: str, is_folder: bool) -> Remembering:
    return Remembering(name, partial(_load, name, is_folder))


def _load(name: str, is_folder: bool) -> Encoder:
    from sentence_transformers import SentenceTransformer

    try:
        with quiet():
            model: Any = SentenceTransformer(
                name,
                # Of a folder it would ask the hub as well, where its path might be a name there.
                local_files_only=is_folder,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(
            f"cannot load the embedding model {name!r}",
            why=str(error).partition("\n")[0],
            next_step="name a folder with a model of sentence-transformers, or one on the hub",
        ) from error

    def encode(texts: Sequence[str]) -> Vectors:
        found: Vectors = model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
        return found

    return encode
