"""Judges and teachers that are functions, for the filters that ask them."""

import re
from collections.abc import Iterator, Sequence

from selfinstruct.types import Completion, Request

ANSWER = re.compile(r"<answer>\n(.*?)\n</answer>", re.DOTALL)
QUESTION = re.compile(r"<question>\n(.*?)\n</question>", re.DOTALL)


def fair(requests: Sequence[Request]) -> Iterator[str]:
    """Gives 5 where label and reply belong to the text, which all name one number's parity."""
    for request in requests:
        question, answer = _shown(request)
        number = re.search(r"\d+", question)
        right = number is not None and answer == _reference(int(number[0]))
        yield "5" if right else "2"


def coin(requests: Sequence[Request]) -> Iterator[str]:
    """Gives 4, whatever it sees."""
    for _ in requests:
        yield "4"


def mute_on_made(requests: Sequence[Request]) -> Iterator[str | Completion]:
    """Fair to real rows; of made ones it fails on every second text."""
    for request, said in zip(requests, fair(requests), strict=True):
        question, _ = _shown(request)
        number = re.search(r"\d+", question)
        odd = number is not None and int(number[0]) % 2
        if "made" in question and odd:
            yield Completion("", "error", error="503") if request.sample == 0 else "well"
        else:
            yield said


def prefers_round_1(requests: Sequence[Request]) -> Iterator[str]:
    """Of two answers the letter of the one that begins with that student's name."""
    for request in requests:
        first = request.messages[-1].content.partition("<answer_b>")[0]
        yield "A" if "round-1: " in first else "B"


def names_label(requests: Sequence[Request]) -> Iterator[str]:
    """Names the label of a text by the parity of its number."""
    for request in requests:
        number = re.search(r"\d+", request.messages[-1].content)
        yield ("refund", "fee")[int(number[0]) % 2] if number else "who knows"


def _shown(request: Request) -> tuple[str, str]:
    text = request.messages[-1].content
    question, answer = QUESTION.search(text), ANSWER.search(text)
    assert question is not None and answer is not None
    return question[1], answer[1]


def _reference(number: int) -> str:
    return f"{('refund', 'fee')[number % 2]}\nreply {number}"
