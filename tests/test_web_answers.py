"""JSON as the server answers it."""

import json

import pytest

from selfinstruct.web.answers import JSONResponse


@pytest.mark.parametrize(
    "text", ["plain", "返金 \U0001f389", "half \ud83d", "\\\ud83d", "NUL \0 \u202e"]
)
def test_any_text_arrives_as_it_was(text: str) -> None:
    body = JSONResponse({"text": text}).body
    assert json.loads(bytes(body).decode()) == {"text": text}


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        JSONResponse({"value": float("nan")})
