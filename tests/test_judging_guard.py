import json
from pathlib import Path

import numpy as np
import pytest

from selfinstruct.chat import Target
from selfinstruct.config import GuardConfig
from selfinstruct.errors import UserError
from selfinstruct.judging.guard import guard_rows, guarded_by, hold
from selfinstruct.shipped import shipped
from selfinstruct.types import Example, RealData, Report

OWN = Example(
    "Name the intent of this ticket.", "I was charged twice in March", "Sorry.", label="a"
)
DATA = RealData((OWN,), (), (OWN,), ())


def general(nats: list[float]) -> Report:
    ids = tuple(map(str, range(len(nats))))
    return Report("d", "general", ids, {"nats": tuple(nats)}, ("",) * len(nats))


def tasks(**scores: list[float]) -> Report:
    ids = tuple(f"{task}/{at}" for task, values in scores.items() for at in range(len(values)))
    values = tuple(value for values in scores.values() for value in values)
    return Report("d", "lm_eval", ids, {"score": values}, ("",) * len(ids))


def noise(count: int, shift: float = 0.0) -> list[float]:
    return [float(x) for x in np.random.default_rng(1).normal(30 + shift, 1.0, count)]


def test_the_seeds_that_ship_guard_by_default() -> None:
    rows = guard_rows(GuardConfig(rows=30), "response", Path(), DATA, seed=0)
    assert len(rows) == 30
    assert all(row.response for row in rows)
    assert rows == guard_rows(GuardConfig(rows=30), "response", Path(), DATA, seed=0)
    assert rows != guard_rows(GuardConfig(rows=30), "response", Path(), DATA, seed=1)


@pytest.mark.parametrize(
    ("path", "target", "named"),
    [
        ("auto", "label", None),
        ("auto", "label_and_response", "general"),
        ("auto", "response", "general"),
        ("general", "label", "general"),
        ("own.jsonl", "label", "own.jsonl"),
        (None, "response", None),
    ],
)
def test_a_student_of_labels_alone_is_guarded_only_where_that_is_asked(
    path: str | None, target: Target, named: str | None
) -> None:
    cfg = GuardConfig(path=path)
    assert guarded_by(cfg, target) == named
    if path == "auto":
        assert bool(guard_rows(cfg, target, Path(), DATA, seed=0)) == (named is not None)


def test_rows_that_the_student_learns_from_do_not_guard(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    rows = [
        {"instruction": "Name the capital of Peru.", "response": "Lima"},
        {"instruction": OWN.instruction, "input": OWN.input, "label": "a", "response": "Sorry."},
        {"instruction": "Say nothing at all here.", "label": "silence"},
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (kept,) = guard_rows(GuardConfig(path="other.jsonl"), "response", tmp_path, DATA, seed=0)
    assert kept.response == "Lima"
    path.write_text(f"{json.dumps(rows[1])}\n")
    with pytest.raises(UserError, match="no row that guards"):
        guard_rows(GuardConfig(path="other.jsonl"), "response", tmp_path, DATA, seed=0)


def test_a_run_of_the_shipped_seeds_themselves_has_no_such_guard() -> None:
    lines = shipped("seeds", "general.jsonl").read_text(encoding="utf-8").splitlines()
    own = tuple(
        Example(row["instruction"], row.get("input", ""), row["response"])
        for row in map(json.loads, lines)
    )
    assert guard_rows(GuardConfig(), "response", Path(), RealData(own, (), (), ()), seed=0) == ()
    assert guard_rows(GuardConfig(path=None), "response", Path(), DATA, seed=0) == ()


@pytest.mark.parametrize(
    ("lost", "spread", "held"),
    [(0.0, 0.1, "held"), (2.0, 0.5, "held"), (6.0, 0.5, "broken"), (2.9, 8.0, "unsure")],
)
def test_general_rows_are_held_to_a_share_of_what_the_base_needs(
    lost: float, spread: float, held: str
) -> None:
    base = noise(80)
    wobble = np.random.default_rng(2).normal(0, spread, 80)
    candidate = [float(b + lost + w) for b, w in zip(base, wobble - wobble.mean(), strict=True)]
    (guard,) = hold([general(candidate)], [general(base)], GuardConfig(margin=0.1), 0.05)
    assert (guard.name, guard.metric, guard.n, guard.held) == ("general", "nats", 80, held)
    assert guard.margin == pytest.approx(3.0, abs=0.05)
    assert guard.gain.value == pytest.approx(-lost, abs=1e-9)
    assert guard.candidate - guard.base == pytest.approx(lost, abs=1e-9)


def test_each_task_of_the_harness_is_a_guard_of_its_own() -> None:
    base = tasks(piqa=[1.0] * 60 + [0.0] * 40, arc=[1.0] * 90 + [0.0] * 10)
    candidate = tasks(piqa=[1.0] * 60 + [0.0] * 40, arc=[1.0] * 40 + [0.0] * 60)
    found = hold([candidate], [base], GuardConfig(margin=0.1), 0.05)
    assert [(guard.name, guard.held, guard.margin) for guard in found] == [
        ("piqa", "held", 0.1),
        ("arc", "broken", 0.1),
    ]
    assert found[1].gain.value == -0.5


def test_few_rows_leave_a_guard_unsure_though_nothing_was_lost() -> None:
    same = tasks(piqa=[1.0, 0.0, 1.0])
    assert hold([same], [same], GuardConfig(margin=0.02), 0.05)[0].held == "unsure"


def test_no_guard_rows_no_guards() -> None:
    assert hold((), (), GuardConfig(), 0.05) == ()
