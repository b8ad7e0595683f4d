import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.store import Store
from selfinstruct.types import (
    Report,
    Score,
    Screened,
)
from tests.finished import KEPT


def test_stages_and_reports_are_remembered_once(tmp_path: Path) -> None:
    report = Report("c", "gate", ("a",), {"nll": (0.5,)}, ("x",))
    with Store(tmp_path, write=True) as store:
        assert store.stage(1, "mix") is None
        store.commit_stage(1, "mix", {"rows": 3}, 0.5)
        assert store.stage(1, "mix") == {"rows": 3}
        store.commit_report(report)
        assert store.report("c", "gate") == report
        assert store.report("c", "final") is None
        with pytest.raises(ValueError, match="JSON"):
            store.commit_report(replace(report, split="dev", scores={"nll": (float("nan"),)}))


def test_a_report_and_its_stage_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    report = Report("c", "gate", ("a",), {"nll": (0.5,)}, ("x",))
    with Store(tmp_path, write=True) as store:
        with pytest.raises(TypeError):
            store.commit_stage(0, "evaluate", object(), 1.0, report)
        assert store.report("c", "gate") is None
        with pytest.raises(ValueError, match="JSON"):
            broken = replace(report, scores={"nll": (float("nan"),)})
            store.commit_stage(0, "evaluate", {}, 1.0, broken)
        assert store.stage(0, "evaluate") is None
        store.commit_stage(0, "evaluate", {}, 1.0, report)
        assert (store.stage(0, "evaluate"), store.report("c", "gate")) == ({}, report)
        assert list(store.reports()) == [report]


def test_the_results_of_one_stage_are_there_by_round(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        for index, stage in ((2, "gate"), (1, "gate"), (1, "gate again"), (1, "mix")):
            store.commit_stage(index, stage, {"of": [index, stage]}, 1.0)
        assert list(store.results("gate").items()) == [
            (1, {"of": [1, "gate"]}),
            (2, {"of": [2, "gate"]}),
        ]
        assert store.results("train") == {}


def test_scores_beyond_waves_come_with_their_stage_or_not_at_all(tmp_path: Path) -> None:
    said = Score("row", "review", 1.0, "human", "ann: accept")
    with Store(tmp_path, write=True) as store:
        store.commit_stage(1, "review", {}, 1.0, scores=[said])
        with pytest.raises(sqlite3.IntegrityError):
            store.commit_stage(1, "review", {}, 1.0, scores=[said])
        assert store.scores_of("row") == [said]
        store.commit_human_scores([(1, said)], 7)
        assert store.scores_of("row") == [said, said]
        assert store.meta("review_read") == 7
        assert store.screened(1).scores == ()


def test_scores_of_others_are_appended_and_are_not_what_the_run_measures(tmp_path: Path) -> None:
    own = Score(KEPT.id, "judged", 0.5, "model")
    other = Score(KEPT.id, "toxicity", 0.1, "code")
    with Store(tmp_path, write=True) as store:
        store.commit_wave(1, 0, Screened((KEPT,), (), (own,)))
        store.commit_scores([(1, other), (1, other)])
        assert store.scores_of(KEPT.id) == [own, other, other]
        assert store.measured() == ["judged"]
        assert store.screened(1).scores == (own,)
