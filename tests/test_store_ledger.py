import errno
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from selfinstruct import failpoints
from selfinstruct.disk.lock import left_open
from selfinstruct.errors import DiskError, StoreError
from selfinstruct.store import Store
from selfinstruct.types import (
    Screened,
)
from tests.ledgers import real_data


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from selfinstruct.store import Store\n"
        "from selfinstruct.errors import StoreError\n"
        "try:\n    Store(Path(sys.argv[1]), write=True)\n"
        "except StoreError as error:\n    print(error.exit_code, error)"
    )
    with Store(tmp_path, write=True) as store:
        store.set_meta("a", 1)
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("4 ")
        assert "in use by process" in done.stdout
        with Store(tmp_path) as reader:
            assert reader.meta("a") == 1
    with Store(tmp_path, write=True) as store:
        assert store.meta("a") == 1


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0garbage"])
def test_a_damaged_ledger_is_a_clear_error_and_stays_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "run.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"run\.db"):
        Store(tmp_path, write=True)
    assert (tmp_path / "run.db").read_bytes() == content


def test_another_version_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path, write=True):
        pass
    db = sqlite3.connect(tmp_path / "run.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="version 99"):
        Store(tmp_path)


def test_what_is_read_in_a_snapshot_is_of_one_moment_whoever_writes(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as writer, Store(tmp_path) as reader:
        writer.set_meta("turn", 1)
        with pytest.raises(RuntimeError, match="mine"), reader.snapshot():
            assert reader.meta("turn") == 1
            writer.set_meta("turn", 2)
            with reader.snapshot():
                assert reader.meta("turn") == 1
            assert reader.meta("turn") == 1
            raise RuntimeError("mine")
        assert reader.meta("turn") == 2


def test_reading_where_nothing_is_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        Store(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_others_on_the_machine_cannot_read_the_ledger(tmp_path: Path) -> None:
    with Store(tmp_path / "run", write=True):
        pass
    assert stat.S_IMODE((tmp_path / "run" / "run.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


KILLED = (
    "import os, sys; from pathlib import Path; from selfinstruct.store import Store\n"
    "store = Store(Path(sys.argv[1]), write=True)\n"
    "store.set_meta('a', 1); os.kill(os.getpid(), 9)"
)


def kill_a_writer(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_writer_stored_is_there_and_the_next_one_goes_on(tmp_path: Path) -> None:
    kill_a_writer(tmp_path)
    with Store(tmp_path) as reader:
        reader.require_whole()
        assert reader.meta("a") == 1
    with Store(tmp_path, write=True) as store:
        assert store.meta("a") == 1
    with Store(tmp_path) as reader:
        reader.require_whole()


def test_a_missing_log_is_noticed_until_it_is_back_or_given_up(tmp_path: Path) -> None:
    kill_a_writer(tmp_path)
    log = tmp_path / "run.db-wal"
    log.rename(tmp_path / "elsewhere")
    before = (tmp_path / "run.db").read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"run\.db-wal is missing"):
            Store(tmp_path, write=True)
    with Store(tmp_path) as reader, pytest.raises(StoreError, match=r"run\.db-wal is missing"):
        reader.require_whole()
    assert (tmp_path / "run.db").read_bytes() == before
    log.unlink(missing_ok=True)  # a reader makes an empty one
    (tmp_path / "elsewhere").rename(log)
    with Store(tmp_path, write=True) as store:
        assert store.meta("a") == 1
    kill_a_writer(tmp_path)
    log.unlink()
    (tmp_path / "run.lock").unlink()  # as the message says, where nothing is lost
    with Store(tmp_path, write=True) as store:
        assert store.meta("a") == 1  # of the first one


def test_a_writer_killed_before_it_wrote_has_lost_nothing(tmp_path: Path) -> None:
    code = KILLED.replace("store.set_meta('a', 1); ", "")
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    with Store(tmp_path) as reader:
        reader.require_whole()
    with Store(tmp_path, write=True) as store:
        assert store.real_data() is None


def test_damage_met_while_reading_is_told_as_such(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data(400))
    path = tmp_path / "run.db"
    content = bytearray(path.read_bytes())
    content[2 * 4096 :] = bytes(len(content) - 2 * 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"), Store(tmp_path) as store:
        store.real_data()
    with pytest.raises(StoreError, match="is damaged"), Store(tmp_path) as store:
        store.require_whole()


def test_a_fault_of_the_program_stays_one(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError), Store(tmp_path, write=True) as store:
        store.commit_wave(1, 0, Screened())
        store.commit_wave(1, 0, Screened())


GROW = (
    "import resource, sys; from pathlib import Path\n"
    "from selfinstruct.errors import UserError; from selfinstruct.store import Store\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
    "try:\n"
    "    with Store(Path(sys.argv[1]), write=True) as store:\n"
    "        for n in range(1000):\n"
    "            store.set_meta(f'k{n}', 'x' * 3000); print(n, flush=True)\n"
    "except UserError as error:\n"
    "    print(error, file=sys.stderr); sys.exit(error.exit_code)"
)


@pytest.mark.parametrize("limit", [200_000, 350_000, 777_777])
def test_a_disk_that_fills_up_is_told_and_keeps_what_was_stored(tmp_path: Path, limit: int) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-c", GROW, str(run), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert f"{run / 'run.db'} could not be written: " in done.stderr
    assert "bytes are free there; nothing that was finished is lost" in done.stderr
    stored = [f"k{n}" for n in done.stdout.split()]
    assert stored
    with Store(run) as reader:
        reader.require_whole()
        assert all(reader.meta(key) == "x" * 3000 for key in stored)
        assert reader.meta(f"k{len(stored)}") is None
    with Store(run, write=True) as store:
        store.set_meta("more", 1)
        assert all(store.meta(key) == "x" * 3000 for key in stored)


def test_what_is_met_while_a_ledger_is_open_is_told_if_it_was_the_disk(tmp_path: Path) -> None:
    met = OSError(errno.EIO, "Input/output error", str(tmp_path / "other"))
    told = "other could not be written: Input/output error"
    with pytest.raises(DiskError, match=told), Store(tmp_path, write=True):
        raise met
    unlike = OSError(errno.ECONNRESET, "Connection reset by peer")
    with pytest.raises(ConnectionResetError), Store(tmp_path, write=True):
        raise unlike


@pytest.mark.parametrize(
    "place", ["ledger.opened:1", "lock.written:2", "lock.written:3", "ledger.closing:1"]
)
def test_a_full_disk_at_opening_and_closing_is_told_and_lets_go_of_the_lock(
    tmp_path: Path, place: str
) -> None:
    with Store(tmp_path, write=True) as store:
        store.set_meta("a", 1)
    failpoints.arm(f"{place}:full")
    with pytest.raises(DiskError, match="No space left"), Store(tmp_path, write=True) as store:
        store.set_meta("b", 1)
    failpoints.arm("")
    with Store(tmp_path, write=True) as store:
        assert store.meta("a") == 1


def test_a_bug_is_not_hidden_by_a_lock_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught, Store(tmp_path, write=True):
        failpoints.arm("lock.written:1:full")
        1 / 0  # noqa: B018
    failpoints.arm("")
    assert "run.lock could not be written" in caught.value.__notes__[0]


def test_a_log_that_could_not_be_folded_in_is_not_given_up(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.set_meta("a", 1)
    with Store(tmp_path) as reader:
        assert reader.meta("a") == 1
        with Store(tmp_path, write=True) as store:
            store.set_meta("b", 2)
        assert left_open(tmp_path)  # while somebody reads, the last commits are in the log alone
    with Store(tmp_path, write=True) as store:
        assert store.meta("b") == 2
    assert not left_open(tmp_path)


def test_what_a_killed_writer_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    rounds = tmp_path / "rounds" / "1"
    for folder in (rounds, tmp_path / "report"):
        folder.mkdir(parents=True)
        (folder / ".rows.jsonl.01234567.part").touch()
    (rounds / ".adapter.01234567.part").mkdir()
    with Store(tmp_path, write=True):
        assert list(rounds.iterdir()) == []
    # A report is written without the lock, perhaps at this moment.
    assert len(list((tmp_path / "report").iterdir())) == 1
