import math
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.report.gather import gather
from selfinstruct.store import Store
from selfinstruct.types import RealData
from tests.finished import write_run
from tests.reported import Plan, write_reported_run


def test_all_that_a_run_recorded_is_there(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    facts = gather(tmp_path)
    control, first, second = facts.rounds
    assert (control.student, first.student) == ("real-only", "round-1")
    assert (len(first.accepted), len(first.rejected)) == (12, 18)
    assert len(first.mixture or ()) == len(facts.data.train) + 12
    assert sum(map(math.isnan, second.losses)) == 1
    assert [signal.name for signal in second.signals if signal.alarm] == ["distinct-1"]
    assert second.verdict is not None and second.verdict.look == 2
    assert len(facts.synthetic) == 24
    assert facts.setting("filters", "novelty", "threshold") == 0.7
    assert facts.setting("filters", "nothing", "here") is None
    assert facts.sweep is not None


def test_a_call_has_its_seconds_and_an_open_one_has_none(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    calls = gather(tmp_path).calls
    assert len(calls) == 8
    assert [call.seconds is None for call in calls] == [False] * 7 + [True]
    assert all(call.seconds >= 0 for call in calls if call.seconds is not None)
    assert {call.template for call in calls} == {"label_first/question.j2"}
    assert (calls[0].prompt_tokens, calls[0].completion_tokens) == (50, 20)


def test_what_an_older_run_did_not_record_is_empty(tmp_path: Path) -> None:
    write_run(tmp_path)
    facts = gather(tmp_path)
    assert all(each.losses == () and each.signals == () for each in facts.rounds)
    assert (facts.config, facts.sweep) == (None, None)
    assert facts.rounds[1].mixed is not None
    assert facts.rounds[1].mixture is None  # its file is gone


def test_a_run_that_has_only_frozen_its_rows_has_no_rounds_but_the_control(tmp_path: Path) -> None:
    write_reported_run(tmp_path / "whole", Plan(rounds=1))
    data = gather(tmp_path / "whole").data
    with Store(tmp_path / "new", write=True) as store:
        store.freeze(data)
    facts = gather(tmp_path / "new")
    assert (len(facts.rounds), facts.calls, facts.stages) == (1, (), ())


def test_no_run_and_one_that_has_not_begun_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        gather(tmp_path)
    with Store(tmp_path / "r", write=True):
        pass
    with pytest.raises(StoreError, match="has not begun"):
        gather(tmp_path / "r")
    with Store(tmp_path / "empty", write=True) as store:
        store.freeze(RealData((), (), (), ()))
    assert gather(tmp_path / "empty").synthetic == ()
