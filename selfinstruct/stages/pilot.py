"""A few real calls of round 1, made early to see what the round will take.

They are those that the round will make, under the same keys, so that it does not pay for them
again: the first wave is drawn as always, and of each question that the recipe asks in it only the
first prompts are asked. With generate.focus they are for other labels than those of the round, as
long as the champion that it goes by has no scores.
"""

from collections.abc import Sequence
from contextlib import closing
from functools import partial

from selfinstruct.estimate import Evidence, busy_seconds
from selfinstruct.generate import Memory, generate
from selfinstruct.models import open_model
from selfinstruct.recipes import Ask
from selfinstruct.setting import Setting, first_focus
from selfinstruct.teacher import ask
from selfinstruct.types import UNNEEDED, Completion, Prompt, Sampling

NOT_ASKED = Completion("", "error", error="beyond the pilot")
"""What a recipe gets for a call that the pilot does not make: it rejects one candidate for it."""


class FewCalls:
    """An `Ask` that makes the first of the calls it is asked for, `left` at most in all.

    The first question may take half of them and leaves the rest to what follows from its answers:
    all that it leads to if that fits, half of the rest otherwise.
    """

    def __init__(self, left: int) -> None:
        self.left = left
        self.answers: list[Completion] = []
        self.cut = 0

    def __call__(
        self, ask_all: Ask, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        """The completions of each prompt in order, `NOT_ASKED` for those beyond the pilot."""
        wanted = len(prompts) * samples
        fits = bool(self.answers) and wanted <= self.left
        share = wanted if fits else (self.left + 1) // 2
        each = min(samples, share)
        few = prompts[: share // each] if each else []
        found = [list(row) for row in ask_all(few, sampling, each)] if few else []
        made = [completion for row in found for completion in row]
        self.left -= len(made)
        self.answers += made
        self.cut += wanted - len(made)
        found = [[*row, *[NOT_ASKED] * (samples - len(row))] for row in found]
        return [*found, *([NOT_ASKED] * samples for _ in prompts[len(found) :])]


def pilot(here: Setting, calls: int) -> Evidence:
    """What the first calls of round 1, `calls` at most, came to.

    Candidates that the calls did not reach are not counted. Raises as the teacher does.
    """
    few = FewCalls(calls)
    with closing(open_model(here.cfg.teacher)) as model:
        ask_wave = partial(ask, here.asks(model, here.cfg.teacher), 1)
        drawn = generate(
            lambda wave: partial(few, partial(ask_wave, wave)),
            Memory(lambda _: None, lambda _wave, _screened: None),
            here.aim(1, (), first_focus(here.cfg, here.store, here.data)),
            here.cfg.generate.model_copy(update={"max_candidates": 1}),  # the first wave alone
            here.cfg.filters,
        ).screened
    fit = len(drawn.accepted) + sum(item.reason in UNNEEDED for item in drawn.rejected)
    made = [call for call in here.store.calls() if call["round"] == 1]
    pace = busy_seconds(made) / len(made) if made else 0.0
    return Evidence(
        len(few.answers),
        sum(completion.prompt_tokens for completion in few.answers),
        sum(completion.completion_tokens for completion in few.answers),
        fit,
        len(drawn.accepted) + len(drawn.rejected) - few.cut,
        pace * len(few.answers),
    )
