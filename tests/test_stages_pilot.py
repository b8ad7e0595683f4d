from collections.abc import Sequence
from pathlib import Path

import pytest

from selfinstruct.account import SpentError
from selfinstruct.estimate import evidence_of
from selfinstruct.setting import Setting
from selfinstruct.stages import making
from selfinstruct.stages.pilot import NOT_ASKED, FewCalls, pilot
from selfinstruct.store import Store
from selfinstruct.types import Checkpoint, Completion, Message, Prompt, Report, Sampling
from tests.workplace import setting

TEACHER = {"backend": "program", "name": "tests.scripted_teacher:answer"}
GENERATE = {"accept": 8, "prompts_per_wave": 2, "samples_per_prompt": 4}


class Spy:
    """An `Ask` that writes down how many prompts and samples it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(
        self, prompts: Sequence[Prompt], _sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        self.asked.append((len(prompts), samples))
        return [
            [Completion(f"{i}/{j}", "stop") for j in range(samples)] for i in range(len(prompts))
        ]


def prompts(count: int) -> list[Prompt]:
    return [Prompt((Message("user", str(i)),), "t", "v") for i in range(count)]


@pytest.mark.parametrize(
    ("calls", "questions", "asked"),
    [
        (16, [(8, 8), (8, 1)], [(1, 8), (8, 1)]),
        (8, [(8, 8), (4, 1)], [(1, 4), (4, 1)]),
        (40, [(8, 8), (16, 1)], [(2, 8), (16, 1)]),  # 20 are two prompts of eight and a rest
        (8, [(8, 8), (30, 1), (2, 1)], [(1, 4), (2, 1), (2, 1)]),  # room for what follows
        (1, [(8, 8), (1, 1)], [(1, 1)]),
        (200, [(8, 8), (30, 1)], [(8, 8), (30, 1)]),
    ],
)
def test_a_pilot_reaches_the_first_calls_of_every_question(
    calls: int, questions: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    spy, few = Spy(), FewCalls(calls)
    for count, samples in questions:
        found = few(spy, prompts(count), Sampling(), samples)
        assert [len(row) for row in found] == [samples] * count
    assert spy.asked == asked
    made = sum(count * samples for count, samples in asked)
    assert (len(few.answers), few.left) == (made, calls - made)
    assert few.cut == sum(count * samples for count, samples in questions) - made
    assert NOT_ASKED not in few.answers


def test_what_a_pilot_paid_for_the_round_does_not_pay_again(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "whole" / "t", write=True) as store:
        here = setting(tiny_base, store, teacher=TEACHER, generate=GENERATE)
        whole = making.generate(here, 1, (), here.base)
        calls = len(store.calls())
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, teacher=TEACHER, generate=GENERATE)
        seen = pilot(here, 8)
        assert 4 < seen.calls == store.spent()["calls"] <= 8
        assert evidence_of(store) is None  # no wave is finished
        assert pilot(here, 8) == seen
        assert store.spent()["calls"] == seen.calls
        assert making.generate(here, 1, (), here.base) == whole
        assert store.spent()["calls"] == calls
        assert store.books().lost == {}


def test_a_pilot_goes_by_a_control_that_is_scored_as_its_round_does(
    tiny_base: Path, tmp_path: Path
) -> None:
    knobs = {**GENERATE, "prompts_per_wave": 4, "samples_per_prompt": 2, "focus": "weak"}

    def paid(name: str, weak: str | None, calls: int | None) -> set[str]:
        """The calls of a pilot, or those of the round where none is made."""
        with Store(tmp_path / name / "t", write=True) as store:
            here = setting(tiny_base, store, teacher=TEACHER, generate=knobs)
            if weak is not None:
                _score(here, weak)
            if calls is None:
                making.generate(here, 1, (), Checkpoint("control", str(tiny_base), None, "champ"))
            else:
                pilot(here, calls)
            return {row["key"] for row in store.replies()}

    whole = paid("whole", "refund", None)
    assert paid("same", "refund", 8) <= whole
    assert not paid("other", "fee", 8) <= whole
    assert not paid("unscored", None, 8) <= whole


def _score(here: Setting, weak: str) -> None:
    """Give the run a control that is far worse on one label."""
    rows = here.data.dev
    nll = tuple(9.0 if row.label == weak else 0.5 for row in rows)
    here.store.commit_report(
        Report("champ", "dev", tuple(row.id for row in rows), {"nll": nll}, ("",) * len(rows))
    )
    here.store.commit_stage(0, "train", {"digest": "champ"}, 0.0)


def test_a_pilot_counts_only_candidates_that_its_calls_reached(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, teacher=TEACHER, generate=GENERATE)
        seen = pilot(here, 8)
        assert seen.candidates == 4  # half of the calls asked questions, and each is one candidate
        assert 0 < seen.kept <= 4
        whole = pilot(here, 1000)
        assert whole.candidates == 8


def test_a_pilot_is_paid_from_the_same_budget(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(
            tiny_base, store, teacher=TEACHER, generate=GENERATE, budget={"max_calls": 3}
        )
        with pytest.raises(SpentError, match="max_calls"):
            pilot(here, 8)
        assert store.spent()["calls"] == 3
