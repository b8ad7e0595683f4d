import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from selfinstruct.store.carry import Drop, copy_ledger, digest_answers, digest_stage, prune
from selfinstruct.types import Completion, Screened
from tests.finished import PROMPT
from tests.forkable import DATA, forkable_config, write_forkable


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_forkable(forkable_config(tmp_path))


@pytest.fixture
def copy(source: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir(mode=0o700)
    copy_ledger(source, folder)
    return folder


def test_a_copy_is_the_ledger_of_this_moment_whoever_writes(source: Path, tmp_path: Path) -> None:
    with Store(source, write=True) as store:
        store.set_meta("x", 1)  # still in the log, not yet in the file
        (tmp_path / "copy").mkdir()
        copy_ledger(source, tmp_path / "copy")
        store.set_meta("x", 2)
    with Store(tmp_path / "copy") as copied:
        assert copied.meta("x") == 1
        assert copied.real_data() == DATA
    assert stat.S_IMODE((tmp_path / "copy/run.db").stat().st_mode) == 0o600


def test_a_folder_without_a_ledger_cannot_be_copied(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        copy_ledger(tmp_path / "none", tmp_path)


def test_what_is_dropped_is_gone_and_nothing_else(copy: Path) -> None:
    drop = Drop([(1, "gate")], 0, ["gate"], ["base-digest"], splits=False, meta=["guard"])
    prune(copy, drop, {"y": 2})
    with Store(copy) as store:
        assert store.stage(1, "gate") is None
        assert store.stage(1, "watch") is not None
        assert store.screened(1) == Screened()
        assert {report.split for report in store.reports()} == {"general", "dev", "final"}
        assert "base-digest" not in {report.checkpoint for report in store.reports()}
        assert (store.meta("guard"), store.meta("y")) == (None, 2)
        assert store.real_data() == DATA
        assert store.spent()["calls"] == 3


def test_splits_go_with_what_counts_them(copy: Path) -> None:
    prune(copy, Drop([], 9, [], [], splits=True, meta=["data", "data_digest"]), {})
    with Store(copy, write=True) as store:
        assert store.real_data() is None
        store.freeze(DATA)


def test_it_is_one_transaction(copy: Path) -> None:
    with pytest.raises(TypeError):  # what JSON cannot hold
        prune(copy, Drop([(1, "gate")], 9, [], [], splits=True, meta=[]), {"y": object()})
    with Store(copy) as store:
        assert store.stage(1, "gate") is not None
        assert store.real_data() == DATA


def test_first_answers_keep_their_digest_when_more_come_and_a_failed_call_is_repeated(
    source: Path,
) -> None:
    before = digest_answers(source)
    assert before["count"] == 2
    with Store(source, write=True) as store:
        store.begin_attempts(1, 0, "m", [("call-2", PROMPT, 2), ("call-3", PROMPT, 3)])
        for key in ("call-2", "call-3"):
            store.end_attempts({key: Completion("late", "stop")})
    assert digest_answers(source, 2) == before
    assert digest_answers(source)["count"] == 4


@pytest.mark.parametrize("stage", ["evaluate round-1 on gate", "gate"])
def test_the_digest_of_a_stage_covers_its_result_and_its_scores(source: Path, stage: str) -> None:
    with Store(source) as store:
        before = digest_stage(store, 1, stage)
        assert digest_stage(store, 7, stage) is None
    with closing(sqlite3.connect(source / "run.db")) as db, db:
        db.execute("UPDATE reports SET body = replace(body, '0.5', '0.6')")
        db.execute("UPDATE stages SET result = replace(result, 'reject', 'accept')")
    with Store(source) as store:
        assert digest_stage(store, 1, stage) not in (before, None)
