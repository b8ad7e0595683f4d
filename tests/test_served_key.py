"""Keys of the environment and of a keyring; the keyring is a fake, told apart by its users."""

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import read_endpoint
from selfinstruct.errors import UserError
from selfinstruct.redaction import HIDDEN, redact, secrets_in
from selfinstruct.served.key import read_key

CANARY = "canary-0123456789"
HOSTED, HERE, OPEN = "https://api.example.com/v1", "http://127.0.0.1:1/v1", "http://gpu-box:8000/v1"
FAKE = "tests.fake_keyring"


def read(url: str, environment: dict[str, str], library: str = FAKE, **fields: str) -> str | None:
    cfg = ModelConfig(
        backend="openai", name="m", base_url=url, allow_http=True, api_key_env="TEACHER_KEY"
    ).model_copy(update=fields)
    return read_key(cfg, read_endpoint(url, allow_http=True), environment, library)


@pytest.mark.parametrize(
    ("url", "value", "key"),
    [
        (HOSTED, CANARY, CANARY),
        (HOSTED, f" {CANARY}\n", CANARY),
        (HERE, CANARY, CANARY),
        (HERE, "", None),
        (OPEN, CANARY, None),  # it stays here: the wire is open
    ],
)
def test_where_a_key_goes(url: str, value: str, key: str | None) -> None:
    assert read(url, {"TEACHER_KEY": value}) == key


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "api.example.com needs a key, and TEACHER_KEY is not set"),
        ("canary-é-0123456789", "TEACHER_KEY holds characters"),
        ("canary\n0123456789", "TEACHER_KEY holds characters"),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused_unseen(value: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        read(HOSTED, {"TEACHER_KEY": value})
    assert "canary" not in str(raised.value)


def test_a_key_of_the_keyring_goes_before_the_environments_and_is_known_to_redaction() -> None:
    place = {"api_key_keyring": "teachers/mine/me"}
    assert read(HOSTED, {"TEACHER_KEY": CANARY}, **place) == "ring-word-of-teachers/mine"
    told = redact("401: no ring-word-of-teachers/mine here", secrets_in({}))
    assert told == f"401: no {HIDDEN} here"


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("nobody", "holds no key for s/nobody(.|\n)*keyring set s nobody"),
        ("locked", "cannot be asked for s/locked: it is locked(.|\n)*api_key_env"),
        ("odd", "s/odd holds characters"),
    ],
)
def test_a_keyring_that_gives_no_key_says_so(user: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(HOSTED, {"TEACHER_KEY": CANARY}, api_key_keyring=f"s/{user}")


def test_over_an_open_wire_the_keyring_is_not_even_asked() -> None:
    assert read(OPEN, {}, api_key_keyring="s/locked") is None


def test_a_keyring_that_is_not_installed_is_told_with_the_command() -> None:
    with pytest.raises(UserError, match=r"pip install 'selfinstruct\[keyring\]'"):
        read(HOSTED, {}, "no_such_keyring", api_key_keyring="s/me")
