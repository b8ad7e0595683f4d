"""Many requests over servers on loopback that fail by a script."""

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.served import ServedModel
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by
from tests.stub import faults
from tests.stub.server import Scenario, Stub, serving

LATENCY_S = 0.02


def requests(count: int, words: str = "") -> list[Request]:
    return [
        Request((Message("user", f"{words}{at}"),), Sampling(max_tokens=60), seed=at)
        for at in range(count)
    ]


def config(urls: str | Sequence[str], **fields: Any) -> ModelConfig:
    url = urls if isinstance(urls, str) else tuple(urls)
    given = {"parallel": 32, "attempts": 3, "api_key_env": "NO_KEY", "timeout_s": 5.0, **fields}
    return ModelConfig(backend="openai", name="m", base_url=url, **given)


def ask(
    urls: str | Sequence[str], asked: Sequence[Request], **fields: Any
) -> dict[int, Completion]:
    with closing(ServedModel(config(urls, **fields))) as model:
        answered = answered_by(model, asked)
    assert len({each.index for each in answered}) == len(answered)
    return {each.index: each.completion for each in answered}


def failed(answers: dict[int, Completion]) -> list[str]:
    return [each.error for each in answers.values() if each.finish_reason == "error"]


def test_every_request_is_answered_once_by_its_own_answer() -> None:
    asked = requests(200)
    with serving(Scenario(latency_s=LATENCY_S)) as stub:
        answers = ask(stub.url, asked)
    assert sorted(answers) == list(range(200))
    assert len({each.text for each in answers.values()}) == 200
    assert stub.told()["answered_twice"] == 0
    assert 16 < stub.peak <= 32


def test_a_server_with_few_slots_is_found_out_and_loses_nothing() -> None:
    scenario = Scenario(latency_s=LATENCY_S, slots=6, wait_headers=())
    with serving(scenario) as stub:
        answers = ask(stub.url, requests(150))
    assert not failed(answers)
    assert len(answers) == 150
    assert stub.told()["answered_twice"] == 0


def test_a_storm_of_refusals_is_sat_out() -> None:
    scenario = Scenario(latency_s=LATENCY_S, storm=(0.1, 0.7), wait_headers=())
    with serving(scenario) as stub:
        answers = ask(stub.url, requests(120), attempts=1)  # being told to wait is no failed try
    assert not failed(answers)
    assert len(answers) == 120
    assert stub.statuses[429] >= 1


def test_nobody_calls_before_the_server_said() -> None:
    wait = faults.too_many(("Retry-After", "0.5"))
    with serving(Scenario(script=faults.in_turn(wait))) as stub:
        answers = ask(stub.url, requests(20), parallel=1)
    assert not failed(answers)
    times = [seen.time for seen in stub.seen]
    assert times[1] - times[0] >= 0.5
    assert len(times) == 21


def a_day_for_the_third(_number: int, body: dict[str, Any]) -> faults.Fault:
    """The refusal at once, the others' answers some seconds after it, whatever else runs here."""
    if body["messages"][-1]["content"] == "2":
        return faults.too_many(("Retry-After", "86400"))
    return faults.drip(bytes_per_s=150)


def test_a_pause_of_a_day_ends_the_run_with_what_was_under_way() -> None:
    with (
        serving(Scenario(script=a_day_for_the_third)) as stub,
        closing(ServedModel(config(stub.url, parallel=4))) as model,
    ):
        arrived: list[int] = []
        with pytest.raises(IncompleteError, match="a pause of 86400 s"):
            for some in model.generate(requests(50)):
                arrived += [each.index for each in some]
    assert sorted(arrived) == [0, 1, 3]
    assert len(stub.seen) == 4


def test_the_whole_time_of_a_request_is_bounded() -> None:
    scenario = Scenario(script=faults.always(faults.too_many()))
    began = time.monotonic()
    with (
        serving(scenario) as stub,
        pytest.raises(IncompleteError, match=r"turned a request away for 0\.6 s"),
    ):
        ask(stub.url, requests(3), deadline_s=0.6)
    assert time.monotonic() - began < 20


def test_a_share_of_failures_stops_the_run() -> None:
    with serving(Scenario(script=faults.always(faults.BROKEN_JSON))) as stub:
        with pytest.raises(IncompleteError, match="20 of the last 20 requests"):
            ask(stub.url, requests(400), attempts=1, parallel=4)
        assert len(stub.seen) < 40


def test_some_failures_are_gaps_and_no_more() -> None:
    scenario = Scenario(script=lambda number, _: faults.ERROR_INSIDE if number % 5 == 0 else None)
    with serving(scenario) as stub:
        answers = ask(stub.url, requests(60), attempts=1)
    assert len(failed(answers)) == 12


def test_a_field_that_the_server_does_not_know_stops_the_run_soon() -> None:
    with serving(Scenario(script=faults.without("seed"))) as stub:
        with pytest.raises(UserError, match="refuses every request") as raised:
            ask(stub.url, requests(400), parallel=4)
        assert type(raised.value) is UserError
        assert len(stub.seen) <= 8


def test_a_wrong_key_costs_no_more_than_what_was_under_way() -> None:
    with serving(Scenario(key="right", latency_s=LATENCY_S)) as stub:
        with pytest.raises(UserError, match="refuses the key"):
            ask(stub.url, requests(400), parallel=4)
        assert len(stub.seen) <= 4


@pytest.mark.parametrize("fault", [faults.QUOTA_SPENT, faults.PAYMENT_DUE])
def test_a_spent_quota_keeps_what_was_paid(fault: faults.Fault) -> None:
    scenario = Scenario(script=faults.since(10, fault), latency_s=LATENCY_S)
    with serving(scenario) as stub, closing(ServedModel(config(stub.url, parallel=4))) as model:
        arrived = 0
        with pytest.raises(IncompleteError, match="quota"):
            for some in model.generate(requests(100)):
                arrived += len(some)
    assert arrived == 10
    assert len(stub.seen) <= 14


def test_requests_a_minute_are_spread() -> None:
    with serving() as stub:
        answers = ask(stub.url, requests(50), requests_per_minute=1200)
    times = [seen.time for seen in stub.seen]
    assert len(answers) == 50
    assert times[-1] - times[0] >= 1.0  # a second's worth goes at once: 21, then 20 a second
    assert not failed(answers)


def test_tokens_a_minute_are_counted_as_the_server_counts_them() -> None:
    with serving() as stub:
        ask(stub.url, requests(6), tokens_per_minute=6000, parallel=1)
    times = [seen.time for seen in stub.seen]
    # Some fifty tokens a call at a hundred a second, of which a second's worth goes at once.
    assert times[-1] - times[0] >= 0.5


def test_a_prompt_that_was_cut_stops_the_run_and_is_no_answer() -> None:
    with serving(Scenario(context=100)) as stub, pytest.raises(IncompleteError, match="cuts pro"):
        ask(stub.url, requests(5, "word " * 2000), parallel=1)
    assert len(stub.seen) == 1


def two(first: Scenario, second: Scenario, count: int = 80, **fields: Any) -> tuple[Stub, Stub]:
    with ExitStack() as stack:
        stubs = [stack.enter_context(serving(each)) for each in (first, second)]
        answers = ask([stub.url for stub in stubs], requests(count), **fields)
    assert not failed(answers)
    assert len(answers) == count
    return stubs[0], stubs[1]


def test_two_endpoints_share_the_work() -> None:
    alike = Scenario(latency_s=LATENCY_S)
    first, second = two(alike, alike)
    assert min(len(first.seen), len(second.seen)) > 20


def test_the_faster_endpoint_gets_more() -> None:
    first, second = two(Scenario(latency_s=0.4), Scenario(latency_s=LATENCY_S), parallel=8)
    assert len(second.seen) > 2 * len(first.seen)


def test_an_endpoint_that_breaks_down_is_left_alone() -> None:
    down = Scenario(script=faults.always(faults.RESET_AT_ONCE))
    first, second = two(down, Scenario(latency_s=LATENCY_S), parallel=8)
    assert len(first.seen) < 12
    assert second.told()["answered"] == 80


def test_an_endpoint_that_wants_quiet_leaves_it_to_the_other() -> None:
    full = Scenario(script=faults.always(faults.too_many(("Retry-After", "3600"))))
    first, second = two(full, Scenario(), parallel=8)
    assert len(first.seen) <= 8
    assert second.told()["answered"] == 80


def test_what_was_learnt_lasts_from_one_wave_to_the_next() -> None:
    with (
        serving(Scenario(latency_s=LATENCY_S)) as stub,
        closing(ServedModel(config(stub.url))) as model,
    ):
        answered_by(model, requests(100))
        used = len(stub.connections)
        stub.peak = 0
        answered_by(model, requests(32))
        assert stub.peak == 32
        assert len(stub.connections) == used
