"""The nearest known text by ROUGE-L, exactly and fast: a candidate with one above the threshold is
not new.

It decides as Self-Instruct's loop over the whole pool does, with the threshold compared in integers
(at exactly 0.7 a float loop says "above" in half of the cases) and words of every script.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from selfinstruct.near.index import RougeIndex
from selfinstruct.near.saved import load_index, save_index
from selfinstruct.text import words
from selfinstruct.types import Match


class NoveltyIndex:
    """A growing set of texts, each known by an id, that finds the best match above a threshold.

    `threshold` is a ROUGE-L F1 in 0..1: nothing is above 1, and a single shared word is above 0.
    `None` switches it off: nothing ever matches. With `inclusive` a match may also be exactly at
    the threshold. A text without words (symbols only, or empty) matches nothing, not even itself:
    its ROUGE-L is 0, and whether two such texts are equal is for an exact comparison to say. Raises
    `UserError` for a threshold outside 0..1.
    """

    def __init__(self, threshold: float | None = 0.7, *, inclusive: bool = False) -> None:
        self._index = RougeIndex(threshold, inclusive=inclusive)
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def threshold(self) -> float | None:
        """The ROUGE-L F1 a match must pass."""
        return self._index.threshold

    def add(self, id: str, text: str) -> None:  # noqa: A002 - the field's name in every record here
        """Make a text known; ids need not be unique."""
        if self.threshold is not None:
            self._index.add(words(text))
        self._ids.append(id)

    def add_many(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Make (id, text) pairs known, in order."""
        for key, text in pairs:
            self.add(key, text)

    def save(self, path: Path, key: str) -> None:
        """Put all that is known in a file, under the digest of what it was made of.

        Raises `DiskError` where the disk refuses it.
        """
        save_index(path, key, self._index, self._ids)

    def load(self, path: Path, key: str) -> bool:
        """Know what was saved under this key, and nothing else; False, and nothing changes, where
        no such file is there or it is damaged: then all has to be added.
        """
        ids = load_index(path, key, self._index)
        if ids is None:
            return False
        self._ids = ids
        return True

    def closest(self, text: str, since: int = 0) -> Match | None:
        """The known text with the highest ROUGE-L, if that passes; of equals the first added.

        `since` leaves out the first so many: those the text was compared with already.
        """
        return self.closest_many([text], since)[0]

    def closest_many(
        self, texts: Iterable[str], since: int = 0, but: Mapping[int, str] = MappingProxyType({})
    ) -> list[Match | None]:
        """The answer of `closest` for each text, in order; none of them is added.

        `but` has the places of texts here to an id whose texts are no match of theirs.
        """
        if self.threshold is None:
            return [None for _ in texts]
        asked = [words(text) for text in texts]
        found = self._index.closest_many(asked, since)
        matches = [near and Match(self._ids[near.position], near.rouge_l) for near in found]
        for place, left_out in but.items():
            match = matches[place]
            if match is not None and match.id == left_out:
                matches[place] = self._closest_but(asked[place], since, left_out)
        return matches

    def _closest_but(self, tokens: list[str], since: int, left_out: str) -> Match | None:
        positions, scores = self._index.near(tokens, since)
        near = (
            Match(self._ids[position], score)
            for position, score in zip(positions.tolist(), scores.tolist(), strict=True)
            if self._ids[position] != left_out
        )
        return max(near, key=lambda match: match.rouge_l, default=None)
