"""What a model answers, all of it."""

from collections.abc import Sequence

from selfinstruct.model import Answered, Model
from selfinstruct.types import Request


def answered_by(model: Model, requests: Sequence[Request]) -> list[Answered]:
    """Every answer, as it arrived."""
    return [each for arrived in model.generate(requests) for each in arrived]
