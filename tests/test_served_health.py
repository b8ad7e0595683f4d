import pytest

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.served.health import Health
from selfinstruct.types import Message, Request, Sampling


def asked(characters: int) -> Request:
    return Request((Message("user", "x" * characters),), Sampling())


def test_a_failing_share_stops_the_run() -> None:
    health = Health("a.test")
    for at in range(10):
        health.answered()
        assert health.failed(f"HTTP 500 #{at}", refused=False) is None
    stop = health.failed("HTTP 500 #last", refused=False)
    assert type(stop) is IncompleteError
    assert "11 of the last 21 requests to a.test failed; the last: HTTP 500 #last" in str(stop)


def test_what_failed_long_ago_is_forgotten() -> None:
    health = Health("a.test")
    for _ in range(15):
        assert health.failed("x", refused=False) is None
    for _ in range(50):
        health.answered()
    for _ in range(25):
        assert health.failed("x", refused=False) is None
    assert health.failed("x", refused=False) is not None


def test_few_failures_are_no_share() -> None:
    health = Health("a.test")
    assert not [stop for _ in range(19) if (stop := health.failed("x", refused=False))]
    assert health.failed("x", refused=False) is not None


def test_the_same_refusal_of_everything_is_a_setting() -> None:
    health = Health("a.test")
    for _ in range(4):
        assert health.failed("HTTP 400: no field seed", refused=True) is None
    stop = health.failed("HTTP 400: no field seed", refused=True)
    assert type(stop) is UserError
    assert "no field seed" in str(stop)


@pytest.mark.parametrize("before", [True, False])
def test_some_bad_requests_are_none(before: bool) -> None:
    health = Health("a.test")
    if before:
        health.answered()
    for at in range(9):
        same = "too long" if before else f"too long by {at}"
        assert health.failed(same, refused=True) is None


@pytest.mark.parametrize(
    ("characters", "tokens", "cut"),
    [
        (40_000, 3_999, True),  # fewer than any tokeniser makes of it
        (40_000, 4_096, False),
        (40_000, 0, False),  # not counted by the server
        (1_999, 3, False),  # too short to say
    ],
)
def test_a_prompt_that_was_cut_far_is_noticed_at_once(
    characters: int, tokens: int, cut: bool
) -> None:
    assert (Health("a.test").was_cut(asked(characters), tokens) is not None) == cut


def test_prompts_of_other_lengths_with_one_count_were_cut() -> None:
    health = Health("a.test")
    assert health.was_cut(asked(18_000), 4096) is None
    assert health.was_cut(asked(20_000), 4096) is None
    told = health.was_cut(asked(24_000), 4096)
    assert told == "it counts 4096 tokens in prompts of 18000 and of 24000 characters alike"


def test_prompts_of_like_length_may_count_alike() -> None:
    health = Health("a.test")
    for characters in (18_000, 18_100, 18_300, 18_050, 20_000, 21_000) * 5:
        assert health.was_cut(asked(characters), 4096) is None
    for characters in (2_000, 5_000, 9_000):
        assert health.was_cut(asked(characters), 999) is None
