"""Teachers whose library tells its key when something fails."""

import os
from collections.abc import Iterator, Sequence

from selfinstruct.types import Completion, Request


def crash(_requests: Sequence[Request]) -> Iterator[str]:
    """An exception with the key in a URL."""
    raise RuntimeError(f"GET https://a.test/v1?k={os.environ['TEACHER_KEY']} failed")


def fail(requests: Sequence[Request]) -> Iterator[Completion]:
    """A failed call each, with the key in its error."""
    for _ in requests:
        yield Completion("", "error", error=f"no key {os.environ['TEACHER_KEY']}")
