from dataclasses import replace

import pytest

from selfinstruct.errors import DivergedError
from selfinstruct.round import Kit, Pool, Signals, Standing, State, advance, grow, run_round, start
from selfinstruct.types import (
    Checkpoint,
    Example,
    Interval,
    Mixture,
    Rejection,
    Report,
    Screened,
)
from selfinstruct.verdict import Exams, FailedRound, Outcome, Signal, Verdict

BASE = Checkpoint("base", "base", None, "b")
REAL = tuple(Example(f"real {i}", response="r") for i in range(3))


def made(index: int) -> Example:
    return Example(f"made {index}", response="r", origin="synthetic", round=index)


class Bench:
    """A kit of fakes that writes down what was asked of it."""

    def __init__(self, *outcomes: Outcome, diverges: str = "", at: int = 1) -> None:
        self.outcomes = outcomes
        self.diverges = (diverges, at)
        self.asked: list[str] = []
        self.drops: Screened | None = None
        self.kit = Kit(
            self.generate,
            self.review,
            self.doubt,
            self.mix,
            self.train,
            self.evaluate,
            self.watch,
            self.decide,
        )

    def generate(self, index: int, pool: Pool, champion: Checkpoint) -> Screened:
        self.asked.append(f"generate {index} from {len(pool)} for {champion.name}")
        return Screened((made(index),), (Rejection(made(99), "too_short"),))

    def review(self, index: int, pool: Pool, champion: Checkpoint, screened: Screened) -> Screened:
        rows = len(screened.accepted)
        self.asked.append(f"review {rows} of {index} beside {len(pool)} for {champion.name}")
        return screened if self.drops is None else self.drops

    def doubt(self, index: int, accepted: Pool, control: Checkpoint) -> Signals:
        self.asked.append(f"doubt {len(accepted)} of {index} by {control.name}")
        return (Signal("label_agreement", "synthetic", 10 * index, 0),)

    def mix(self, index: int, pool: Pool) -> Mixture:
        self.asked.append(f"mix {index} with {len(pool)}")
        return Mixture((*REAL, *pool), 0.5, len(pool) / (len(pool) + 3))

    def train(self, index: int, mixture: Mixture) -> Checkpoint:
        self.asked.append(f"train {index} on {len(mixture.rows)}")
        if self.diverges == ("train", index):
            raise DivergedError("training diverged at step 2")
        return Checkpoint(f"s{index}", "base", None, f"d{index}")

    def evaluate(self, index: int, checkpoint: Checkpoint) -> Exams:
        self.asked.append(f"evaluate {checkpoint.name} in round {index}")
        if self.diverges == ("evaluate", index):
            raise DivergedError("a likelihood of nan")
        return Exams(Report(checkpoint.digest, "gate", ("a",), {"accuracy": (1.0,)}, ("x",)))

    def watch(self, index: int, mixture: Mixture, candidate: Exams, control: Exams) -> Signals:
        self.asked.append(f"watch {name(candidate)} on {len(mixture.rows)} beside {name(control)}")
        return (Signal("depth", "mixture", index, 0),)

    def decide(self, index: int, candidate: Exams, standing: Standing, signals: Signals) -> Verdict:
        assert [signal.value for signal in signals] == [10 * index, index]
        held = f"{name(standing.champion)}, {name(standing.base)} and {name(standing.control)}"
        self.asked.append(f"decide {name(candidate)} against {held}")
        gain = Interval(0.1, 0.0, 0.2)
        outcome = self.outcomes[index - 1]
        return Verdict(outcome, "accuracy", 1, 0.5, 0.6, gain, 0.01, 0.01, 1, 0, 0.1, "because")


def name(exams: Exams) -> str:
    return exams.gate.checkpoint


def play(*outcomes: Outcome) -> tuple[Bench, State]:
    bench = Bench(*outcomes)
    state = start(bench.kit, BASE)
    for index in range(1, len(outcomes) + 1):
        state = advance(state, run_round(bench.kit, state, index))
    return bench, state


def test_round_zero_trains_the_control_on_real_rows_alone() -> None:
    bench, state = play()
    assert bench.asked == [
        "evaluate base in round 0",
        "mix 0 with 0",
        "train 0 on 3",
        "evaluate s0 in round 0",
    ]
    assert (state.champion.name, state.pool, state.vain) == ("s0", (), 0)


def test_an_accepted_round_keeps_its_student_and_its_rows() -> None:
    bench, state = play("accept", "reject")
    assert state.champion.name == "s1"
    assert state.pool == (made(1),)
    assert bench.asked[-8:] == [
        "generate 2 from 1 for s1",
        "review 1 of 2 beside 1 for s1",
        "doubt 1 of 2 by s0",
        "mix 2 with 2",
        "train 2 on 5",
        "evaluate s2 in round 2",
        "watch d2 on 5 beside d0",
        "decide d2 against d1, b and d0",
    ]


@pytest.mark.parametrize("outcome", ["reject", "inconclusive"])
def test_a_round_that_is_not_accepted_leaves_nothing_behind(outcome: Outcome) -> None:
    bench, state = play(outcome, outcome)
    assert (state.champion.name, state.pool, state.vain) == ("s0", (), 2)
    assert "generate 2 from 0 for s0" in bench.asked
    assert bench.asked[-1] == "decide d2 against d0, b and d0"
    assert state.control == state.champion


@pytest.mark.parametrize(
    ("stage", "why"),
    [("train", "training diverged at step 2"), ("evaluate", "a likelihood of nan")],
)
def test_a_student_that_is_no_numbers_is_never_judged_and_leaves_nothing_behind(
    stage: str, why: str
) -> None:
    bench = Bench("accept", "accept", "accept", diverges=stage, at=2)
    first = run_round(bench.kit, start(bench.kit, BASE), 1)
    before = advance(start(bench.kit, BASE), first)
    done = run_round(bench.kit, before, 2)
    assert isinstance(done, FailedRound)
    assert (done.index, done.why, done.accepted) == (2, why, (made(2),))
    assert done.rejected == {"too_short": 1}
    assert bench.asked[-1].startswith(stage)
    after = advance(before, done)
    assert after == replace(before, vain=1)
    assert advance(after, run_round(bench.kit, after, 3)).champion.name == "s3"


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_without_a_control_there_is_no_run(stage: str) -> None:
    bench = Bench(diverges=stage, at=0)
    with pytest.raises(DivergedError):
        start(bench.kit, BASE)


def test_accepting_forgets_earlier_rounds_in_vain() -> None:
    assert play("reject", "accept")[1].vain == 0


def test_a_round_accounts_for_every_candidate() -> None:
    bench = Bench("accept")
    done = run_round(bench.kit, start(bench.kit, BASE), 1)
    assert done.accepted == (made(1),)
    assert done.rejected == {"too_short": 1}


@pytest.mark.parametrize("diverges", ["", "train"])
def test_what_people_leave_is_what_is_mixed_kept_and_counted(diverges: str) -> None:
    bench = Bench("accept", diverges=diverges)
    bench.drops = Screened((made(7), made(8)), (Rejection(made(1), "dropped_by_person"),))
    done = run_round(bench.kit, start(bench.kit, BASE), 1)
    assert "mix 1 with 2" in bench.asked
    assert done.accepted == (made(7), made(8))
    assert done.rejected == {"dropped_by_person": 1}


def test_a_row_already_in_the_pool_keeps_its_place_and_origin() -> None:
    again = replace(made(1), round=5)
    assert grow((made(1), made(2)), (again, made(3), made(3))) == (made(1), made(2), made(3))
