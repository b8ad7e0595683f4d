"""Whether a merged model says what base and adapter say: logits beside logits, answer by answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from selfinstruct.chat import Encoded
from selfinstruct.errors import UserError

ANSWER_TOKENS = 32
TOLERANCE: Mapping[str, float] = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}
"""The largest difference of two logits that passes, as a share of the largest logit. Merged in
float32 only the order of sums differs (1e-6 or so is seen); the others have 11 and 8 bits, and
each layer adds its rounding.
"""


@dataclass(frozen=True)
class Said:
    """Of one conversation: the logits at each of its places [tokens, vocabulary], and the tokens of
    a greedy answer to its prompt, the end of the turn included.
    """

    logits: torch.Tensor
    answer: tuple[int, ...]


@dataclass(frozen=True)
class Likeness:
    """How far two models are apart on so many prompts; `logits` is relative to the largest one."""

    prompts: int
    logits: float
    equal_answers: int


@torch.inference_mode()
def say(model: Any, asked: Sequence[Encoded], ends: Sequence[int] | None = None) -> list[Said]:
    """What a model says to each conversation; without `ends` it stops as its own folder tells."""
    told: dict[str, Any] = {"max_new_tokens": ANSWER_TOKENS, "do_sample": False}
    if ends is not None:
        told |= {"eos_token_id": list(ends), "pad_token_id": ends[0]}
    found = []
    for row in asked:
        whole = torch.tensor([row.prompt_ids + row.answer_ids])
        prompt = torch.tensor([row.prompt_ids])
        logits = model(input_ids=whole).logits[0].float()
        written = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), **told)[
            0, prompt.shape[1] :
        ]
        found.append(Said(logits, tuple(written.tolist())))
    return found


def difference(one: Sequence[Said], other: Sequence[Said]) -> Likeness:
    """How far what two models said of the same is apart."""
    pairs = list(zip(one, other, strict=True))
    apart = max(float((a.logits - b.logits).abs().max()) for a, b in pairs)
    largest = max(float(a.logits.abs().max()) for a, _ in pairs)
    return Likeness(len(pairs), apart / largest, sum(a.answer == b.answer for a, b in pairs))


def require_like(found: Likeness, dtype: str, name: str) -> Likeness:
    """The same, if it is within tolerance. Raises `UserError` where it is not."""
    limit = TOLERANCE[dtype]
    if found.logits <= limit and found.equal_answers == found.prompts:
        return found
    mend = "use --dtype float32" if dtype != "float32" else "tell us: this is a fault of ours"
    raise UserError(
        f"merged into {dtype}, {name} does not say what it says with its adapter: nothing written",
        why=f"logits differ by {found.logits:.1e} of the largest (at most {limit:.0e} passes), "
        f"{found.equal_answers} of {found.prompts} greedy answers are equal",
        next_step=mend,
    )
