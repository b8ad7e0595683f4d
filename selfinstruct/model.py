"""What generates text, as a Protocol: how it may be asked, how it answers, what else it can tell.

Teacher, student and judge are roles of a `Model`. What is asked and answered are nouns of `types`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from selfinstruct.types import Completion, Message, Request


@dataclass(frozen=True, slots=True)
class Speech:
    """How a teacher may be asked: in `turns`, or with a text that it goes on with; and whether its
    server holds an answer to a `schema`.
    """

    turns: bool = True
    schema: bool = False


CHAT = Speech()
"""What every chat model takes."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A completion and the position of its request in the sequence that was handed to the model."""

    index: int
    completion: Completion


OnCount = Callable[[int], None]


def uncounted(_: int) -> None:
    """The listener that does nothing with a count."""


class Model(Protocol):
    """What generates text. Answers may come in any order, and are yielded as soon as they are
    there: those that arrived together, together. None together says that a signal arrived, and that
    what is under way is waited for.
    """

    @property
    def name(self) -> str:
        """Shown to people, such as `llamacpp:SmolLM2-135M-Instruct.Q4_1.gguf`."""
        ...

    @property
    def digest(self) -> str:
        """Identifies the answers: content of weights and adapter, or endpoint and model name."""
        ...

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        """Requests in, one `Answered` each out, at least one at a time. Raises `IncompleteError`
        where going on is pointless.
        """
        ...

    def close(self) -> None:
        """Free memory and threads; the model must not be used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class TokenNll:
    """Negative log-likelihood in nats, mean over the `tokens` of one reference answer."""

    mean: float
    tokens: int


class StudentModel(Model, Protocol):
    """A `Model` that can also score a reference answer."""

    def nll(
        self, conversations: Sequence[Sequence[Message]], on_scored: OnCount = uncounted
    ) -> list[TokenNll]:
        """Conversations that end with the assistant's reference in, one mean token NLL of that
        reference each out. `on_scored` hears how many are done.
        """
        ...
