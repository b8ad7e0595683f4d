"""Rows to watch: short texts whose words are drawn by Zipf's law, as those of people are."""

import numpy as np

from selfinstruct.types import Example, Origin

WORDS = 400


def rows_of(
    count: int, seed: int, labels: int = 4, vocabulary: int = WORDS, origin: Origin = "real"
) -> list[Example]:
    """So many labelled rows that say something else each."""
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, vocabulary + 1)
    shares /= shares.sum()

    def text(words: int) -> str:
        return " ".join(f"w{word}" for word in rng.choice(vocabulary, words, p=shares))

    return [
        Example(
            "Name the intent.",
            text(int(rng.integers(6, 20))),
            text(int(rng.integers(6, 20))),
            label=f"label {rng.integers(labels)}" if labels else None,
            origin=origin,
            depth=int(origin == "synthetic"),
        )
        for _ in range(count)
    ]
