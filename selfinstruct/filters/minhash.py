"""Novelty by MinHash: not exact, and off unless asked for.

Locality-sensitive hashing (Broder 1997; Leskovec, Rajaraman and Ullman, ch. 3) proposes known texts
whose sets of words resemble the candidate's, and ROUGE-L decides about those alone. So what it
names is near, and some of what is near it never sees. It needs the extra `minhash`, and more time
and memory for each text than the exact index: at 20,000 it won nothing (docs/performance.md).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from selfinstruct.config import MinHashConfig
from selfinstruct.filters.extras import MINHASH, require
from selfinstruct.text import exceeds, lcs, rouge_l, words
from selfinstruct.types import Match


class MinHashIndex:
    """What `NoveltyIndex` is, but for the near texts that it misses.

    Raises `UserError` where the extra is missing.
    """

    def __init__(self, threshold: float | None, cfg: MinHashConfig) -> None:
        require(MINHASH)
        from datasketch import MinHashLSH

        self.threshold = threshold
        self._cfg = cfg
        self._lsh: Any = MinHashLSH(threshold=cfg.jaccard, num_perm=cfg.permutations)
        self._ids: list[str] = []
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, id: str, text: str) -> None:  # noqa: A002 - the field's name in every record here
        """Make a text known; ids need not be unique."""
        tokens = words(text)
        if tokens and self.threshold is not None:
            self._lsh.insert(len(self), self._hashed(tokens))
        self._ids.append(id)
        self._texts.append(" ".join(tokens))

    def add_many(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Make (id, text) pairs known, in order."""
        for key, text in pairs:
            self.add(key, text)

    def closest(self, text: str, since: int = 0, but: str | None = None) -> Match | None:
        """Of the known texts that were proposed, the one with the highest ROUGE-L, if that is above
        the threshold; of equals the first added. `since` leaves out the first so many, `but` those
        of an id.
        """
        tokens = words(text)
        if not tokens or self.threshold is None:
            return None
        best: Match | None = None
        for place in sorted(self._lsh.query(self._hashed(tokens))):
            other = self._texts[place].split(" ")
            if (
                place < since
                or self._ids[place] == but
                or not exceeds(lcs(tokens, other), len(tokens), len(other), self.threshold)
            ):
                continue
            score = rouge_l(tokens, other)
            if best is None or score > best.rouge_l:
                best = Match(self._ids[place], score)
        return best

    def closest_many(
        self, texts: Iterable[str], since: int = 0, but: Mapping[int, str] = MappingProxyType({})
    ) -> list[Match | None]:
        """The answer of `closest` for each text, in order; none of them is added. `but` has the
        places of texts here to an id whose texts are no match of theirs.
        """
        return [self.closest(text, since, but.get(place)) for place, text in enumerate(texts)]

    def _hashed(self, tokens: list[str]) -> Any:
        from datasketch import MinHash

        hashed = MinHash(num_perm=self._cfg.permutations)
        hashed.update_batch([token.encode() for token in dict.fromkeys(tokens)])
        return hashed
