"""Scores, watch, verdict and the end, on the tiny student; whole runs are in `test_runs.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import DivergedError
from selfinstruct.progress import Progress
from selfinstruct.round import Standing, State
from selfinstruct.stages import examining, making
from selfinstruct.store import Store
from selfinstruct.types import Interval, Mixture, Report, Request
from selfinstruct.verdict import Exams, Signal
from tests.frozen_run import rows
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")

RATIO = Interval(0.5, 0.4, 0.6)


def says_a(requests: Sequence[Request]) -> Iterator[str]:
    """A judge that is wrong in an orderly way: it takes whatever stands first."""
    for _ in requests:
        yield "A"


@pytest.mark.parametrize(
    ("signal", "blocks"),
    [
        (Signal("rare_words", "mixture", 0.2, 0.4, RATIO, 0.9, alarm=True), True),
        (Signal("nll_p95", "student", 5.0, 2.5, RATIO, 1.1, alarm=True), True),
        (Signal("rare_words", "synthetic", 0.2, 0.4, RATIO, 0.9, alarm=True), False),
        (Signal("rare_words", "mixture", 0.4, 0.4, RATIO, 0.9), False),
    ],
)
def test_alarms_block_but_those_of_synthetic_rows_alone(signal: Signal, blocks: bool) -> None:
    assert bool(examining.blocking((signal,))) == blocks
    if blocks:
        assert examining.blocking((signal,)) == (f"{signal.name} of the {signal.of}",)


def test_a_student_is_opened_once_for_all_its_rows(tiny_base: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, heard.append)
        student = making.train(here, 0, making.mix(here, 0, ()))
        exams = examining.examine(here, 0, student)
        assert [step.note for step in heard].count("loading real-only") == 1
        assert exams.gate.ids == tuple(row.id for row in here.data.gate)
        assert exams.dev is not None
        assert set(exams.dev.scores) == {"nll", "nats"}
        (general,) = exams.guards
        assert general.ids == tuple(row.id for row in here.guards)
        heard.clear()
        assert examining.examine(here, 0, student) == exams
        assert heard == []
        assert examining.examine(here, 0, here.base).dev is None  # the watch never looks at it


@pytest.mark.parametrize(
    ("sections", "dev", "guards"),
    [
        ({"watch": {"enabled": False}}, False, 1),
        ({}, True, 0),
        ({"watch": {"enabled": False}, "generate": {"focus": "weak"}}, True, 1),
    ],
)
def test_what_is_switched_off_costs_nothing(
    tiny_base: Path, tmp_path: Path, sections: dict[str, Any], dev: bool, guards: int
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, **sections)
        here = here if guards else replace(here, guards=())
        exams = examining.examine(here, 0, making.train(here, 0, making.mix(here, 0, ())))
        assert (exams.dev is not None, len(exams.guards)) == (dev, guards)


def test_a_verdict_holds_guards_and_watch_and_counts_its_look(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        base = examining.examine(here, 0, here.base)
        mixture = Mixture((*here.data.train, *rows("made", 4, origin="synthetic")), 0.25, 0.25)
        signals = examining.watch(here, 1, mixture, base, base)
        assert signals == examining.watch(here, 1, mixture, base, base)
        assert {signal.of for signal in signals} >= {"mixture"}
        standing = Standing(base, base, base)
        verdict = examining.decide(here, 1, base, standing, signals)
        assert verdict == examining.decide(here, 1, base, standing, signals)
        assert (verdict.outcome, verdict.look) == ("inconclusive", 1)
        assert [guard.name for guard in verdict.guards] == ["general"]
        assert examining.decide(here, 2, base, standing, signals).look == 2


def test_a_judge_is_heard_through_the_ledger(tiny_base: Path, tmp_path: Path) -> None:
    model = {"backend": "program", "name": "tests.test_stages_examining:says_a"}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(
            tiny_base, store, judge={"model": model}, gate={"metric": "judge", "min_rows": 2}
        )
        base = examining.examine(here, 0, here.base)
        other = replace(base.gate, checkpoint="c", answers=tuple(f"{i}" for i in range(6)))
        verdict = examining.decide(here, 1, Exams(other), Standing(base, Exams(other), base), ())
        assert verdict.metric == "judge"
        assert verdict.judge is not None
        assert (verdict.judge.rows, verdict.judge.split, verdict.judge.first) == (6, 6, 1.0)
        assert verdict.outcome == "inconclusive"
        assert store.spent()["calls"] == 12


def test_final_is_opened_for_base_control_and_champion_once(
    tiny_base: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, heard.append)
        report = Report("x", "gate", (), {}, ())
        standing = Standing(Exams(report), Exams(report), Exams(report))
        state = State(here.base, here.base, standing)
        examining.finish(here, state)
        assert store.report(here.base.digest, "final") is not None
        assert store.stage(0, "finish") == {"champion": here.base.digest, "name": "base"}
        heard.clear()
        examining.finish(here, state)
        assert heard == []


def test_a_student_whose_scores_are_no_numbers_is_remembered(
    tiny_base: Path, tmp_path: Path
) -> None:
    """Weights of 1e30 are numbers still; what comes of them is none."""
    hot = {"max_steps": 1, "batch_size": 4, "rank": 2, "learning_rate": 1e30, "warmup": 0.0}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, student={"name": str(tiny_base), **hot})
        mixture = making.mix(here, 1, ())
        student = making.train(here, 1, mixture)
        with pytest.raises(DivergedError, match="a likelihood of nan"):
            examining.examine(here, 1, student)
        assert "a likelihood of nan" in store.stage(1, "diverged")["why"]
        assert store.report(student.digest, "gate") is None
        with pytest.raises(DivergedError, match="a likelihood of nan"):
            making.train(here, 1, mixture)
