import pytest
from pydantic import ValidationError

from selfinstruct.config import ModelConfig, PrivacyConfig


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


@pytest.mark.parametrize(
    ("redact", "remote", "local"),
    [("remote", True, False), ("always", True, True), ("never", False, False)],
)
def test_who_is_shown_placeholders(redact: str, remote: bool, local: bool) -> None:
    cfg = PrivacyConfig.model_validate({"redact": redact})
    far = ModelConfig(backend="openai", name="m", base_url="https://api.openai.com/v1")
    assert cfg.hides_from(far) is remote
    assert cfg.hides_from(ModelConfig(backend="llamacpp", name="bundled")) is local
