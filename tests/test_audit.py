"""Every kind of damage to a run is found, named, and told with a remedy; nothing is changed."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct.audit import Finding, audit
from selfinstruct.disk.files import write_jsonl
from selfinstruct.disk.manifest import MANIFEST
from selfinstruct.errors import StoreError
from selfinstruct.fork import Settings, fork
from selfinstruct.rows import from_example, from_mixture
from selfinstruct.store import Store
from selfinstruct.types import Exam, Example, Mixture, Report, Screened
from tests.finished import KEPT, PROMPT, real_data, write_adapter
from tests.forkable import forkable_config, write_forkable

GUARD = Example("Say hello.", response="Hello.")
DATA = real_data(6)


def report(checkpoint: str, exam: Exam, rows: tuple[Example, ...]) -> Report:
    ids = tuple(row.id for row in rows)
    return Report(checkpoint, exam, ids, {"nll": (0.5,) * len(ids)}, ("x",) * len(ids))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two students, their reports, a round's rows, and one arm of a sweep."""
    folder, mixture = tmp_path / "t", Mixture((*DATA.train, KEPT), 0.5, 0.5)
    with Store(folder, write=True) as store:
        store.freeze(DATA, {"guard": [from_example(GUARD)]})
        store.begin_attempts(1, 0, "m", [("call-1", PROMPT, 0)])
        store.commit_wave(1, 0, Screened((KEPT,), ()))
        store.commit_stage(1, "generate", {"accepted": 1}, 1.0)
        write_jsonl(folder / "rounds/1/accepted.jsonl", [from_example(KEPT)])
        store.commit_stage(1, "mix", from_mixture(mixture), 1.0)
        write_jsonl(folder / "rounds/1/mixture.jsonl", map(from_example, mixture.rows))
        for index, name in enumerate(("real-only", "round-1")):
            found = write_adapter(folder / f"rounds/{index}/adapter", name.encode())
            store.commit_stage(index, "train", {"name": name, "digest": found}, 1.0)
            exams: dict[Exam, tuple[Example, ...]] = {"gate": DATA.gate, "general": (GUARD,)}
            for exam, rows in exams.items():
                stage, made = f"evaluate {name} on {exam}", report(found, exam, rows)
                store.commit_stage(index, stage, {"checkpoint": found}, 1.0, made)
        found = write_adapter(folder / "sweep/k/adapter", b"arm")
        arm = {"arm": "share 0, seed 0", "digest": found}
        store.commit_stage(0, "sweep k", arm, 1.0, report("k", "dev", DATA.dev))
    return folder


def faults(folder: Path) -> list[Finding]:
    found = [finding for finding in audit(folder) if not finding.ok]
    assert all(finding.mend for finding in found)
    return found


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def change(statement: str) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as db:
            assert db.execute(statement).rowcount > 0

    return apply


def another_adapter(folder: Path) -> None:
    """Whole, with a manifest of its own; but nobody evaluated it."""
    for path in (folder / "rounds/1/adapter").iterdir():
        path.unlink()
    (folder / "rounds/1/adapter").rmdir()
    write_adapter(folder / "rounds/1/adapter", b"another")


def test_a_whole_run_has_no_faults_and_is_left_as_it_is(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    found = audit(run)
    assert [finding.what for finding in found if not finding.ok] == []
    whats = " | ".join(finding.what for finding in found)
    for words in ("splits", "report", "mixture.jsonl", "real-only", "round-1", "share 0"):
        assert words in whats
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "name",
    [
        *(f"rounds/{index}/adapter/adapter_model.safetensors" for index in (0, 1)),
        *(f"rounds/{index}/adapter/{MANIFEST}" for index in (0, 1)),
        "rounds/1/accepted.jsonl",
        "rounds/1/mixture.jsonl",
        "sweep/k/adapter/adapter_model.safetensors",
    ],
)
def test_a_flipped_byte_of_any_file_is_found(run: Path, name: str) -> None:
    text = (run / name).read_bytes()
    flip(run / name, text.index(b"charged") if b"charged" in text else len(text) // 2)
    (fault,) = faults(run)
    assert name.split("/")[1] in fault.what or "share 0" in fault.what or "real-only" in fault.what
    (run / name).unlink()
    assert len(faults(run)) == 1


@pytest.mark.parametrize("words", [b"gate ticket 3", b"train ticket", b"charged two times"])
def test_a_flipped_byte_of_any_row_of_the_ledger_is_found(run: Path, words: bytes) -> None:
    path = run / "run.db"
    flip(path, path.read_bytes().index(words) + 3)
    assert faults(run)


def test_a_byte_flipped_anywhere_in_the_ledger_ends_in_no_traceback(run: Path) -> None:
    path = run / "run.db"
    whole = path.read_bytes()
    found = 0
    for at in range(100, len(whole), 331):
        flip(path, at)
        try:
            found += bool(faults(run))
        except StoreError as error:
            found += error.exit_code == 4
        path.write_bytes(whole)
    assert found > 0


@pytest.mark.parametrize(
    ("damage", "what", "mend"),
    [
        (
            change("UPDATE real SET position = 9 WHERE split = 'gate' AND position = 1"),
            "the frozen splits are not what was stored",
            "copy",
        ),
        (
            change("UPDATE prompts SET messages = '[]'"),
            "not every stored row and prompt is what its id says: prompt ",
            "copy",
        ),
        (
            change("UPDATE reports SET body = replace(body, '0.5, 0.5', '0.5')"),
            "(its columns differ in length)",
            "copy",
        ),
        (
            change(f"UPDATE reports SET body = replace(body, '{GUARD.id}', 'x')"),
            "on general (other rows)",
            "copy",
        ),
        (
            change("DELETE FROM reports WHERE split = 'gate'"),
            "evaluate real-only on gate, evaluate round-1 on gate",
            "copy",
        ),
        (change("UPDATE reports SET body = '{'"), "a value that cannot be read", "copy"),
        (
            change("UPDATE meta SET value = CAST(x'ff' AS TEXT) WHERE key = 'guard'"),
            "a value that cannot be read",
            "copy",
        ),
        (another_adapter, "is not the one that was evaluated", "trains it again"),
    ],
)
def test_what_does_not_fit_is_named_with_its_remedy(
    run: Path, damage: Callable[[Path], object], what: str, mend: str
) -> None:
    damage(run)
    fault, *others = faults(run)
    assert all("list" in each.what for each in others)  # where a row stands is listed too
    assert what in fault.what
    assert mend in fault.mend


def test_an_arm_of_an_older_version_is_held_to_its_manifest(run: Path) -> None:
    change("UPDATE stages SET result = '{\"arm\": \"a\"}' WHERE stage = 'sweep k'")(run)
    assert faults(run) == []
    flip(run / "sweep/k/adapter/adapter_model.safetensors", 0)
    assert len(faults(run)) == 1


def test_a_run_that_has_only_begun_has_no_faults(tmp_path: Path) -> None:
    Store(tmp_path, write=True).close()
    assert faults(tmp_path) == []


def test_a_ledger_that_cannot_be_opened_is_an_error(run: Path, tmp_path: Path) -> None:
    (run / "run.db").write_bytes((run / "run.db").read_bytes()[: 3 * 4096])
    with pytest.raises(StoreError, match="is damaged"):
        audit(run)
    with pytest.raises(StoreError, match="no run at"):
        audit(tmp_path / "none")


def test_a_run_that_others_can_read_is_told_with_the_command(run: Path) -> None:
    run.chmod(0o750)
    (run / "run.db").chmod(0o644)
    (fault,) = faults(run)
    assert "not the owner's alone" in fault.what
    assert fault.mend == f"chmod go-rwx {run} {run / 'run.db'}"
    assert run.stat().st_mode & 0o777 == 0o750
    subprocess.run(fault.mend.split(" "), check=True)
    assert faults(run) == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE reports SET body = replace(body, '0.5', '0.6')", "evaluate real-only on gate"),
        ("UPDATE stages SET result = '{}' WHERE stage = 'watch'", "watch of round 1"),
        ("DELETE FROM stages WHERE stage = 'mix' AND round = 0", "mix of round 0"),
        ("UPDATE attempts SET text = 'x' WHERE state = 'done'", "the teacher's answers"),
    ],
)
def test_a_fork_whose_reused_stages_have_changed_is_told(
    tmp_path: Path, statement: str, named: str
) -> None:
    source = write_forkable(forkable_config(tmp_path))
    fork(source, "b", Settings(forkable_config(tmp_path, gate={"alpha": 0.01}), {}))
    assert faults(tmp_path / "b") == []
    change(statement)(tmp_path / "b")
    (fault,) = faults(tmp_path / "b")
    assert "not everything that came from a is as it came" in fault.what
    assert named in fault.what
