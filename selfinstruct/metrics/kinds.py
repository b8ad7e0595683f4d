"""The two kinds of scores: of one answer, and of all answers to a set of rows at once."""

from collections.abc import Callable, Sequence

from selfinstruct.chat import Reply
from selfinstruct.types import Example

Metric = Callable[[Example, Reply], float]
"""An example and the student's reply in, a number out, more is better."""

SetMetric = Callable[[Sequence[Example], Sequence[Reply]], tuple[float, ...]]
"""All examples and replies in, a number for each row out, whose mean is the score; more is better.
"""


def row_by_row(metric: Metric) -> SetMetric:
    """The score of a set that is the mean of the scores of its answers."""

    def of_set(examples: Sequence[Example], replies: Sequence[Reply]) -> tuple[float, ...]:
        return tuple(float(metric(*each)) for each in zip(examples, replies, strict=True))

    return of_set
