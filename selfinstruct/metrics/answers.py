"""Scores of one answer: an example and the student's reply in, a number out, more is better."""

from functools import cache
from typing import Any

from selfinstruct import chat, text
from selfinstruct.types import Example


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
