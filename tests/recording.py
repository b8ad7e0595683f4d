"""A model that writes down everything it is asked."""

import re
from collections.abc import Iterator, Sequence

from selfinstruct.types import Request
from tests import scripted_teacher

HEARD: list[str] = []
CHOICE = re.compile(r"one letter and nothing else|one digit and nothing else")


def answer(requests: Sequence[Request]) -> Iterator[str]:
    """As the scripted teacher does; a letter or a digit where that is asked for."""
    HEARD.extend(message.content for request in requests for message in request.messages)
    for request, text in zip(requests, scripted_teacher.answer(requests), strict=True):
        found = CHOICE.search(request.messages[-1].content)
        yield text if found is None else "A" if "letter" in found[0] else "5"
