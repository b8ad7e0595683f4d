"""Scores of one answer: an example and the student's reply in, a number out, more is better.

A report holds `nll` beside them, the mean negative log-likelihood of the reference's tokens in
nats, which takes no answer.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from selfinstruct import chat, text
from selfinstruct.errors import UserError
from selfinstruct.plugins import find_function
from selfinstruct.types import Example

Metric = Callable[[Example, chat.Reply], float]


class _Words:
    """The package's words in place of rouge_score's, which drop all but ASCII characters."""

    def tokenize(self, content: str) -> list[str]:
        return text.words(content)


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # brings nltk along, which takes a second

    return RougeScorer(["rougeL"], tokenizer=_Words())


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def accuracy(example: Example, reply: chat.Reply) -> float:
    """1 where the label is the reference's, up to case and outer punctuation, else 0."""
    if example.label is None or reply.label is None:
        return 0.0
    return float(chat.normalise_label(reply.label) == chat.normalise_label(example.label))


def exact_match(example: Example, reply: chat.Reply) -> float:
    """1 where the response is the reference's, up to case, width and spacing, else 0."""
    return float(text.normalise(reply.response) == text.normalise(example.response))


def rouge_l(example: Example, reply: chat.Reply) -> float:
    """ROUGE-L F1 of the response's words against the reference's, in 0..1 (Lin 2004)."""
    return float(_rouge().score(example.response, reply.response)["rougeL"].fmeasure)


def chrf(example: Example, reply: chat.Reply) -> float:
    """chrF2 of the response against the reference, in 0..1 (Popovic 2015; sacrebleu's).

    Of character n-grams, so it works for any script and forgives an ending.
    """
    return float(_chrf().sentence_score(reply.response, [example.response]).score) / 100


OF_LABELS: Mapping[str, Metric] = {"accuracy": accuracy}
OF_RESPONSES: Mapping[str, Metric] = {"rouge_l": rouge_l, "exact_match": exact_match, "chrf": chrf}
ALWAYS = ("accuracy", "rouge_l")


def metrics_of(target: chat.Target, more: Sequence[str] = ()) -> dict[str, Metric]:
    """The scores of an answer of this kind: those always taken, and `more` by name.

    A name is one of ours or `pkg.mod:function`, called with an example and a reply. Raises
    `UserError` for a name that is not there, and for a score of something the student does not
    write.
    """
    fitting = {
        **(OF_LABELS if target != "response" else {}),
        **(OF_RESPONSES if target != "label" else {}),
    }
    found = {name: metric for name, metric in fitting.items() if name in ALWAYS}
    for name in more:
        found[name] = find_function(name) if ":" in name else _ours(name, fitting, target)
    return found


def _ours(name: str, fitting: Mapping[str, Metric], target: chat.Target) -> Metric:
    if name in fitting:
        return fitting[name]
    if name in {**OF_LABELS, **OF_RESPONSES}:
        raise UserError(
            f"evaluate.metrics names {name}, and the student writes the {target} alone",
            next_step=f"leave it out; what fits is {', '.join(fitting)}",
        )
    near = difflib.get_close_matches(name, fitting, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(fitting)}"
    raise UserError(
        f"evaluate.metrics names {name!r}, which is no metric; {hint}",
        next_step="your own is named pkg.mod:function",
    )
