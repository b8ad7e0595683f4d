import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.served.trouble import Reply, Target, TryError, payload_of, refusal, wait_of

CANARY = "canary/0123+456"
TARGET = Target("https://a.test/v1", "a.test", "m", "THE_KEY", CANARY)
NOON = 1_700_000_000.0


def reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers or {}, raw)


def date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": " 3 "}, 3.0),
        ({"Retry-After": "-4"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1e999"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": date(NOON + 90)}, 90.0),
        ({"Retry-After": date(NOON - 90)}, 0.0),
        ({"Retry-After": date(NOON + 90), "Date": date(NOON + 60)}, 30.0),
        ({"Retry-After": "Mon, 99 Foo 2023 00:00:00 GMT"}, None),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"retry-after-ms": "later", "Retry-After": "9"}, 9.0),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(
    headers: Mapping[str, str], seconds: float | None
) -> None:
    assert wait_of(headers, NOON) == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"error": {"message": "slow down"}}, "throttled"),
        (529, {"type": "error", "error": {"type": "overloaded_error"}}, "throttled"),
        (200, {"error": {"code": 429, "message": "upstream is busy"}}, "throttled"),
        (200, {"error": {"message": "the model crashed"}}, "passing"),
        (200, {"error": "model is loading"}, "passing"),
        (200, b"<html>sign in</html>", "passing"),
        (200, b"", "passing"),
        (200, b"[" * 200_000, "passing"),
        (200, [1], "passing"),
        (500, b"oops", "passing"),
        (503, {"detail": "no worker"}, "passing"),
        (408, {}, "passing"),
        (400, {"error": {"message": "too long"}}, "refused"),
        (422, {"detail": [{"loc": ["body"]}]}, "refused"),
    ],
)
def test_what_one_request_may_survive(status: int, body: object, kind: str) -> None:
    with pytest.raises(TryError) as raised:
        payload_of(reply(status, body), TARGET)
    assert raised.value.kind == kind
    assert raised.value.wait_s is None


def test_an_overloaded_server_that_says_when_is_waited_for() -> None:
    found = refusal(reply(503, {}, {"Retry-After": "3"}), TARGET)
    assert isinstance(found, TryError)
    assert (found.kind, found.wait_s) == ("throttled", 3.0)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"error": {"message": "bad key"}}, UserError, "refuses the key in THE_KEY"),
        (403, {}, UserError, "refuses the key in THE_KEY"),
        (200, {"error": {"code": 401, "message": "who?"}}, UserError, "refuses the key"),
        (404, {"error": {"message": "no such model"}}, UserError, "serves no model m"),
        (307, b"", UserError, "HTTP 307"),
        (402, {}, IncompleteError, "quota"),
        (429, {"error": {"code": "insufficient_quota"}}, IncompleteError, "quota"),
        (400, {"type": "error", "error": {"type": "billing_error"}}, IncompleteError, "quota"),
    ],
)
def test_what_every_request_would_meet(
    status: int, body: object, kind: type[UserError], words: str
) -> None:
    with pytest.raises(UserError, match=words) as raised:
        payload_of(reply(status, body), TARGET)
    assert type(raised.value) is kind


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 402, 500])
def test_no_refusal_repeats_the_key(status: int) -> None:
    for body in ({"error": {"message": f"no {CANARY}"}}, f"no {CANARY}".encode(), {"x": CANARY}):
        found = refusal(reply(status, body), TARGET)
        assert CANARY not in str(found)


def test_an_answer_is_its_object() -> None:
    assert payload_of(reply(200, {"choices": []}), TARGET) == {"choices": []}


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("error"), inner),
)


@given(st.integers(100, 599), st.binary() | JSONS.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_back_is_an_answer_or_a_known_refusal(status: int, body: bytes) -> None:
    try:
        found = payload_of(Reply(status, {}, body), TARGET)
    except (TryError, UserError) as error:
        assert str(error)
    else:
        assert status == 200
        assert found == json.loads(body)


@given(st.dictionaries(st.sampled_from(["Retry-After", "retry-after-ms", "Date"]), st.text()))
def test_no_header_breaks_the_waiting(headers: dict[str, str]) -> None:
    seconds = wait_of(headers, time.time())
    assert seconds is None or 0 <= seconds < float("inf")
