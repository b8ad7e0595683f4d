"""Text that no file of UTF-8 can hold, as JSON brings it and a user's function may write it."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfinstruct.types import Request

HALF, OTHER, NUL = "\ud83d", "\udc00", "\0"
BROKEN = {
    "input": f"where is my {HALF} refund{NUL} of the lost parcel",
    "response": f"it is {OTHER} on its way{NUL} to you",
}


def make(wish: Mapping[str, Any], count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Rows of which the first is broken."""
    label = wish["label"]
    yield {"instruction": "Name it.", "label": label, **BROKEN}
    for _ in range(count - 1):
        at = rng.randrange(10_000)
        yield {"instruction": "Name it.", "label": label, "input": f"row {at} of {at % 7} engines"}


def answer(requests: Sequence[Request]) -> Iterator[str]:
    """The same from a teacher, whose answers come whole or not at all."""
    for request in requests:
        yield f"why was {HALF} parcel {request.seed}{NUL} sent {request.sample} times"
