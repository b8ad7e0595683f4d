"""A model that says what it was told to say: for tests, and to replay answers from a file."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from selfinstruct.disk.files import read_jsonl
from selfinstruct.errors import UserError
from selfinstruct.model import Answered
from selfinstruct.types import Completion, Request, digest

Answer = str | Completion


class Scripted:
    """Answers from a list, in the order of the requests, or from a function of the request.

    Words stand for tokens in the counts. Raises `UserError` when a list runs out.
    """

    def __init__(
        self, answers: Iterable[Answer] | Callable[[Request], Answer], name: str = "scripted"
    ) -> None:
        self.name = name
        self.digest = digest([name])
        self._answer = answers if callable(answers) else None
        self._left = iter(()) if callable(answers) else iter(answers)
        self._given = 0

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        """Answer one request after the other."""
        for index, request in enumerate(requests):
            answer = self._answer(request) if self._answer else self._next()
            yield [Answered(index, complete(answer, request, self.name))]

    def close(self) -> None:
        """Nothing to free."""

    def _next(self) -> Answer:
        try:
            answer = next(self._left)
        except StopIteration:
            raise UserError(
                f"{self.name} has no answer left after {self._given}",
                why="the run asks for more completions than were recorded",
                next_step="record more answers, or ask for less",
            ) from None
        self._given += 1
        return answer


def open_script(name: str) -> Scripted:
    """A JSONL file in, a model that gives its answers in order out.

    One object a line: `text`, optionally `finish_reason`. Raises `UserError` for a bad file.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise UserError(f"no answers at {name}", next_step='write lines such as {"text": "yes"}')
    try:
        rows = [row for _, row in read_jsonl(path)]
        answers = [Completion(row["text"], row.get("finish_reason", "stop")) for row in rows]
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{name} is not a file of answers: {error!r}",
            next_step='every line is an object such as {"text": "yes"}',
        ) from None
    return Scripted(answers, f"scripted:{path.name}")


def complete(answer: Answer, request: Request, model: str) -> Completion:
    """A bare text becomes a completion that counts words as tokens; a completion stays as it is."""
    if isinstance(answer, Completion):
        return answer
    read = sum(len(message.content.split()) for message in request.messages)
    return Completion(answer, "stop", read, len(answer.split()), model)
