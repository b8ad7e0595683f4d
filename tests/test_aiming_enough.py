"""When a round has enough, and how much its next wave asks: held to a look at all of its waves."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.aiming.enough import Ending, ending, judged_by, next_prompts
from selfinstruct.aiming.goals import goal_of, goals
from selfinstruct.aiming.weights import shrunk
from selfinstruct.aiming.yields import Seen, count
from selfinstruct.config import GenerateConfig
from selfinstruct.types import Example, Rejection, Screened
from tests.counted import tally_of

Asked = tuple[int, Screened]


def wave(accepted: int, rejected: int) -> Screened:
    rng = random.Random(f"{accepted}/{rejected}")
    example = Example(str(rng.random()))
    return Screened((example,) * accepted, (Rejection(example, "echo"),) * rejected)


@pytest.mark.parametrize(
    ("waves", "limits", "ended"),
    [
        ([], {}, None),
        ([wave(5, 5)], {"accept": 6}, None),
        ([wave(6, 5)], {"accept": 6}, "full"),
        ([wave(6, 5)], {"accept": 6, "max_candidates": 11}, "full"),
        ([wave(1, 9)], {"max_candidates": 11}, None),
        ([wave(1, 10)], {"max_candidates": 11}, "candidates"),
        ([wave(0, 9)], {"stall": 0.1}, None),
        ([wave(0, 9), wave(1, 9)], {"stall": 0.1}, "stalled"),
        ([wave(0, 9), wave(2, 9)], {"stall": 0.1}, None),
        ([wave(0, 9), wave(0, 9)], {"stall": 0.0}, None),
        ([wave(0, 9), wave(0, 9)], {"stall": None}, None),
        ([wave(9, 0), wave(0, 9), wave(0, 9)], {"stall": 0.1}, "stalled"),
        ([wave(0, 0), wave(0, 0)], {"stall": 0.1}, "stalled"),
    ],
)
def test_a_round_is_full_or_out_of_candidates_or_stalled(
    waves: list[Screened], limits: dict[str, float | None], ended: Ending | None
) -> None:
    cfg = GenerateConfig.model_validate({"accept": 100, "max_candidates": 1000, **limits})
    assert ending(tally_of((cfg.prompts_per_wave, each) for each in waves), cfg) == ended


def test_small_last_waves_are_too_few_to_call_a_round_stalled() -> None:
    cfg = GenerateConfig(accept=100, prompts_per_wave=8, stall=0.1)
    first, small = (8, wave(20, 40)), (1, wave(0, 8))
    assert ending(tally_of([first, small, small]), cfg) is None
    assert ending(tally_of([first, *[small] * 15]), cfg) is None
    assert ending(tally_of([first, *[small] * 16]), cfg) == "stalled"


@pytest.mark.parametrize(
    ("waves", "prompts"),
    [
        ([], 8),
        ([(8, wave(0, 64))], 8),  # nothing to go by
        ([(8, wave(32, 32))], 8),  # 68 missing, 4 a prompt: more than a wave
        ([(8, wave(32, 32)), (8, wave(32, 32))], 8),  # 36 missing: 9 would do
        ([(8, wave(40, 24)), (8, wave(40, 24))], 4),  # 20 missing, 5 a prompt
        ([(8, wave(40, 24)), (8, wave(59, 5))], 1),
        ([(8, wave(1, 63)), (8, wave(1, 463))], 2),  # 36 candidates left of 528 by 16
    ],
)
def test_a_wave_asks_what_should_bring_the_missing_rows(waves: list[Asked], prompts: int) -> None:
    cfg = GenerateConfig(accept=100, max_candidates=564, prompts_per_wave=8)
    assert next_prompts(tally_of(waves), cfg) == prompts


def test_a_wave_for_a_hard_quota_goes_by_the_yield_of_that_quota() -> None:
    hard = {"quotas": {"a": 50, "b": 50}, "accept": 100, "prompts_per_wave": 40}
    cfg = GenerateConfig.model_validate(hard)
    easy = tuple(Example(f"a {n}", label="a") for n in range(50))
    few = tuple(Example(f"b {n}", label="b") for n in range(46))
    dropped = tuple(Rejection(Example(f"lost {n}", label="b"), "echo") for n in range(904))
    seen = tally_of([(125, Screened((*easy, *few), dropped))])  # 8 candidates a prompt
    prior = 16 * 96 / 1000
    assert next_prompts(seen, cfg) == math.ceil(4 / ((46 + prior) / (950 + 16)) / 8) == 11
    together = GenerateConfig.model_validate({**hard, "quotas": {}})
    assert next_prompts(seen, together) == math.ceil(4 / 96 * 125) == 6


LABELS = st.sampled_from(["a", "b", None])
REASONS = st.sampled_from(["echo", "quota_full", "failed_call"])
ROWS = st.lists(st.builds(Example, st.text("xyz", max_size=3), label=LABELS), max_size=4)
WAVES = st.builds(
    lambda kept, lost, reason: Screened(tuple(kept), tuple(Rejection(row, reason) for row in lost)),
    ROWS,
    ROWS,
    REASONS,
)


@given(
    st.lists(st.tuples(st.integers(1, 4), WAVES), max_size=8),
    st.booleans(),
    st.sampled_from([None, 0.0, 0.3, 0.5]),
)
def test_the_numbers_so_far_say_what_all_waves_would(
    waves: list[Asked], aimed: bool, stall: float | None
) -> None:
    knobs = {"accept": 20, "max_candidates": 40, "prompts_per_wave": 3, "stall": stall}
    cfg = GenerateConfig.model_validate({**knobs, "quotas": {"a": 4, "b": 9} if aimed else {}})
    tally = tally_of(waves, judged_by(cfg))
    assert ending(tally, cfg) == ending_of_all(waves, cfg)
    if ending(tally, cfg) is None:
        assert next_prompts(tally, cfg) == prompts_after_all(waves, cfg)


def ending_of_all(waves: Sequence[Asked], cfg: GenerateConfig) -> Ending | None:
    """The rule as a round once asked it of every wave anew."""
    if sum(len(wave.accepted) for _, wave in waves) >= cfg.accept:
        return "full"
    if sum(len(wave.accepted) + len(wave.rejected) for _, wave in waves) >= cfg.max_candidates:
        return "candidates"
    prompts = kept = seen = 0
    for asked, wave in reversed(waves):
        if prompts >= 2 * cfg.prompts_per_wave:
            break
        prompts += asked
        kept += len(wave.accepted)
        seen += len(wave.accepted) + len(wave.rejected)
    if cfg.stall is None or prompts < 2 * cfg.prompts_per_wave:
        return None
    return "stalled" if seen == 0 or kept / seen < cfg.stall else None


def prompts_after_all(waves: Sequence[Asked], cfg: GenerateConfig) -> int:
    """... and this one."""
    asked = sum(prompts for prompts, _ in waves)
    accepted = [row for _, wave in waves for row in wave.accepted]
    candidates = len(accepted) + sum(len(wave.rejected) for _, wave in waves)
    enough = [cfg.prompts_per_wave]
    wanted = goals(cfg)
    if accepted and len(wanted) == 1:
        enough.append(math.ceil((cfg.accept - len(accepted)) * asked / len(accepted)))
    elif accepted:
        seen = count((wave for _, wave in waves), lambda row: goal_of(row, wanted))
        rates = shrunk({goal: seen.get(goal, Seen()) for goal in wanted.values()})
        lacks = {
            goal: goal.count - sum(goal_of(row, wanted) == goal for row in accepted)
            for goal in wanted.values()
        }
        prompts = sum(rows / rates[goal] for goal, rows in lacks.items() if rows > 0)
        enough.append(math.ceil(prompts * asked / candidates))
    if candidates:
        enough.append(math.ceil((cfg.max_candidates - candidates) * asked / candidates))
    return min(enough)
