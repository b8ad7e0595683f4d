from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import GenerateConfig, PriceConfig
from selfinstruct.estimate import Evidence, busy_seconds, estimate, evidence_of
from selfinstruct.stats import wilson
from selfinstruct.store import Store
from selfinstruct.types import Completion, Example, Message, Prompt, Rejection, Screened

SEEN = Evidence(8, 800, 160, 2, 4, 16.0)


def test_a_round_goes_on_as_what_was_seen() -> None:
    found = estimate(SEEN, GenerateConfig(accept=100), PriceConfig(input=1, output=10))
    assert found is not None
    assert (found.share.value, found.accepted.value) == (0.5, 100)
    assert found.calls.value == pytest.approx(400)  # 200 candidates, two calls each
    assert found.tokens.value == pytest.approx(48_000)
    assert found.seconds.value == pytest.approx(800)
    assert found.cost is not None
    assert found.cost.value == pytest.approx(50 * (800 * 1 + 160 * 10) / 1e6)


def test_the_range_is_that_of_the_yield() -> None:
    found = estimate(SEEN, GenerateConfig(accept=100, max_candidates=10_000))
    share = wilson(2, 4)
    assert found is not None
    assert found.cost is None
    assert found.calls.low == pytest.approx(2 * 100 / share.high)
    assert found.calls.high == pytest.approx(2 * 100 / share.low)


def test_candidates_may_run_out_before_the_round_is_full() -> None:
    found = estimate(SEEN, GenerateConfig(accept=100, max_candidates=150))
    assert found is not None
    assert found.accepted.value == 75
    assert found.calls.value == found.calls.high == pytest.approx(300)
    few = GenerateConfig(max_candidates=40, prompts_per_wave=1)
    none = estimate(Evidence(4, 9, 9, 0, 4, 1.0), few)
    assert none is not None
    assert (none.accepted.value, none.calls.value) == (0, 40)


@pytest.mark.parametrize(
    ("seen", "calls"),
    [
        (Evidence(4, 9, 9, 3, 4, 1.0), 64),
        (Evidence(8, 9, 9, 3, 4, 1.0), 128),  # two a candidate
        (Evidence(4, 9, 9, 39, 40, 1.0), 64),  # ten candidates each
    ],
)
def test_the_first_wave_is_asked_whole_however_few_rows_are_wanted(
    seen: Evidence, calls: int
) -> None:
    found = estimate(seen, GenerateConfig(accept=5, prompts_per_wave=8, samples_per_prompt=8))
    assert found is not None
    assert (found.calls.low, found.calls.value) == (calls, calls)


@pytest.mark.parametrize("seen", [Evidence(0, 0, 0, 0, 0, 0.0), Evidence(2, 90, 9, 0, 0, 1.0)])
def test_without_a_candidate_there_is_no_estimate(seen: Evidence) -> None:
    assert estimate(seen, GenerateConfig()) is None


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 500), st.integers(1, 2000))
def test_every_estimate_lies_in_its_range(kept: int, lost: int, accept: int, most: int) -> None:
    seen = Evidence(2 * (kept + lost), 900, 90, kept, kept + lost, 5.0)
    found = estimate(
        seen, GenerateConfig(accept=accept, max_candidates=most), PriceConfig(input=1, output=2)
    )
    assert found is not None
    for each in (found.share, found.accepted, found.calls, found.tokens, found.seconds, found.cost):
        assert each is not None
        assert each.low <= each.value * (1 + 1e-12)
        assert each.value <= each.high * (1 + 1e-12)


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(5, 9)], 4),
        ([(0, 4), (1, 3), (2, 6)], 6),
        ([(100, 103), (0, 4)], 7),  # a night lies between them
        ([(0, 4), (2, None)], 4),
    ],
)
def test_time_is_counted_once_however_many_calls_are_under_way(
    spans: list[tuple[float, float | None]], seconds: float
) -> None:
    calls = [{"started": started, "ended": ended} for started, ended in spans]
    assert busy_seconds(calls) == seconds


class Overtaken(Store):
    """A reader whose run finishes a wave while it reads."""

    def calls(self) -> Any:
        found = super().calls()
        with Store(self.folder, write=True) as writer:
            writer.commit_wave(1, 0, Screened((Example("row"),)))
        return found


def test_evidence_is_that_of_one_moment(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "m", [("a", Prompt((Message("user", "x"),), "t", "v"), 0)])
    with Overtaken(tmp_path) as reader:
        assert evidence_of(reader) is None  # its call had no answer, so this is no price of a row
    with Store(tmp_path) as later:
        assert evidence_of(later) is not None


def test_the_waves_of_a_run_are_evidence_once_they_are_finished(tmp_path: Path) -> None:
    prompt = Prompt((Message("user", "x"),), "t", "v")
    rows = [Example(f"row {i}") for i in range(4)]
    with Store(tmp_path, write=True) as store:
        assert evidence_of(store) is None
        for key, wave in (("a", 0), ("b", 0), ("c", 1), ("judge", 1_000_000)):
            store.begin_attempts(1, wave, "m", [(key, prompt, 0)])
            store.end_attempts({key: Completion("x", "stop", 10, 5)})
        assert evidence_of(store) is None
        dropped = (Rejection(rows[2], "echo"), Rejection(rows[3], "round_full"))
        store.commit_wave(1, 0, Screened(tuple(rows[:2]), dropped))
        found = evidence_of(store)
    assert found is not None
    assert (found.calls, found.prompt_tokens, found.completion_tokens) == (2, 20, 10)
    assert (found.kept, found.candidates) == (3, 4)
