import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.redaction import HIDDEN, hide, learn, redact, secrets_in

CANARY = "canary/0123+456=789"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"no {CANARY}!", "no [redacted]!"),
        ("at https://a.com/?q=canary%2F0123%2B456%3D789", "at https://a.com/?q=[redacted]"),
        ("Incorrect API key: sk-proj-abc_DEF-12345678.", "Incorrect API key: [redacted]."),
        ("hf_abcdefghij and gsk_abcdefghij", "[redacted] and [redacted]"),
        ("AIzaSyA-1234567890", "[redacted]"),
        ("{'Authorization': 'Bearer abcdefgh123'}", "{'Authorization': 'Bearer [redacted]'}"),
        ("authorization: BEARER abcdefgh123, next", "authorization: BEARER [redacted], next"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("GET /v1?alt=json&key=abc123#x", "GET /v1?alt=json&key=[redacted]#x"),
        ("api_key=abcdefgh&b=1", "api_key=[redacted]&b=1"),
        ('{"x-api-key": "abcdefgh12"}', '{"x-api-key": "[redacted]"}'),
        ("'apiKey' : 'abcdefgh12'", "'apiKey' : '[redacted]'"),
        ("proxy http://me:pass@box:1/", "proxy http://[redacted]@box:1/"),
        ("Bearer ?key==", "Bearer [redacted]"),
        ("(said Bearer abcdefgh123)", "(said Bearer [redacted])"),
    ],
)
def test_a_key_is_taken_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert redact(text, [CANARY]) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HTTP 500: the task-specific head of risk-adjusted-models is missing",
        "export OPENAI_API_KEY=...; any word will do",
        "unknown key seeds.splitt; did you mean split?",
        "teacher.api_key_env: 'OPENAI_API_KEY' -> 'OTHER_API_KEY'",
        "the bearer of this letter",
        "see https://a.com/docs?page=2 or mail me@a.com",
    ],
)
def test_words_that_only_sound_like_one_stay(text: str) -> None:
    assert redact(text, ["none", "x"]) == text


LETTERS = st.text("ab/%+é")
PIECES = st.sampled_from(
    ["Bearer ", "sk-", "api_key", "=", ": ", "abcdefgh12", "://", "@", "?key=", " ", "'", "[", "-"]
)


@given(LETTERS, LETTERS, st.text("ab/%+é", min_size=6))
def test_no_secret_survives_wherever_it_stands(before: str, after: str, secret: str) -> None:
    assert secret not in hide(f"{before}{secret}{after}", [secret]).replace(HIDDEN, "\0")


@given(st.lists(PIECES).map("".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_a_long_hostile_text_takes_no_long_time() -> None:
    for piece in ("bearer ", "api_key=", "://", "sk-", " ", "'", "?key=", "authorization: basic "):
        assert redact(piece * 100_000) is not None


def test_secrets_are_found_by_the_name_of_their_variable() -> None:
    environment = {
        "OPENAI_API_KEY": "abc123456 ",
        "hf_token": "abc123",
        "PATH": "/bin",
        "KEYBOARD": "us",
    }
    assert secrets_in(environment) == ("abc123456", "abc123")
    assert redact("abc123456 abc123 us", secrets_in(environment)) == "[redacted] [redacted] us"


def test_a_secret_that_was_learnt_counts_like_those_of_the_environment() -> None:
    learn("learnt-in-this-test")
    assert set(secrets_in({"A_KEY": "of-the-environment"})) >= {
        "learnt-in-this-test",
        "of-the-environment",
    }
