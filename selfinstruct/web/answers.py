"""JSON as the server answers it."""

import json
from typing import Any

from starlette import responses

from selfinstruct.disk.files import as_utf8


class JSONResponse(responses.JSONResponse):
    """Starlette's, which would fail on half of a character in the words of a row."""

    def render(self, content: Any) -> bytes:
        """The bytes that are sent."""
        return as_utf8(json.dumps(content, ensure_ascii=False, allow_nan=False))
