"""A student that is a function from a text to a label, and asks that are one to an answer."""

from collections.abc import Callable, Iterator, Sequence

from selfinstruct.model import Answered, OnCount, TokenNll, uncounted
from selfinstruct.recipes import Ask
from selfinstruct.types import Completion, Message, Prompt, Request, Sampling


class FakeStudent:
    """Sure of the label that `says` names, at odds of `odds` to 1 against each other one."""

    name = "fake"
    digest = "fake"

    def __init__(
        self,
        says: Callable[[str], str],
        odds: float = 9.0,
        nll: Callable[[Sequence[Message]], float] = lambda _: 1.0,
        context: int = 10_000,
    ) -> None:
        self._says = says
        self._odds = odds
        self._nll = nll
        self._context = context
        self.asked: list[tuple[list[str], bool]] = []

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        raise NotImplementedError

    def choose(
        self,
        prompts: Sequence[Sequence[Message]],
        answers: Sequence[str],
        *,
        first_line: bool = False,
    ) -> list[tuple[float, ...] | None]:
        import math

        texts = [prompt[-1].content for prompt in prompts]
        for text in texts:
            text.encode()  # as a tokeniser does
        self.asked.append((texts, first_line))
        return [
            None
            if len(text) > self._context
            else tuple(math.log(self._odds) * (answer == self._says(text)) for answer in answers)
            for text in texts
        ]

    def fits(self, conversations: Sequence[Sequence[Message]]) -> list[bool]:
        return [
            sum(len(turn.content) for turn in turns) <= self._context for turns in conversations
        ]

    def nll(
        self, conversations: Sequence[Sequence[Message]], _on_scored: OnCount = uncounted
    ) -> list[TokenNll]:
        assert all(self.fits(conversations))
        for turns in conversations:
            for turn in turns:
                turn.content.encode()
        return [TokenNll(self._nll(turns), 3) for turns in conversations]

    def close(self) -> None:
        """Nothing to free."""


def asks(answer: Callable[[str, int, Sampling], str | Completion]) -> Ask:
    """An ask answered by a function of the prompt's last turn, the sample and the sampling."""

    def ask(prompts: Sequence[Prompt], sampling: Sampling, samples: int) -> list[list[Completion]]:
        return [
            [_complete(answer(prompt.messages[-1].content, n, sampling)) for n in range(samples)]
            for prompt in prompts
        ]

    return ask


def _complete(said: str | Completion) -> Completion:
    return said if isinstance(said, Completion) else Completion(said, "stop")
