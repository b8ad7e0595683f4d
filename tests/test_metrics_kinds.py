import pytest

from selfinstruct.chat import Reply
from selfinstruct.metrics.kinds import row_by_row
from selfinstruct.types import Example


def test_a_score_of_answers_keeps_to_their_rows_and_becomes_numbers() -> None:
    said = row_by_row(lambda example, reply: example.response == reply.response)
    rows = [Example("q", response="a"), Example("r", response="b")]
    assert said(rows, [Reply(None, "a"), Reply(None, "a")]) == (1.0, 0.0)
    with pytest.raises(ValueError, match="shorter"):
        said(rows, [Reply(None, "a")])
