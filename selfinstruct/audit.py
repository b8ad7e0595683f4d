"""Whether a run's ledger and files are what was written: every digest there is, made again.

Reads, and changes nothing. What it finds is told with the way to mend it.
"""

import shlex
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.checkpoints.adapters import fold_folder, load_checkpoint
from selfinstruct.disk.files import read_jsonl
from selfinstruct.errors import StoreError
from selfinstruct.registry import of_rows
from selfinstruct.rows import to_example
from selfinstruct.settled import settled
from selfinstruct.store import Store
from selfinstruct.store.carry import digest_answers, digest_stage
from selfinstruct.store.searchable import search_faults
from selfinstruct.types import Exam, RealData, Report, digest

COPY = "restore the folder from a copy, or start a run of another name"
EXPORT = "no stage reads it: restore it from a copy, or delete it"
OWNED = ("run.db", "run.lock", "reviews.db", "reviews.lock")
"""Files that are made for their owner alone; SQLite gives those beside them the same rights."""
OTHERS = 0o077


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` says what to do where it is not as it should be."""

    what: str
    ok: bool = True
    mend: str = ""


def audit(folder: Path) -> list[Finding]:
    """Everything that was looked at in a run, faults among them.

    Raises `StoreError` where there is no ledger or it cannot be opened.
    """
    with Store(folder) as store:
        store.require_whole()
        try:
            return [
                Finding("the ledger is whole"),
                *_ledger(store),
                *_search(folder),
                *_files(store),
                *_carried(store),
                _rights(folder),
            ]
        except (
            ValueError,
            KeyError,
            TypeError,
            sqlite3.OperationalError,
        ) as error:  # not what this program writes
            mend = f"{COPY}; or report this with: selfinstruct doctor --json"
            return [Finding(f"the ledger holds a value that cannot be read: {error}", False, mend)]


def _ledger(store: Store) -> Iterator[Finding]:
    wrong = [f"{table} {stored}" for table, stored, found in store.ids() if stored != found]
    yield _all("every stored row and prompt is what its id says", wrong)
    if stored := store.meta("prompts"):
        used = zip(stored, of_rows(stored).used, strict=True)
        wrong = [each.key for row, each in used if row["version"] != each.chosen.template.version]
        yield _all("every template is what its version says", wrong)
    try:
        data = store.real_data()
    except StoreError as error:
        yield Finding(error.what, False, error.next_step)
        return
    if data is None:
        yield Finding("no rows are frozen yet")
        return
    yield Finding("the frozen splits are what was frozen")
    guards = tuple(to_example(row).id for row in store.meta("guard") or ())
    faults = [fault for report in store.reports() for fault in _faults(report, data, guards)]
    yield _all("every report is about the frozen rows", faults)
    yield _all("every evaluated student has its report", _without_report(store))


def _search(folder: Path) -> Iterator[Finding]:
    """Whether lists and search show every row, as it is."""
    mend = f"selfinstruct doctor {shlex.quote(str(folder))} --rebuild-search"
    try:
        faults = [
            Finding(f"{each.what}: {few(each.ids)}", False, mend) for each in search_faults(folder)
        ]
    except StoreError as error:  # this SQLite has no full-text search
        faults = [Finding(error.what, False, error.next_step)]
    yield from faults or [Finding("every row is found, by what is known of it and by its words")]


def _all(what: str, faults: Iterable[str]) -> Finding:
    found = list(faults)
    if not found:
        return Finding(what)
    return Finding(f"not {what}: {few(found)}", False, COPY)


def few(names: Sequence[str]) -> str:
    """The first three of them, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _faults(report: Report, data: RealData, guards: tuple[str, ...]) -> Iterator[str]:
    name = f"{report.checkpoint} on {report.split}"
    columns = [report.answers, *report.scores.values()]
    if any(column and len(column) != len(report.ids) for column in columns):
        yield f"{name} (its columns differ in length)"
    match report.split:
        case "lm_eval":  # rows of another program
            return
        case "general":
            wanted = guards
        case split:
            wanted = tuple(row.id for row in data.split(split))
    if report.ids != wanted:
        yield f"{name} (other rows)"


def _without_report(store: Store) -> Iterator[str]:
    for stage in store.stages():
        words = stage["stage"].split(" ")
        if words[0] == "evaluate":
            exam: Exam = words[-1]
            if store.report(stage["result"]["checkpoint"], exam) is None:
                yield stage["stage"]
        elif words[0] == "sweep" and store.report(words[1], "dev") is None:
            yield stage["stage"]


def _files(store: Store) -> Iterator[Finding]:
    for stage in store.stages():
        result, round_folder = stage["result"], store.folder / "rounds" / str(stage["round"])
        match stage["stage"].split(" "):
            case ["mix"]:
                yield _rows(round_folder / "mixture.jsonl", result["digest"])
            case ["generate"]:
                accepted = store.screened(stage["round"]).accepted
                yield _rows(round_folder / "accepted.jsonl", digest([row.id for row in accepted]))
            case ["review"]:
                accepted = settled(store, stage["round"]).accepted
                yield _rows(round_folder / "reviewed.jsonl", digest([row.id for row in accepted]))
            case ["train"]:
                yield _adapter(round_folder / "adapter", result["name"], result["digest"])
            case ["fold", *_]:
                folder = round_folder / fold_folder(stage["stage"])
                yield _adapter(folder, stage["stage"], result["digest"])
            case ["sweep", key]:
                # An arm that an older version finished has no digest: its manifest has to do.
                adapter = store.folder / "sweep" / key / "adapter"
                yield _adapter(adapter, result["arm"], result.get("digest"))


def _carried(store: Store) -> Iterator[Finding]:
    """Of a fork: what came along from the other run, which nothing may have changed since."""
    forked = store.meta("forked_from")
    if forked is None:
        return
    wrong = [
        f"{stage} of round {index}"
        for index, stage, wanted in forked["stages"]
        if digest_stage(store, index, stage) != wanted
    ]
    answers = forked["answers"]
    if digest_answers(store.folder, answers["count"]) != answers:
        wrong.append("the teacher's answers")
    yield _all(f"everything that came from {forked['run']} is as it came", wrong)


def _rights(folder: Path) -> Finding:
    """Whether other users of the machine can read the run; the folder keeps them from its files."""
    files = [folder, *(folder / name for name in OWNED)]
    wide = [str(path) for path in files if path.exists() and path.stat().st_mode & OTHERS]
    if not wide:
        return Finding("the run is its owner's alone")
    what = f"not the owner's alone: {', '.join(wide)}; other users of this machine may read the run"
    return Finding(what, False, f"chmod go-rwx {shlex.join(wide)}")


def _rows(path: Path, wanted: str) -> Finding:
    name = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        found = digest([to_example(row).id for _, row in read_jsonl(path)])
    except OSError as error:
        return Finding(f"{name} cannot be read: {error.strerror}", False, EXPORT)
    except (ValueError, TypeError, KeyError):
        return Finding(f"{name} is damaged", False, EXPORT)
    if found != wanted:
        return Finding(f"{name} does not hold the rows of the ledger", False, EXPORT)
    return Finding(f"{name} holds the rows of the ledger")


def _adapter(folder: Path, name: str, wanted: Any) -> Finding:
    try:
        found = load_checkpoint(folder, name).digest
    except StoreError as error:
        return Finding(f"{name}: {error.what} ({error.why})", False, _mend(folder))
    if wanted not in (found, None):
        what = f"{name}: the adapter in {folder} is not the one that was evaluated"
        return Finding(what, False, _mend(folder))
    return Finding(f"{name}: the adapter is as it was trained")


def _mend(folder: Path) -> str:
    if folder.parent.parent.name == "sweep":
        return "its scores are in the ledger and no stage reads it: restore it, or delete it"
    return (
        f"restore {folder} from a copy; or delete it and start the command that began the run "
        "again, which trains it again and holds it against the ledger"
    )
