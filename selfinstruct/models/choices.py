"""How likely a model finds each of a few answers to a prompt, which is read once for all of them.

The prompt's keys and values are computed once and shared out to the answers, so that a choice among
77 labels costs little more than the prompt and the labels' own tokens.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch

Ids = Sequence[int]

FIRST_LINE_GOES_ON = "A"
"""What stands on the next line, so that the line break is a token of the line that it ends."""


def first_line(tokenizer: Any, answer: Ids) -> list[int]:
    """The tokens of an answer up to the first that holds a line break, that one included."""
    for end in range(1, len(answer) + 1):
        if "\n" in tokenizer.decode(answer[:end]):
            return list(answer[:end])
    raise ValueError("the answer has no line break")


@torch.inference_mode()
def choice_logs(
    model: Any, prompts: Sequence[Ids], answers: Sequence[Ids], rows: int, device: torch.device
) -> list[tuple[float, ...]]:
    """For each prompt the natural log of the probability of each answer, the sum over its tokens.

    `rows` answers are scored at once, at most. Prompts are padded on the left and masked, so a
    prompt's neighbours change its scores by float noise alone.
    """
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(row)) + list(row) for row in prompts], device=device)
    mask = torch.tensor(
        [[0] * (width - len(row)) + [1] * len(row) for row in prompts], device=device
    )
    read = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
        use_cache=True,
        logits_to_keep=1,
    )
    first = torch.log_softmax(read.logits[:, -1].float(), -1)
    at_once = max(1, rows // len(prompts))
    found: list[list[float]] = [[] for _ in prompts]
    for start in range(0, len(answers), at_once):
        some = answers[start : start + at_once]
        last = start + at_once >= len(answers)
        cache = read.past_key_values if last else copy.deepcopy(read.past_key_values)
        for row, scores in zip(found, _score(model, cache, mask, first, some), strict=True):
            row += scores
    return [tuple(row) for row in found]


def _score(
    model: Any, cache: Any, mask: torch.Tensor, first: torch.Tensor, answers: Sequence[Ids]
) -> list[list[float]]:
    """The answers' scores after prompts that the cache holds, [prompts][answers]; `first` is what
    the prompts say of the next token.
    """
    count, width = len(answers), max(map(len, answers))
    padded = [[*row, *([0] * (width - len(row)))] for row in answers]
    tokens = torch.tensor(padded, device=mask.device)
    real = torch.tensor(
        [[1] * len(row) + [0] * (width - len(row)) for row in answers], device=mask.device
    )
    scores = first[:, tokens[:, 0]]  # [prompts, answers]
    if width > 1:
        prompts = len(mask)
        cache.batch_repeat_interleave(count)
        before = mask.repeat_interleave(count, 0)
        steps = torch.arange(width - 1, device=mask.device)
        logits = model(
            input_ids=tokens[:, :-1].repeat(prompts, 1),
            attention_mask=torch.cat([before, real[:, :-1].repeat(prompts, 1)], 1),
            position_ids=before.sum(-1, keepdim=True) + steps,
            past_key_values=cache,
            use_cache=True,
        ).logits
        losses = torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 1),
            tokens[:, 1:].repeat(prompts, 1).flatten(),
            reduction="none",
        )
        rest = losses.view(prompts, count, width - 1) * real[:, 1:]
        scores = scores - rest.sum(-1)
    return [[float(value) for value in row] for row in scores.tolist()]
