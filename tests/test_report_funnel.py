from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import FormatConfig
from selfinstruct.filters import (
    children,
    contamination,
    contradiction,
    executable,
    language,
    length,
    script,
)
from selfinstruct.filters.format import Formats
from selfinstruct.filters.heuristics import INSTANCE_CHECKS, INSTRUCTION_CHECKS
from selfinstruct.report.funnel import OTHER, STEPS, funnel
from selfinstruct.report.gather import RoundFacts
from selfinstruct.types import Example, Rejection, Screened

REASONS = [reason for names in STEPS.values() for reason in names]


def a_round(kept: int, reasons: list[str], mixture: tuple[Example, ...] | None) -> RoundFacts:
    accepted = tuple(Example(f"kept {i}") for i in range(kept))
    rejected = tuple(Rejection(Example(f"d {i}"), reason) for i, reason in enumerate(reasons))
    return RoundFacts(1, waves=(Screened(accepted, rejected),), mixture=mixture)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.lists(st.sampled_from([*REASONS, "of_a_plugin"]))),
        max_size=4,
    )
)
def test_nothing_vanishes_and_nothing_grows(rounds: list[tuple[int, list[str]]]) -> None:
    steps = funnel(a_round(kept, reasons, None) for kept, reasons in rounds)
    total = sum(kept + len(reasons) for kept, reasons in rounds)
    assert steps[0].left == total
    assert steps[-1].left == sum(kept for kept, _ in rounds)
    assert sum(step.dropped for step in steps) + steps[-1].left == total
    assert all(before.left - step.dropped == step.left for before, step in pairwise(steps))
    assert all(sum(n for _, n in step.reasons) == step.dropped for step in steps)


def test_every_reason_belongs_to_one_step() -> None:
    assert len(REASONS) == len(set(REASONS))


def test_the_reasons_of_the_filters_are_known() -> None:
    of_modules = {
        module.REASON
        for module in (children, contamination, contradiction, executable, language, length, script)
    }
    made = Formats.of((), FormatConfig(json_responses=True)).faults
    of_tables = {*INSTANCE_CHECKS, *INSTRUCTION_CHECKS, *(reason for reason, _ in made)}
    assert of_modules | of_tables | {executable.NO_CODE} <= set(REASONS)


def test_an_unknown_reason_is_dropped_by_other_checks() -> None:
    steps = {step.name: step for step in funnel([a_round(1, ["of_a_plugin"], None)])}
    assert steps[OTHER].reasons == (("of_a_plugin", 1),)
    assert OTHER not in {step.name for step in funnel([a_round(1, ["echo"], None)])}


def test_the_last_step_counts_kept_rows_that_a_student_learned_from() -> None:
    mixture = (Example("kept 0"), Example("real"))
    last = funnel([a_round(3, [], mixture)])[-1]
    assert (last.name, last.left, last.dropped) == ("trained on", 1, 2)
