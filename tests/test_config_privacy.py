import pytest
from pydantic import ValidationError

from selfinstruct.config import PrivacyConfig


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"badge": "["}, "no regular expression"),
        ({"badge": "x*"}, "matches an empty text"),
        ({"Badge": "x"}, "a kind is named in a-z"),
        ({"": "x"}, "a kind is named in a-z"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(patterns: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PrivacyConfig(patterns=patterns)


def test_what_leaves_the_machine_is_hidden_unless_someone_says_otherwise() -> None:
    assert (PrivacyConfig().redact, PrivacyConfig().outputs) == ("remote", "reject")
