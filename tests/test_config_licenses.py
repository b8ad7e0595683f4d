import pytest

from selfinstruct.config import parse_config
from selfinstruct.errors import UserError

PLAIN = {"seeds": {"path": "x"}, "teacher": {"backend": "program", "name": "m:f"}}


def test_all_licences_are_allowed_unless_some_are_named() -> None:
    assert parse_config(PLAIN).licenses.allow is None
    cfg = parse_config({**PLAIN, "licenses": {"allow": ["CC-BY-4.0"], "on_forbidden": "drop"}})
    assert cfg.licenses.allow == ("CC-BY-4.0",)
    assert cfg.identity["licenses.allow"] == ["CC-BY-4.0"]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"licenses": {"allow": []}}, "names no licence"),
        ({"licenses": {"allow": [" "]}}, "named on one line"),
        ({"licenses": {"allow": ["MIT\nGPL"]}}, "named on one line"),
        ({"licenses": {"allow": "MIT"}}, "licenses.allow"),
        ({"licenses": {"on_forbidden": "warn"}}, "licenses.on_forbidden"),
        ({"licences": {"allow": ["MIT"]}}, "did you mean licenses?"),
    ],
)
def test_a_policy_that_says_nothing_is_refused(section: dict[str, object], told: str) -> None:
    with pytest.raises(UserError) as error:
        parse_config({**PLAIN, **section})
    assert told in str(error.value)
