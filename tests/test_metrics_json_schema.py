import json
from pathlib import Path

import pytest

from selfinstruct.chat import Reply
from selfinstruct.errors import UserError
from selfinstruct.metrics.json_schema import json_schema
from selfinstruct.types import Example


@pytest.mark.parametrize(("response", "expected"), [('{"team": 1}', 1.0), ("{}", 0.0), ("team", 0)])
def test_a_response_counts_where_it_is_valid(
    tmp_path: Path, response: str, expected: float
) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"required": ["team"]}))
    assert json_schema(path)(Example("x", response="{}"), Reply(None, response)) == expected


def test_a_missing_file_is_refused_under_the_name_of_its_setting(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"evaluate.json_schema: .*gone.json cannot be read"):
        json_schema(tmp_path / "gone.json")
