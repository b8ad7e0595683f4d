"""A talk with several students at once: the same words and seed to each, a history for each.

A student hears what it was trained on: the run's system message, and the instruction that all its
real rows share before every message. It knows no terminal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from selfinstruct.config import check_sampling
from selfinstruct.errors import UserError
from selfinstruct.model import Model
from selfinstruct.types import Completion, Example, Message, Request, Sampling

GREEDY = Sampling(temperature=0.0, top_p=1.0, max_tokens=128)


@dataclass(frozen=True)
class Manner:
    """How all are asked: what opens a talk, what stands before each message, the draw."""

    system: str = ""
    instruction: str = ""
    sampling: Sampling = GREEDY
    seed: int = 0


@dataclass
class Talk:
    """Models by name, and what has been said to and by each so far."""

    models: Mapping[str, Model]
    manner: Manner
    said: dict[str, tuple[Message, ...]] = field(default_factory=dict)

    def ask(self, words: str) -> Iterator[tuple[str, Completion]]:
        """Each model's answer as soon as it is there, in the models' order.

        An answer joins its model's history once it is given; one that failed or was never waited
        for leaves the history as it was.
        """
        asked = Message("user", _joined(self.manner.instruction, words))
        for name, model in self.models.items():
            turns = (*self.said.get(name, ()), asked)
            answer = _answer(model, self._request(turns))
            if answer.finish_reason != "error":
                self.said[name] = (*turns, Message("assistant", answer.text))
            yield name, answer

    def reset(self) -> None:
        """Forget what was said."""
        self.said.clear()

    def _request(self, turns: Sequence[Message]) -> Request:
        manner = self.manner
        opening = (Message("system", manner.system),) if manner.system else ()
        return Request((*opening, *turns), manner.sampling, seed=manner.seed)


def shared_instruction(rows: Sequence[Example]) -> str:
    """The instruction of all rows, where they have one in common and differ in their inputs."""
    found = {row.instruction for row in rows}
    return found.pop() if len(found) == 1 and all(row.input for row in rows) else ""


def changed(manner: Manner, setting: str) -> Manner:
    """The manner with one `NAME=VALUE`: temperature, top_p, max_tokens or seed.

    Raises `UserError` for any other, and for a value that is none.
    """
    name, _, text = setting.partition("=")
    name, text = name.strip(), text.strip()
    try:
        match name:
            case "temperature":
                sampling = replace(manner.sampling, temperature=float(text))
            case "top_p":
                sampling = replace(manner.sampling, top_p=float(text))
            case "max_tokens":
                sampling = replace(manner.sampling, max_tokens=int(text))
            case "seed":
                return replace(manner, seed=int(text))
            case _:
                raise ValueError("there is no such setting")
        check_sampling(sampling)
    except ValueError as error:
        raise UserError(
            f"cannot set {setting!r}: {error}",
            next_step="one of temperature=0.7, top_p=0.9, max_tokens=200, seed=1",
        ) from None
    return replace(manner, sampling=sampling)


def _joined(instruction: str, words: str) -> str:
    """As `chat.prompt_messages` joins a row's instruction and input."""
    return "\n\n".join(part for part in (instruction, words) if part)


def _answer(model: Model, request: Request) -> Completion:
    [answered] = chain.from_iterable(model.generate([request]))
    return answered.completion
