"""A teacher that answers by a function of what it is asked, and remembers it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from selfinstruct.types import Completion, FinishReason, Prompt, Sampling


@dataclass
class Scripted:
    """An `Ask`: the last message and the position of the call in, its completion out."""

    answer: Callable[[str, int], Completion]
    prompts: list[Prompt] = field(default_factory=list)

    def __call__(
        self, prompts: Sequence[Prompt], _sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        first = len(self.prompts)
        self.prompts += prompts
        return [
            [
                replace(
                    self.answer(prompt.messages[-1].content, at * samples + sample),
                    attempt=f"{first + at}/{sample}",
                )
                for sample in range(samples)
            ]
            for at, prompt in enumerate(prompts)
        ]


def say(text: str, finish: FinishReason = "stop") -> Completion:
    return Completion(text, finish)
