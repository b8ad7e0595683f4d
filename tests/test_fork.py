"""A run begun from another: what it keeps, what it does again, and that both come to the same."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from selfinstruct import failpoints
from selfinstruct.audit import audit
from selfinstruct.config import parse_config
from selfinstruct.disk.lock import lock
from selfinstruct.errors import DiskError, StoreError, UserError
from selfinstruct.fork import Settings, check_name, fork, refuse_changed
from selfinstruct.rows import Row, from_example
from selfinstruct.runs import Run
from selfinstruct.sentences import opened, origin
from selfinstruct.stages import making
from selfinstruct.store import Store
from selfinstruct.summary import looks, read_summary
from selfinstruct.types import Request, Screened
from tests.finished import KEPT
from tests.forkable import DATA, DROPPED, GUARDS, forkable_config, write_forkable
from tests.frozen_run import tiny_config
from tests.scripted_teacher import answer
from tests.small_run import Bench, write_seeds
from tests.workplace import setting

ROOT = Path(__file__).parents[1]

ASKED: list[int] = []
"""How many requests each call of the teacher below brought it."""


def counting(requests: Sequence[Request]) -> Iterator[str]:
    """The scripted teacher, which a test asks how often it was asked."""
    ASKED.append(len(requests))
    yield from answer(requests)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_forkable(forkable_config(tmp_path))


def begin(source: Path, name: str, **change: Any) -> Row:
    return fork(source, name, Settings(forkable_config(source.parent, **change), {}))


STRICT: dict[str, Any] = {"gate": {"alpha": 0.01}}


def test_what_stands_is_kept_with_its_files_and_the_rest_is_gone(source: Path) -> None:
    about = begin(source, "b", mixture={"synthetic_share": 0.2})
    with Store(source.parent / "b") as store:
        assert store.real_data() == DATA
        assert store.screened(1) == Screened((KEPT,), (DROPPED,))
        assert store.meta("guard") == [from_example(row) for row in GUARDS]
        found = [(stage["round"], stage["stage"]) for stage in store.stages()]
        assert (1, "generate") in found
        assert (0, "train") in found
        assert not {(1, "mix"), (1, "train"), (1, "watch"), (1, "gate"), (0, "finish")} & {*found}
        assert store.meta("identity")["mixture.synthetic_share"] == 0.2
        assert store.meta("forked_from") == about
    files = (source.parent / "b").glob("rounds/**/*.*")
    assert {str(path.relative_to(source.parent / "b")) for path in files} == {
        "rounds/0/mixture.jsonl",
        "rounds/0/adapter/adapter_model.safetensors",
        "rounds/0/adapter/manifest.json",
        "rounds/1/accepted.jsonl",
        "rounds/1/rejected.jsonl",
    }
    assert [finding for finding in audit(source.parent / "b") if not finding.ok] == []


def test_every_call_comes_along_whatever_changed(source: Path) -> None:
    about = begin(source, "b", seed=1)
    with Store(source) as before, Store(source.parent / "b") as after:
        assert after.real_data() is None
        assert after.screened(1) == Screened()
        assert after.stages() == []
        assert list(after.reports()) == []
        assert after.spent() == before.spent()
        assert after.answers(["call-0"]) == before.answers(["call-0"]) != {}
    assert (about["reused"], about["again"][0]) == (["2 answers of the teacher"], "splits")


def test_the_source_is_only_read(source: Path) -> None:
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    begin(source, "b", **STRICT)
    assert {path: path.read_bytes() for path in before} == before


def test_a_run_can_be_forked_while_it_works(source: Path) -> None:
    with Store(source, write=True) as store:
        store.commit_stage(2, "generate", {"accepted": 0}, 1.0)
        begin(source, "b", rounds={"max": 5, "patience": 3})
        store.commit_stage(2, "watch", {"signals": []}, 1.0)
    with Store(source.parent / "b") as fork_store:
        assert fork_store.stage(2, "generate") == {"accepted": 0}
        assert fork_store.stage(2, "watch") is None


def test_what_is_told_is_what_stands_and_what_does_not(source: Path) -> None:
    about = begin(source, "b", **STRICT)
    assert about["changed"] == ["gate.alpha: 0.05 -> 0.01"]
    assert "candidates of round 1" in about["reused"]
    assert "training of rounds 0 and 1" in about["reused"]
    assert about["again"] == ["verdict of round 1", "final"]
    told = origin(read_summary(source.parent / "b")["forked_from"])
    assert told.startswith("forked from a (gate.alpha: 0.05 -> 0.01), reusing splits, candidates")


def test_rows_of_final_that_were_opened_stay_opened_in_forks_of_forks(source: Path) -> None:
    begin(source, "b", **STRICT)
    begin(source.parent / "b", "c", gate={"alpha": 0.02})
    found = read_summary(source.parent / "c")
    assert found["final_seen"] == {"a": 2}
    assert "before this run began, in a (2 of these rows)" in opened(found["final_seen"])
    assert read_summary(source)["final_seen"] == {}


def test_a_fork_before_the_end_has_its_final_unseen(tmp_path: Path) -> None:
    source = write_forkable(forkable_config(tmp_path))
    with closing(sqlite3.connect(source / "run.db")) as db, db:
        db.execute("DELETE FROM stages WHERE stage LIKE '% on final' OR stage = 'finish'")
    begin(source, "b", **STRICT)
    assert read_summary(tmp_path / "b")["final_seen"] == {}


def test_a_look_at_the_gate_rows_counts_in_forks_too(source: Path) -> None:
    begin(source, "b", **STRICT)  # the verdict is to be made again
    begin(source, "c", rounds={"max": 5, "patience": 3})  # it stands
    assert [read_summary(source.parent / name)["looks"] for name in "abc"] == [1, 1, 1]
    with Store(source.parent / "b", write=True) as store:
        store.commit_stage(1, "gate", {}, 1.0)
        assert looks(store) == 2


def test_changed_contents_count_as_changed_settings(source: Path) -> None:
    other = {"student.name": "abcdefghij", "teacher.name": "not known when it began"}
    about = fork(source, "b", Settings(forkable_config(source.parent), other))
    assert about["changed"] == ["student.name: what it names has changed (01234567 -> abcdefgh)"]
    assert "training of rounds 0 and 1" in about["again"]
    with Store(source.parent / "b") as store:
        assert list(store.reports()) == []


def refused(source: Path, name: str, error: type[Exception], message: str, **change: Any) -> None:
    with pytest.raises(error, match=message):
        begin(source, name, **change)
    assert list(source.parent.glob(".*.part")) == []


def test_what_cannot_be_forked_is_refused_and_leaves_nothing(source: Path) -> None:
    out = source.parent
    (out / "taken").mkdir()
    refused(source, "b", UserError, "nothing has changed")
    refused(source, "taken", UserError, "taken is there already, and is no fork of", **STRICT)
    refused(source, "a", UserError, "a is there already", **STRICT)
    refused(out / "none", "b", StoreError, "no run at", **STRICT)
    with pytest.raises(UserError, match=r"--fork '\.\./b': a name is"):
        fork(source, "../b", Settings(forkable_config(out, **STRICT), {}))
    Store(out / "young", write=True).close()
    refused(out / "young", "b", StoreError, "young has not begun", **STRICT)
    weights = source / "rounds/0/adapter/adapter_model.safetensors"
    weights.write_bytes(b"another")
    refused(source, "b", StoreError, "rounds/0/adapter is incomplete or damaged", **STRICT)
    assert not (out / "b").exists()


def test_a_fork_that_exists_is_gone_on_with(source: Path) -> None:
    begin(source, "b", **STRICT)
    assert check_name("b", source) == source.parent / "b"
    with pytest.raises(UserError, match="is no fork of"):
        check_name("b", source.parent / "c")


def test_two_that_fork_at_once_do_not_meet(source: Path) -> None:
    with lock(source.parent / ".b.part"), pytest.raises(StoreError, match="in use by process"):
        begin(source, "b", **STRICT)


def test_a_run_without_an_identity_has_none_to_differ_from(tmp_path: Path) -> None:
    with Store(tmp_path / "a", write=True) as store:
        store.freeze(DATA)
        refuse_changed(store, Settings(forkable_config(tmp_path), {}))


def test_what_a_killed_fork_left_is_cleared_away(source: Path) -> None:
    part = source.parent / ".b.part"
    with lock(part):
        (part / "rounds/9").mkdir(parents=True)
        (part / "run.db").write_text("half")
    begin(source, "b", **STRICT)
    assert not part.exists()
    assert not (source.parent / "b/rounds/9").exists()
    assert [finding for finding in audit(source.parent / "b") if not finding.ok] == []


@pytest.mark.parametrize(
    "place", ["fork.ledger", "fork.uncommitted", "file.copied", "fork.made", "fork.renamed"]
)
def test_a_disk_that_fills_up_while_forking_is_told_and_it_is_done_the_next_time(
    source: Path, place: str
) -> None:
    failpoints.arm(f"{place}:1:full")
    with pytest.raises(DiskError, match="b could not be written: No space left"):
        begin(source, "b", **STRICT)
    failpoints.arm("")
    assert not (source.parent / ".b.part").exists()
    made = (source.parent / "b").exists()
    assert made == (place == "fork.renamed")
    if not made:
        begin(source, "b", **STRICT)
    assert [finding for finding in audit(source.parent / "b") if not finding.ok] == []


@pytest.mark.slow
def test_a_fork_killed_while_it_copies_leaves_no_half_run(source: Path) -> None:
    with (source / "rounds/1/rejected.jsonl").open("ab") as big:
        big.truncate(200 * 2**20)  # a hole, which takes a while to copy
    code = (
        "import sys; from pathlib import Path; from tests.test_fork import STRICT, begin\n"
        "begin(Path(sys.argv[1]), 'b', **STRICT)"
    )
    running = subprocess.Popen([sys.executable, "-c", code, str(source)], cwd=ROOT)
    while not (source.parent / ".b.part/rounds/1").exists() and running.poll() is None:
        time.sleep(0.001)
    running.kill()
    running.wait()
    assert not (source.parent / "b").exists()
    (source / "rounds/1/rejected.jsonl").unlink()
    begin(source, "b", **STRICT)
    assert not (source.parent / ".b.part").exists()


TEACHER = {"backend": "program", "name": "tests.test_fork:counting"}


@pytest.fixture(scope="module")
def bench(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """With a finished run `t` of two rounds, which nobody writes to."""
    out = tmp_path_factory.mktemp("forks")
    found = Bench(tiny_base, write_seeds(out / "seeds.jsonl"), out)
    Run(found.config(teacher=TEACHER)).execute()
    return found


def forked(bench: Bench, name: str, **sections: Any) -> tuple[Run, dict[str, Any]]:
    run, about = Run(bench.config(**{"teacher": TEACHER, **sections})).fork(name)
    assert about is not None
    return run, about


def comparable(outcome: dict[str, Any]) -> dict[str, Any]:
    """What two runs of the same settings share, whatever they had paid for and looked at before."""
    for entry in outcome["rounds"]:
        if entry["gate"]:
            entry["gate"].pop("look")
        for arm in entry["arms"]:
            arm |= {"calls": None, "tokens": None}
    return {key: value for key, value in outcome.items() if key != "spent"}


CHANGES: dict[str, dict[str, Any]] = {
    "gate": {"gate": {"alpha": 0.5, "min_gain": 0.0, "min_rows": 2}},
    "mixture": {"mixture": {"synthetic_share": 0.4}},
    "filters": {"filters": {"heuristics": {"max_response_words": 7}}},
    "repeat": {"mixture": {"synthetic_share": 0.25, "repeat": 2}},
    "evaluate": {"evaluate": {"max_new_tokens": 6, "metrics": ["exact_match"]}},
    "guard": {"guard": {"rows": 5}},
    "watch": {"watch": {"band": 0.5}},
    "more rounds": {"rounds": {"max": 3, "patience": 3}},
    "less patience": {"rounds": {"max": 2, "patience": 1}},
    "seed": {"seed": 1},
}


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_fork_comes_to_what_a_run_begun_anew_comes_to(
    bench: Bench, tiny_base: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    run, _ = forked(bench, tmp_path.name, **change)
    run.execute()
    anew = Bench(tiny_base, bench.seeds, tmp_path)
    Run(anew.config(**{"teacher": TEACHER, **change})).execute()
    assert comparable(bench.outcome(tmp_path.name)) == comparable(anew.outcome())
    assert [finding for finding in audit(run.folder) if not finding.ok] == []


@pytest.mark.parametrize(
    "filters",
    [
        {"heuristics": {"max_response_words": 12}},
        {"novelty": {"response_threshold": 0.2}},
    ],
    ids=str,
)
def test_another_filter_screens_the_same_answers_and_pays_for_none(
    tmp_path: Path, filters: dict[str, Any]
) -> None:
    base = tmp_path / "base"  # named, and never loaded: nothing is trained here
    base.mkdir()
    sections: dict[str, Any] = {
        "teacher": TEACHER,
        "generate": {"accept": 50, "max_candidates": 12, "prompts_per_wave": 4},
    }
    other = {**sections, "filters": filters}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(base, store, **sections)
        config = here.cfg.model_dump(mode="json")
        store.update_meta({"identity": here.cfg.identity, "config": config})
        before = making.generate(here, 1, (), here.base)
    asked = sum(ASKED)
    cfg = parse_config({**tiny_config(base, tmp_path), **other})
    fork(tmp_path / "t", "u", Settings(cfg, {}))
    with Store(tmp_path / "u", write=True) as store:
        there = setting(base, store, **other)
        after = making.generate(there, 1, (), there.base)
    assert len(after.accepted) < len(before.accepted)
    assert sum(ASKED) == asked > 12
