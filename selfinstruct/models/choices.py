"""How likely a model finds each of a few answers to a prompt, which is read once for all of them.

Answers that begin alike share what they begin with: a tree of tokens is walked from the prompt's
keys and values, one token at a time. A branch that is far behind an answer which is known already
is left, so that a choice among 77 labels costs about as much as the few that come into question.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

Ids = Sequence[int]

FIRST_LINE_GOES_ON = "A"
"""What stands on the next line, so that the line break is a token of the line that it ends."""
UNLIKELY = math.log(1e-4)
"""How far behind an answer another must be for its exact probability to be of no interest."""
CACHE_BYTES = 2**30
"""Keys and values that are held for one reading: beside them there may be as much at each depth."""


def first_line(tokenizer: Any, answer: Ids) -> list[int]:
    """The tokens of an answer up to the first that holds a line break, that one included."""
    for end in range(1, len(answer) + 1):
        if "\n" in tokenizer.decode(answer[:end]):
            return list(answer[:end])
    raise ValueError("the answer has no line break")


@dataclass(slots=True)
class Node:
    """A beginning of answers: how each goes on, and the numbers of those that end here."""

    children: dict[int, "Node"] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)

    def below(self) -> Iterator[int]:
        """The numbers of all answers that begin so, those that end here among them."""
        yield from self.ends
        for child in self.children.values():
            yield from child.below()


def tree_of(answers: Sequence[Ids]) -> Node:
    """The answers by their beginnings."""
    root = Node()
    for number, answer in enumerate(answers):
        node = root
        for token in answer:
            node = node.children.setdefault(token, Node())
        node.ends.append(number)
    return root


@dataclass(frozen=True, slots=True)
class _State:
    """A row of what was read: whose prompt, which beginning, and its log probability so far."""

    prompt: int
    node: Node
    log: float


@dataclass(frozen=True, slots=True)
class _Step:
    """A token to be read after the row of a state."""

    row: int
    token: int
    to: _State


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read: keys and values, which of them count [rows, length], and the logs of the next
    token [rows, vocabulary].
    """

    cache: Any
    mask: torch.Tensor
    logs: torch.Tensor

    def go_on(self, model: Any, steps: Sequence[_Step], *, last: bool) -> "_Read":
        """The same after a token more for each step; unless `last`, this stays as it is."""
        device = self.mask.device
        rows = torch.tensor([step.row for step in steps], device=device)
        tokens = torch.tensor([[step.token] for step in steps], device=device)
        before = self.mask[rows]
        cache = self.cache if last else copy.deepcopy(self.cache)
        cache.batch_select_indices(rows)
        mask = torch.cat([before, torch.ones_like(before[:, :1])], 1)
        read = model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=before.sum(-1, keepdim=True),
            past_key_values=cache,
            use_cache=True,
        )
        return _Read(read.past_key_values, mask, torch.log_softmax(read.logits[:, -1].float(), -1))

    def at_once(self) -> int:
        """How many rows of keys and values as long as these may be held."""
        layers = self.cache.layers
        held: int = sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)
        return max(1, CACHE_BYTES * len(self.mask) // max(1, held))

    def steps(self, states: Sequence[_State]) -> list[_Step]:
        """Every token that an answer goes on with after each row, with its log probability."""
        wanted = [
            (row, token, state.prompt, node)
            for row, state in enumerate(states)
            for token, node in state.node.children.items()
        ]
        if not wanted:
            return []
        rows, tokens = (torch.tensor([each[at] for each in wanted]) for at in (0, 1))
        logs = self.logs[rows.to(self.logs.device), tokens.to(self.logs.device)].tolist()
        return [
            _Step(row, token, _State(prompt, node, states[row].log + log))
            for (row, token, prompt, node), log in zip(wanted, logs, strict=True)
        ]


@torch.inference_mode()
def choice_logs(
    model: Any,
    prompts: Sequence[Ids],
    answers: Sequence[Ids],
    rows: int,
    device: torch.device,
    unlikely: float = UNLIKELY,
) -> list[tuple[float, ...]]:
    """For each prompt the natural log of the probability of each answer, the sum over its tokens.

    Exact for every answer that is not further than `unlikely` behind one that is found by going on
    with the likeliest token each time; of the others it is that of a beginning, so never too low.
    `rows` tokens are read at once, at most, or one a prompt. Prompts are padded on the left and
    masked, so a prompt's neighbours change its scores by float noise alone.
    """
    root = tree_of(answers)
    read = _read(model, prompts, device)
    states = [_State(prompt, root, 0.0) for prompt in range(len(prompts))]
    found = [[0.0] * len(answers) for _ in prompts]
    bounds = [log + unlikely for log in _greedy(model, read, states)]

    def walk(read: _Read, states: Sequence[_State]) -> None:
        ahead = []
        for step in read.steps(states):
            to = step.to
            likely = to.log >= bounds[to.prompt]
            for number in to.node.ends if likely else to.node.below():
                found[to.prompt][number] = to.log
            if likely and to.node.children:
                ahead.append(step)
        most = min(rows, read.at_once())
        for start in range(0, len(ahead), most):
            some, last = ahead[start : start + most], start + most >= len(ahead)
            walk(read.go_on(model, some, last=last), [step.to for step in some])

    walk(read, states)
    return [tuple(logs) for logs in found]


def _read(model: Any, prompts: Sequence[Ids], device: torch.device) -> _Read:
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
    return _Read(read.past_key_values, mask, torch.log_softmax(read.logits[:, -1].float(), -1))


def _greedy(model: Any, read: _Read, states: Sequence[_State]) -> list[float]:
    """For each prompt the log probability of one answer: on with the likeliest token each time."""
    best = [-math.inf] * len(states)
    first = True
    while states:
        likeliest: dict[int, _Step] = {}
        for step in read.steps(states):
            if step.row not in likeliest or step.to.log > likeliest[step.row].to.log:
                likeliest[step.row] = step
        for step in likeliest.values():
            if step.to.node.ends:
                best[step.to.prompt] = max(best[step.to.prompt], step.to.log)
        ahead = [step for step in likeliest.values() if step.to.node.children]
        if ahead:
            read = read.go_on(model, ahead, last=not first)
        states, first = [step.to for step in ahead], False
    return best
