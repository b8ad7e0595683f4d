"""The file of the ledger: made whole, looked at before it is used, never changed where damaged."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct import __version__, failpoints
from selfinstruct.errors import DiskError, StoreError
from selfinstruct.store import Store
from selfinstruct.store.database import connect, explained, has_module, transaction
from selfinstruct.store.tables import LEDGER, Schema
from tests.finished import write_run
from tests.golden_ledger import write_ledger
from tests.lost_module import lose_the_module

TO_2 = "ALTER TABLE stages ADD COLUMN host TEXT NOT NULL DEFAULT '';"
TO_3 = "CREATE TABLE notes (what TEXT NOT NULL) STRICT; INSERT INTO notes VALUES ('hello');"
THIRD = Schema("not used", (TO_2, TO_3))
NEXT = Schema("not used", (*LEDGER.migrations, TO_2))


def files(folder: Path) -> dict[str, bytes]:
    """Every file that counts; the index of a write-ahead log is made anew by whoever reads."""
    found = (path for path in folder.iterdir() if not path.name.endswith("-shm"))
    return {path.name: path.read_bytes() for path in found if path.stat().st_size}


def version_of(db: sqlite3.Connection) -> int:
    found: int = db.execute("PRAGMA user_version").fetchone()["user_version"]
    return found


def test_a_new_file_gets_the_schema_and_survives_power_loss(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "run.db", write=True)) as db:
        assert version_of(db) == LEDGER.version
        assert db.execute("PRAGMA journal_mode").fetchone() == {"journal_mode": "wal"}
        assert db.execute("PRAGMA synchronous").fetchone() == {"synchronous": 2}
        assert db.execute("PRAGMA foreign_keys").fetchone() == {"foreign_keys": 1}
        tables = db.execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        )
        own = [row for row in tables if not row["name"].startswith("sqlite_")]
        assert {row["strict"] for row in own} == {1}
    assert files(tmp_path).keys() == {"run.db"}


def test_what_a_crash_left_of_a_new_file_is_replaced(tmp_path: Path) -> None:
    for name in (".run.db.part", ".run.db.part-wal"):
        (tmp_path / name).write_bytes(b"half of a file")
    connect(tmp_path / "run.db", write=True).close()
    assert files(tmp_path).keys() == {"run.db"}


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    connect(tmp_path / "run.db", write=True).close()
    with (
        closing(connect(tmp_path / "run.db", write=False)) as db,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        db.execute("INSERT INTO meta VALUES ('a', '1')")


# -- damage -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A finished run's file, closed."""
    folder = tmp_path_factory.mktemp("whole")
    write_run(folder)
    return (folder / "run.db").read_bytes()


def cuts(size: int) -> Iterator[int]:
    """Every kind of place a file can be cut at: in the header, between pages, inside them."""
    yield from range(0, 110, 7)
    yield from range(4096, size, 4096)
    yield from range(4096 - 1, size, 3 * 4096)
    yield from range(777, size, 7919)


def survives(path: Path, content: bytes) -> bool:
    """Whether writer and reader get along with this content; if not, both say so and keep it."""
    path.write_bytes(content)
    try:
        connect(path, write=True).close()
    except StoreError as error:
        assert error.exit_code == 4
        assert str(path) in error.what
        assert error.next_step
        # A flipped version can read as an older one; a copy is kept of what cannot be migrated.
        kept = {name: held for name, held in files(path.parent).items() if name.endswith(".bak")}
        assert files(path.parent) == kept | ({path.name: content} if content else {})
        return False
    return True


def read_all(folder: Path) -> None:
    with Store(folder) as store:
        store.real_data()
        list(store.stages())
        list(store.reports())
        store.screened(1)
        store.find("")


def test_a_file_cut_anywhere_is_refused_and_stays_as_it_is(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "run.db"
    survivors = [cut for cut in cuts(len(whole)) if survives(path, whole[:cut])]
    assert survivors == []
    for cut in cuts(len(whole)):
        path.write_bytes(whole[:cut])
        try:
            read_all(tmp_path)
        except StoreError as error:
            assert error.exit_code == 4
        assert files(tmp_path) == ({"run.db": whole[:cut]} if cut else {})


def test_a_flipped_byte_of_the_header_is_refused_or_does_no_harm(
    tmp_path: Path, whole: bytes
) -> None:
    path = tmp_path / "run.db"
    harmless = []
    for at in range(100):
        for bits in (0x01, 0x80, 0xFF):
            broken = bytearray(whole)
            broken[at] ^= bits
            if survives(path, bytes(broken)):
                harmless.append(at)
                read_all(tmp_path)
    # Not among them: magic and page size, payload fractions, file size and free pages, version.
    assert set(harmless).isdisjoint({*range(18), *range(19, 24), *range(28, 40), *range(60, 68)})
    assert harmless


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"not a database at all" * 100, "file is not a database"),
        (b"SQLite format 3\0garbage", "file is not a database"),
    ],
)
def test_what_is_no_database_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "run.db"
    assert not survives(path, content)
    with pytest.raises(StoreError, match=words):
        connect(path, write=False)


@pytest.mark.parametrize("version", [0, 1])
def test_the_database_of_another_program_is_left_alone(tmp_path: Path, version: int) -> None:
    path = tmp_path / "run.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"CREATE TABLE songs (name TEXT); PRAGMA user_version = {version};")
    content = path.read_bytes()
    assert not survives(path, content)
    with pytest.raises(StoreError, match="no ledger of selfinstruct"):
        connect(path, write=False)


def test_a_folder_of_that_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "run.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        connect(tmp_path / "run.db", write=True)


def test_damage_is_told_with_the_way_to_mend_it(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "run.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="is damaged") as caught:
        connect(tmp_path / "run.db", write=True)
    for words in ("restore the folder from a copy", ".recover", "selfinstruct doctor"):
        assert words in caught.value.next_step


def test_a_damaged_file_is_not_merged_with_the_log_of_a_killed_writer(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from selfinstruct.store import Store\n"
        "store = Store(Path(sys.argv[1]), write=True)\n"
        "store.set_meta('a', 1); os.kill(os.getpid(), 9)"
    )
    write_run(tmp_path)
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    path = tmp_path / "run.db"
    path.write_bytes(path.read_bytes()[: 5 * 4096])
    before = files(tmp_path)
    assert before.keys() == {"run.db", "run.db-wal", "run.lock"}
    with pytest.raises(StoreError, match="is damaged"):
        connect(path, write=True)
    assert files(tmp_path) == before


# -- versions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 3, 4])
def test_every_version_is_brought_up_to_date_and_read(tmp_path: Path, version: int) -> None:
    write_ledger(tmp_path / "run.db", version)
    with Store(tmp_path, write=True) as store:
        store.set_meta("a", 1)
        assert store.stage(0, "finish") == {"champion": "d", "name": "real-only"}
    read_all(tmp_path)
    assert (tmp_path / f"run.db.v{version}.bak").exists()


def test_an_older_version_is_brought_up_to_date_and_a_copy_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    write_ledger(path, 1)
    with closing(connect(path, write=True, schema=THIRD)) as db:
        assert version_of(db) == 3
        assert db.execute("SELECT DISTINCT host FROM stages").fetchall() == [{"host": ""}]
        assert db.execute("SELECT what FROM notes").fetchall() == [{"what": "hello"}]
        stages = db.execute("SELECT round, stage, result FROM stages").fetchall()
    copy = tmp_path / "run.db.v1.bak"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(connect(copy, write=False, schema=Schema("not used"))) as db:
        assert version_of(db) == 1
        assert db.execute("SELECT round, stage, result FROM stages").fetchall() == stages
    copy.unlink()
    connect(path, write=True, schema=THIRD).close()
    assert not copy.exists()  # there is nothing to do a second time


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    write_ledger(path, 1)
    with closing(sqlite3.connect(path)) as db:
        before = list(db.iterdump())
    broken = Schema("not used", (TO_2, f"{TO_3} INSERT INTO nowhere VALUES (1);"))
    with pytest.raises(StoreError, match="from ledger version 1 to 3: no such table") as caught:
        connect(path, write=True, schema=broken)
    assert str(tmp_path / "run.db.v1.bak") in caught.value.why
    with closing(sqlite3.connect(path)) as db:
        assert list(db.iterdump()) == before


def test_a_migration_killed_halfway_is_done_whole_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    write_ledger(path, 1)
    code = (
        "import sys; from pathlib import Path\n"
        "from selfinstruct.store.database import connect\n"
        "from selfinstruct.store.tables import Schema\n"
        "connect(Path(sys.argv[1]), write=True, schema=Schema('', (sys.argv[2],)))"
    )
    endless = f"{TO_2} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT * FROM n;"
    running = subprocess.Popen([sys.executable, "-c", code, str(path), endless])
    while not (tmp_path / "run.db.v1.bak").exists():
        assert running.poll() is None
    running.kill()
    running.wait()
    with closing(connect(path, write=True, schema=THIRD)) as db:
        assert version_of(db) == 3


def test_a_reader_of_an_older_version_says_how_it_is_brought_up_to_date(tmp_path: Path) -> None:
    write_ledger(tmp_path / "run.db", 1)
    with pytest.raises(StoreError, match="ledger version 1; this selfinstruct reads 3") as caught:
        connect(tmp_path / "run.db", write=False, schema=THIRD)
    for words in ("began the run again", f"doctor {tmp_path} --rebuild-search"):
        assert words in caught.value.next_step


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_version_is_refused_and_says_which_program_it_needs(
    tmp_path: Path, write: bool
) -> None:
    path = tmp_path / "run.db"
    write_ledger(path, 1)
    connect(path, write=True, schema=NEXT).close()
    before = path.read_bytes()
    told = rf"ledger version {NEXT.version}; this selfinstruct .* knows {LEDGER.version}"
    with pytest.raises(StoreError, match=told) as caught:
        connect(path, write=write)
    assert caught.value.next_step.startswith("update this copy, which lies in ")
    assert caught.value.next_step.endswith(f"though it too is called {__version__}")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("signed", "helps"),
    [('"9.1.0"', "install selfinstruct 9.1.0 or later"), (None, "open it with the version that")],
)
def test_a_newer_version_by_another_name_is_named(
    tmp_path: Path, signed: str | None, helps: str
) -> None:
    path = tmp_path / "run.db"
    write_ledger(path, 1)
    connect(path, write=True, schema=NEXT).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM meta WHERE key = 'schema_by'")
        if signed is not None:
            db.execute("INSERT INTO meta VALUES ('schema_by', ?)", (signed,))
    with pytest.raises(StoreError) as caught:
        connect(path, write=False)
    assert caught.value.next_step.startswith(helps)


# -- a disk that refuses ----------------------------------------------------------------------


def rows_in(db: sqlite3.Connection) -> int:
    found: int = db.execute("SELECT count(*) AS n FROM meta").fetchone()["n"]
    return found


def test_a_transaction_that_finds_the_disk_full_leaves_nothing_and_the_next_goes_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.db"
    with closing(connect(path, write=True)) as db:
        before = rows_in(db)
        pages = db.execute("PRAGMA page_count").fetchone()["page_count"]
        db.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(sqlite3.OperationalError) as caught, transaction(db, "meta"):
            for number in range(9):
                db.execute("INSERT INTO meta VALUES (?, ?)", (f"k{number}", "x" * 4000))
        assert (db.in_transaction, rows_in(db)) == (False, before)
        told = explained(caught.value, path)
        assert isinstance(told, DiskError)
        assert told.what == f"{path} could not be written: database or disk is full"
        db.execute(f"PRAGMA max_page_count = {pages + 90}")
        with transaction(db, "meta"):
            db.execute("INSERT INTO meta VALUES ('k', ?)", ("x" * 4000,))
        assert rows_in(db) == before + 1


def test_what_is_no_fault_of_the_disk_is_not_explained(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with closing(connect(path, write=True)) as db:
        with pytest.raises(sqlite3.IntegrityError) as caught, transaction(db, "meta"):
            db.execute("INSERT INTO meta VALUES ('k', NULL)")
        assert explained(caught.value, path) is None
        db.execute("PRAGMA query_only = ON")
        with pytest.raises(sqlite3.OperationalError) as refused, transaction(db, "meta"):
            db.execute("INSERT INTO meta VALUES ('k', '1')")
        assert isinstance(explained(refused.value, path), DiskError)


@pytest.mark.parametrize("place", ["copy.made", "copy.renamed", "migration.uncommitted"])
def test_a_disk_that_fills_up_during_a_migration_is_told_and_it_is_done_the_next_time(
    tmp_path: Path, place: str
) -> None:
    path = tmp_path / "run.db"
    write_ledger(path, 1)
    failpoints.arm(f"{place}:1:full")
    with pytest.raises(DiskError, match="could not be written: No space left"):
        connect(path, write=True, schema=THIRD)
    failpoints.arm("")
    with closing(connect(path, write=False, schema=Schema("not used"))) as db:
        assert version_of(db) == 1
    with closing(connect(path, write=True, schema=THIRD)) as db:
        assert version_of(db) == 3


def test_text_that_only_json_can_hold_is_read_as_it_was(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "run.db", write=True)) as db:
        found = db.execute("""SELECT json_extract('{"a": "x\\ud83dy"}', '$.a') AS a""").fetchone()
    assert found == {"a": "x\ud83dy"}


def test_a_sqlite_without_full_text_search_is_told_before_anything_is_spent(
    tmp_path: Path,
) -> None:
    """All but the words can be read; nothing can be written."""
    write_run(tmp_path / "t")
    lose_the_module(tmp_path / "t")
    with pytest.raises(StoreError, match="has no FTS0") as caught, Store(tmp_path / "t") as store:
        store.examples("", "ticket")
    assert "selfinstruct doctor" in caught.value.next_step
    with pytest.raises(StoreError, match="has no FTS0"):
        Store(tmp_path / "t", write=True)
    with Store(tmp_path / "t") as store:
        assert store.examples("fate=accepted").total == 1
        assert store.log("").total == 1
        assert store.real_data() is not None
        assert not has_module(store._db, "fts0")
        assert has_module(store._db, "fts5")
