import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct import failpoints
from selfinstruct.disk.lock import NAME, left_open, lock
from selfinstruct.errors import StoreError
from selfinstruct.store.database import connect

HOLD = (
    "import sys, time; from pathlib import Path; from selfinstruct.disk.lock import lock\n"
    "held = lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
)


def test_a_lock_names_who_has_it_where_since_when_and_doing_what(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(StoreError) as caught:
        lock(tmp_path)
    assert caught.value.exit_code == 4
    told = f"in use by process {os.getpid()} on {platform.node()} since 20"
    assert told in caught.value.what
    assert caught.value.what.endswith(" ".join(sys.argv[1:]))
    lock(tmp_path).release()


def test_a_killed_holder_has_let_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"in use by process {holder.pid} on "):
            lock(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        lock(tmp_path).release()


def test_that_a_ledger_was_left_open_is_known_until_it_is_closed(tmp_path: Path) -> None:
    assert not left_open(tmp_path)
    with lock(tmp_path) as first:
        assert not first.left_open
        first.mark_open()
        assert left_open(tmp_path)
    for _ in range(2):  # taking the lock alone mends nothing
        with lock(tmp_path) as later:
            assert later.left_open
    with lock(tmp_path) as last:
        last.mark_closed()
    assert not left_open(tmp_path)
    with lock(tmp_path) as after:
        assert not after.left_open


def test_a_strange_lock_file_is_read_as_any_other(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\xff\x00 its ledger is open, said nobody\n")
    with lock(tmp_path) as held:
        assert not held.left_open


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written to: Not a directory"):
        lock(tmp_path / "file" / "run")
    (tmp_path / "run" / NAME).mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be written to: Is a directory"):
        lock(tmp_path / "run")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_lock_on_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to("/dev/full")
    with pytest.raises(StoreError, match="cannot be written to: No space left on device"):
        lock(tmp_path)


def test_a_mark_outlives_a_disk_that_is_full_or_a_kill_while_it_is_written_anew(
    tmp_path: Path,
) -> None:
    with lock(tmp_path) as held:
        held.mark_open()
    failpoints.arm("lock.written:1:full")
    with pytest.raises(StoreError, match="No space left"):
        lock(tmp_path)
    failpoints.arm("")
    assert left_open(tmp_path)
    with lock(tmp_path) as held:
        held.mark_closed()
    assert len((tmp_path / NAME).read_text().splitlines()) == 1


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
def test_a_run_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with lock(run):
        db = connect(run / "run.db", write=True)
        db.execute("INSERT INTO meta VALUES ('a', '1')")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (run, *run.iterdir())}
        db.close()
    beside = {f"run.db{end}": "0o600" for end in ("", "-wal", "-shm")}
    assert modes == {"run": "0o700", "run.lock": "0o600", **beside}


def test_a_folder_that_its_owner_opened_to_others_stays_open(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with lock(run):
        connect(run / "run.db", write=True).close()
    run.chmod(0o750)
    (run / "run.db").chmod(0o640)
    with lock(run):
        connect(run / "run.db", write=True).close()
    assert [oct(path.stat().st_mode & 0o777) for path in (run, run / "run.db")] == [
        "0o750",
        "0o640",
    ]
