"""Whether somebody else finds the label in a text that its writer was asked to put there.

A belief says of each label how likely a candidate has it: a student's probability, or the share of
those who were asked. A label is scored by the sum of the log probabilities of its tokens and of
what ends it, never by their mean: the sum is the probability that the student writes this label,
whereas the mean favours long labels, whose later tokens follow from the first.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from selfinstruct import chat
from selfinstruct.filters.screen import Verified
from selfinstruct.prompting import SHIPPED, Form, Prompts
from selfinstruct.quality.asking import text_of
from selfinstruct.quality.students import BEYOND_CONTEXT, Student, prompt_of, readable
from selfinstruct.recipes import Ask
from selfinstruct.types import Completion, Example, Prompt, Rejection, Sampling, Score

Belief = Mapping[str, float]
"""Label to probability or share, in 0..1; labels that are missing have none."""

UNJUDGED = "unjudged"
"""The reason of a candidate that nobody gave a readable answer about."""
FORM = Form(
    "quality/label.j2",
    {
        "labels": "fee, refund",
        "text": "What is this charge?",
        "shown": [{"text": "A fee?", "label": "fee"}],
    },
    {"shown": []},
)


def believe(
    examples: Sequence[Example],
    student: Student,
    labels: Sequence[str],
    target: chat.Target,
    system: str,
) -> list[Belief | None]:
    """How likely the student gives each label to each example, among these labels; None where an
    example does not fit into its context.
    """
    written = [" ".join(label.split()) for label in labels]
    prompts = [prompt_of(example, system) for example in examples]
    logs = student.choose(prompts, written, first_line=target == "label_and_response")
    return [
        None if each is None else dict(zip(labels, softmax(each), strict=True)) for each in logs
    ]


def softmax(logs: Sequence[float]) -> list[float]:
    """Natural logs of weights in, their shares out."""
    top = max(logs)
    weights = [math.exp(each - top) for each in logs]
    total = sum(weights)
    return [weight / total for weight in weights]


def tally(beliefs: Sequence[Belief | None]) -> Belief | None:
    """Several beliefs about one example as the share of them in which a label is the likeliest;
    None where one of them is.
    """
    said = [max(belief, key=lambda label: belief[label]) for belief in beliefs if belief]
    return _shares(said, len(beliefs)) if len(said) == len(beliefs) else None


def name_labels(
    examples: Sequence[Example],
    ask: Ask,
    labels: Sequence[str],
    shown: Sequence[Example],
    sampling: Sampling,
    k: int,
    prompts: Prompts = SHIPPED,
) -> list[Belief | None]:
    """The share of k answers that name each label; one that names none counts for none of them.

    None where all k calls about an example failed.
    """
    if not examples:
        return []
    asked = [label_prompt(example, labels, shown, prompts) for example in examples]
    found: list[Belief | None] = []
    for completions in ask(asked, sampling, k):
        said = [label for each in completions if (label := read_label(each, labels)) is not None]
        failed = all(each.finish_reason == "error" for each in completions)
        found.append(None if failed else _shares(said, k))
    return found


def label_prompt(
    example: Example,
    labels: Sequence[str],
    shown: Sequence[Example],
    prompts: Prompts = SHIPPED,
) -> Prompt:
    """The question which of the labels fits the example's text."""
    return prompts.build(
        FORM,
        (),
        example.id,
        labels=", ".join(labels),
        text=text_of(example),
        shown=[{"text": text_of(row), "label": row.label} for row in map(readable, shown)],
    )


def read_label(completion: Completion, labels: Sequence[str]) -> str | None:
    """The one of the labels that an answer names, None where it names none of them."""
    said = chat.read_answer(completion.text, "label").label
    by_form = {chat.normalise_label(label): label for label in labels}
    return None if said is None else by_form.get(chat.normalise_label(said))


def confirm(
    examples: Sequence[Example],
    beliefs: Sequence[Belief | None],
    least: float | None,
    name: str,
    reason: str,
    who: str,
    unknown: str = BEYOND_CONTEXT,
) -> Verified:
    """Kept is an example whose own label has no other before it, and `least` at least.

    The score is what its own label has, and tells the label that has most. `unknown` is the reason
    where there is no belief; a row without a label has no label to confirm.
    """
    rejections: dict[int, Rejection] = {}
    scores: list[Score] = []
    for at, (example, belief) in enumerate(zip(examples, beliefs, strict=True)):
        if belief is None or example.label is None:
            rejections[at] = Rejection(example, unknown if example.label else "no_label")
            continue
        own = _of(belief, example.label)
        most = max(belief.values(), default=0.0)
        said = next((label for label, share in belief.items() if share == most), "nothing")
        scores.append(Score(example.id, name, own, "model", f"{who} said {said}"))
        if own < most or own == 0 or (least is not None and own < least):
            rejections[at] = Rejection(example, reason, own, least)
    return Verified(rejections, tuple(scores))


def _of(belief: Belief, label: str) -> float:
    form = chat.normalise_label(label)
    return sum(share for each, share in belief.items() if chat.normalise_label(each) == form)


def _shares(said: Iterable[str], of: int) -> Belief:
    return {label: count / of for label, count in Counter(said).most_common()}
