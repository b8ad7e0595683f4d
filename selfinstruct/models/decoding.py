"""How `transformers` decodes a batch whose rows each have their own sampling: which token comes
next, and when a row is done.
"""

from collections.abc import Sequence

import torch
import transformers
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from selfinstruct import chat
from selfinstruct.types import Request, Sampling


class Draw(LogitsProcessor):
    """Leaves one token a row: the likeliest, or one drawn at the row's own temperature and top_p.

    Each row has a generator of its own, so its draws do not depend on its neighbours.
    """

    def __init__(self, requests: Sequence[Request], device: torch.device) -> None:
        temperatures = [request.sampling.temperature for request in requests]
        self._drawn = torch.tensor([t > 0 for t in temperatures], device=device)
        self._temperature = torch.tensor([t if t > 0 else 1.0 for t in temperatures], device=device)
        self._top_p = torch.tensor([request.sampling.top_p for request in requests], device=device)
        self._generators = [torch.Generator().manual_seed(request.seed) for request in requests]

    def __call__(self, _ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [rows, vocabulary] in, the same shape out: 0 at the chosen token, else -inf."""
        chances, tokens = torch.softmax(scores / self._temperature[:, None], -1).sort(
            -1, descending=True
        )
        mass = chances.cumsum(-1)
        kept = (mass - chances < self._top_p[:, None]).sum(-1, keepdim=True).clamp(min=1)
        dice = torch.stack([torch.rand(1, generator=each) for each in self._generators])
        aim = dice.to(mass) * mass.gather(-1, kept - 1)
        place = torch.minimum((mass <= aim).sum(-1, keepdim=True), kept - 1)
        place = torch.where(self._drawn[:, None], place, 0)
        only = torch.full_like(scores, -torch.inf)
        return only.scatter(-1, tokens.gather(-1, place), 0.0)


class Done(StoppingCriteria):
    """Ends a row at its own `max_tokens` or at one of its stop strings."""

    def __init__(
        self,
        tokenizer: transformers.PreTrainedTokenizerBase,
        samplings: Sequence[Sampling],
        start: int,
        device: torch.device,
    ) -> None:
        self._tokenizer = tokenizer
        self._samplings = samplings
        self._start = start
        self._limits = torch.tensor([each.max_tokens for each in samplings], device=device)

    def __call__(self, input_ids: torch.Tensor, _scores: object, **_: object) -> torch.Tensor:
        """Ids [rows, length] in, prompts and all; for each row whether it is done, out."""
        written = input_ids[:, self._start :]
        done = self._limits <= written.shape[1]
        for at, sampling in enumerate(self._samplings):
            if sampling.stop and not done[at]:
                text = self._tokenizer.decode(written[at])
                done[at] = first_stop(str(text), sampling.stop) is not None
        return done


def end_tokens(
    tokenizer: transformers.PreTrainedTokenizerBase, config: GenerationConfig
) -> list[int]:
    """Every token that ends an answer; the template's own end of turn comes first."""
    told = config.eos_token_id
    known = told if isinstance(told, list) else [told, tokenizer.eos_token_id]
    return list(
        dict.fromkeys([chat.end_of_turn(tokenizer), *(each for each in known if each is not None)])
    )


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the earliest stop string begins."""
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    return min(found, default=None)
