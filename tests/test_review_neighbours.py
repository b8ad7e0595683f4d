"""The nearest rows against a loop over all of them."""

import random

from selfinstruct import text
from selfinstruct.review.neighbours import LEAST, nearest
from selfinstruct.types import Example

WORDS = ["my", "card", "was", "charged", "twice", "and", "the", "fee", "is", "wrong"]


def rows(count: int, seed: int) -> list[Example]:
    rng = random.Random(seed)
    return [
        Example("Name it.", " ".join(rng.choices(WORDS, k=rng.randint(3, 8))), f"{n}", label="a")
        for n in range(count)
    ]


def test_the_neighbour_is_the_best_of_all_others() -> None:
    made, real = rows(30, 1), rows(20, 2)
    for example, found in zip(made, nearest(made, real, made), strict=True):
        for near, known in ((found.real, real), (found.synthetic, made)):
            asked = text.words(text.whole_question(example))
            best = max(
                text.rouge_l(asked, text.words(text.whole_question(row)))
                for row in known
                if row.id != example.id
            )
            assert (None if near is None else near.rouge_l) == (best if best > LEAST else None)
            assert near is None or near.example.id != example.id
        both = [each.rouge_l for each in (found.real, found.synthetic) if each is not None]
        assert found.rouge_l == max(both, default=None)


def test_what_shares_nothing_has_no_neighbour() -> None:
    alone = Example("x", "zebra", label="a")
    found = nearest([alone], rows(5, 3), [alone])[0]
    assert (found.real, found.synthetic, found.rouge_l) == (None, None, None)
