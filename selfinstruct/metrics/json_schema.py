"""The share of responses that are valid JSON under the user's schema."""

from pathlib import Path

from selfinstruct.chat import Reply
from selfinstruct.metrics.kinds import Metric
from selfinstruct.schema import read_schema
from selfinstruct.types import Example


def json_schema(path: Path) -> Metric:
    """A schema's file in, its metric out: 1 where the response is valid JSON under it, else 0.

    Raises `UserError` for a file that is missing or no schema.
    """
    is_valid = read_schema(path, "evaluate.json_schema")

    def score(_example: Example, reply: Reply) -> float:
        return float(is_valid(reply.response))

    return score
