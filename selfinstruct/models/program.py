"""A user's own function as a model, named `pkg.mod:function`.

The function takes a sequence of requests and gives one text or `Completion` for each, in order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from selfinstruct.errors import UserError
from selfinstruct.model import Answered
from selfinstruct.models.scripted import Answer, complete
from selfinstruct.plugins import find_function, source_of
from selfinstruct.types import Request, digest

Program = Callable[[Sequence[Request]], Iterable[Answer]]


class ProgramModel:
    """What a function answers. Raises `UserError` where it cannot be found."""

    def __init__(self, name: str) -> None:
        self.name = f"program:{name}"
        self._program: Program = find_function(name)
        self.digest = digest([name, source_of(self._program)])

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        """Hand all requests over and yield answers as they come.

        Raises `UserError` when there are fewer or more answers than requests.
        """
        given = 0
        for answer in self._program(requests):
            if given < len(requests):
                yield [Answered(given, complete(answer, requests[given], self.name))]
            given += 1
        if given != len(requests):
            raise UserError(
                f"{self.name} gave {given} answers to {len(requests)} requests",
                next_step="yield one text for each request, in order",
            )

    def close(self) -> None:
        """Nothing to free."""
