import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.served.pace import Meter, Pace


def pace(most: int = 64, requests: float | None = None, tokens: float | None = None) -> Pace:
    return Pace(most, requests, tokens)


def fill(subject: Pace, now: float) -> int:
    started = 0
    while subject.has_room and subject.ready_at <= now:
        subject.start(now, 1)
        started += 1
    return started


def clean_round(subject: Pace, now: float) -> int:
    started = fill(subject, now)
    for _ in range(started):
        subject.answered(first_try=True)
    return started


def test_it_begins_with_few_and_doubles_while_all_goes_well() -> None:
    subject = pace(64)
    assert [clean_round(subject, float(at)) for at in range(7)] == [4, 8, 16, 32, 64, 64, 64]


def test_the_limit_a_user_sets_is_never_passed() -> None:
    assert clean_round(pace(3), 0.0) == 3
    assert clean_round(pace(1), 0.0) == 1


def test_a_limit_that_was_not_used_does_not_grow() -> None:
    subject = pace(64)
    for _ in range(40):
        subject.start(0.0, 1)
        subject.answered(first_try=True)
    assert subject.limit == 4


def test_answers_after_a_failure_do_not_count_as_clean() -> None:
    subject = pace(64)
    for _ in range(3):
        for _ in range(fill(subject, 0.0)):
            subject.answered(first_try=False)
    assert subject.limit == 4


def test_an_episode_of_refusals_cuts_once() -> None:
    subject = pace(64)
    for at in range(4):
        clean_round(subject, float(at))
    assert subject.limit == 64
    fill(subject, 10.0)
    for _ in range(64):
        subject.throttled(10.5, 10.0, None)
    assert subject.limit == pytest.approx(51.2)
    fill(subject, 11.0)
    subject.throttled(11.5, 11.0, None)
    assert subject.limit == pytest.approx(51.2 * 0.8)
    assert subject.in_flight == 50


def test_after_a_refusal_it_grows_by_a_twentieth() -> None:
    subject = pace(1000)
    for at in range(7):
        clean_round(subject, float(at))
    before = subject.limit
    fill(subject, 10.0)
    subject.throttled(10.5, 10.0, None)
    for _ in range(subject.in_flight):
        subject.failed()
    cut = subject.limit
    assert cut == pytest.approx(0.8 * before)
    clean_round(subject, 20.0)
    assert subject.limit == pytest.approx(1.05 * cut)


def refuse(subject: Pace, now: float, answers: int = 0) -> None:
    """One round: some are answered, the rest refused."""
    started = fill(subject, now)
    for _ in range(answers):
        subject.answered(first_try=True)
    for _ in range(started - answers):
        subject.throttled(now + 0.5, now, None)


def test_after_a_storm_it_is_soon_where_it_was() -> None:
    subject = pace(64)
    for at in range(4):
        clean_round(subject, float(at))
    for at in range(10, 40):
        refuse(subject, float(at))
    assert subject.limit == 1
    grown = []
    for at in range(50, 60):
        clean_round(subject, float(at))
        grown.append(int(subject.limit))
    assert grown[:6] == [2, 4, 8, 16, 32, 51]
    assert max(grown) < 64


def test_it_waits_before_the_wall_and_then_tries_it() -> None:
    subject = pace(64)
    for at in range(4):
        clean_round(subject, float(at))
    refuse(subject, 10.0, answers=40)  # sixty-four were too many
    found = []
    for at in range(100):
        clean_round(subject, 20.0 + at)
        found.append(subject.limit)
    assert 30 <= sum(58 < limit < 64 for limit in found[:40]) < 40
    assert found[-1] == 64


def test_it_never_falls_below_one() -> None:
    subject = pace(8)
    for at in range(50):
        subject.start(float(at), 1)
        subject.throttled(at + 0.5, float(at), None)
    assert subject.limit == 1
    assert subject.has_room


def test_nobody_starts_while_the_server_wants_quiet() -> None:
    subject = pace(8)
    subject.start(0.0, 1)
    subject.throttled(1.0, 0.0, 20.0)
    subject.start(1.0, 1)
    subject.throttled(2.0, 1.0, 5.0)
    assert subject.ready_at == 21.0


def test_a_token_that_was_not_used_is_given_back() -> None:
    subject = pace(8, tokens=60.0)
    subject.start(0.0, 30)
    assert subject.ready_at == pytest.approx(29.0)
    subject.answered(first_try=True, tokens_beyond=-20)
    assert subject.ready_at == pytest.approx(9.0)


@given(
    st.floats(0.5, 6000),
    st.lists(st.floats(0, 10), min_size=1, max_size=300),
)
def test_a_meter_lets_no_more_through_than_a_minute_and_a_second_hold(
    per_minute: float, steps: list[float]
) -> None:
    meter, now, taken = Meter(per_minute), 0.0, []
    for step in steps:
        now = max(now + step, meter.ready_at)
        meter.take(now, 1)
        taken.append(now)
    for start in taken:
        within = [at for at in taken if start <= at < start + 60]
        assert len(within) <= per_minute * 61 / 60 + 1


def test_without_a_limit_a_meter_is_always_ready() -> None:
    meter = Meter(None)
    for _ in range(5):
        meter.take(3.0, 1000)
    assert meter.ready_at <= 3.0


@given(st.lists(st.sampled_from(["start", "answered", "failed", "throttled"]), max_size=200))
def test_what_is_under_way_is_counted(moves: list[str]) -> None:
    subject, under_way, now = pace(16), 0, 0.0
    for move in moves:
        now += 0.1
        if move == "start" and subject.has_room:
            subject.start(now, 1)
            under_way += 1
        elif move != "start" and under_way:
            under_way -= 1
            match move:
                case "answered":
                    subject.answered(first_try=True)
                case "failed":
                    subject.failed()
                case _:
                    subject.throttled(now, now - 0.05, None)
        assert subject.in_flight == under_way
        assert 1 <= subject.limit <= 16
