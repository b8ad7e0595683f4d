"""A model that writes down all it is asked, and answers so that its rows go on to be asked of."""

import random
from collections.abc import Iterator, Sequence

from selfinstruct.types import Request
from tests import scripted_teacher
from tests.small_run import LABELS

HEARD: list[str] = []
REPLIES = {
    "one letter and nothing else": ("A",),
    "one digit and nothing else": ("5",),
    "<text>": LABELS,
    "Is it classification?": ("No",),
    "each with its output": ("Input: none\nOutput: Yes it is.",),
    "worded by us: quality/answer": ("Yes it is.",),
}
"""By what stands in the question, what may be said."""


def answer(requests: Sequence[Request]) -> Iterator[str]:
    """One of the replies, drawn by the request's seed; a sentence where there is none."""
    for request, text in zip(requests, scripted_teacher.answer(requests), strict=True):
        HEARD.extend(message.content for message in request.messages)
        asked = request.messages[-1].content
        rng = random.Random(f"{request.seed}/{request.sample}/{asked}")
        found = [rng.choice(says) for words, says in REPLIES.items() if words in asked]
        yield found[0] if found else text
