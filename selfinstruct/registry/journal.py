"""The history of one prompt: versions and moves of labels, a JSON line each, never rewritten.

    .registry/history/label_first/question.jsonl    one line a version or move
    .registry/sources/SHA256.j2                     each source once, by the digest of its text

Plain files, for a team to commit and compare. A line ends with a seal, the digest of the line and
of the seal before it, so that a line that was edited or taken out is noticed. A team that has
committed on two branches has two lines of one number: the second comes in again with `commit`.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import write_atomic, writing
from selfinstruct.errors import StoreError
from selfinstruct.prompting import SUFFIX, Source, Template
from selfinstruct.types import digest

REGISTRY = ".registry"
RESTORE = "restore it from a copy, such as: git checkout -- {}"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a template: its number, digest, and the SHA-256 of each of its sources."""

    number: int
    version: str
    sources: Mapping[str, str]
    message: str
    who: str
    when: str
    kind: str = "version"


@dataclass(frozen=True, slots=True)
class Move:
    """A label set to a version: where it was before, None where it was nowhere."""

    label: str
    number: int
    before: int | None
    message: str
    who: str
    when: str
    kind: str = "label"


Entry = Version | Move


def journal_of(folder: Path, name: str) -> Path:
    """The file with the history of a template of this prompt folder."""
    return folder / REGISTRY / "history" / f"{name.removesuffix(SUFFIX)}.jsonl"


def names_in(folder: Path) -> list[str]:
    """Every template that has a history."""
    root = folder / REGISTRY / "history"
    paths = sorted(root.rglob("*.jsonl"))
    return [f"{path.relative_to(root).with_suffix('').as_posix()}{SUFFIX}" for path in paths]


def read_journal(path: Path) -> tuple[Entry, ...]:
    """The history in a file, none where there is no file.

    Raises `StoreError` naming file and line for one that was edited, or that another is missing
    before.
    """
    entries: list[Entry] = []
    versions = 0
    seal = ""
    *lines, rest = _read(path).split("\n")
    if rest:
        raise _edited(path, len(lines) + 1, "it has no end")
    for at, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            told = row.pop("seal")
            kind = {"version": Version, "label": Move}[row["kind"]]
            entry: Entry = kind(**row)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _edited(path, at, "it is no line of a history") from None
        seal = _seal(seal, row)
        if told != seal:
            raise _edited(path, at, "it, or a line before it, is not what was written")
        if isinstance(entry, Version):
            versions += 1
            if entry.number != versions:
                raise _edited(path, at, f"version {versions} should come here, not {entry.number}")
        entries.append(entry)
    return tuple(entries)


def append(path: Path, entry: Entry) -> None:
    """Add a line to a history; to be called under `alone`, after it was read."""
    before = _read(path)
    last = json.loads(before.split("\n")[-2])["seal"] if before else ""
    row = asdict(entry)
    line = json.dumps({**row, "seal": _seal(last, row)}, ensure_ascii=False)
    write_atomic(path, f"{before}{line}\n")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While nobody else adds to the registry of this prompt folder; waits for whoever does."""
    root = folder / REGISTRY
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def store_sources(folder: Path, template: Template) -> dict[str, str]:
    """Put the sources of a template where they stay, out come their digests by name."""
    found: dict[str, str] = {}
    for name, source in sorted(template.sources.items()):
        found[name] = hashlib.sha256(source.text.encode()).hexdigest()
        path = _source_path(folder, found[name])
        if not path.exists():
            write_atomic(path, source.text)
    return found


def load_version(folder: Path, name: str, version: Version) -> Template:
    """The template as it was committed. Raises `StoreError` where a source is gone or edited."""
    sources = {
        each: _load_source(folder, sha, f"{name.removesuffix(SUFFIX)}@{version.number}")
        for each, sha in version.sources.items()
    }
    return Template(name, sources)


def unclaimed(folder: Path, entries: Sequence[Entry]) -> list[str]:
    """Stored sources that no version of these histories has."""
    claimed = {
        sha for entry in entries if isinstance(entry, Version) for sha in entry.sources.values()
    }
    stored = (path.stem for path in (folder / REGISTRY / "sources").glob(f"*{SUFFIX}"))
    return sorted(sha for sha in stored if sha not in claimed)


def _read(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _edited(path, 1, f"it cannot be read: {error}") from None


def _source_path(folder: Path, sha: str) -> Path:
    return folder / REGISTRY / "sources" / f"{sha}{SUFFIX}"


def _load_source(folder: Path, sha: str, of: str) -> Source:
    path = _source_path(folder, sha)
    if not path.is_file():
        raise StoreError(f"{path}, of {of}, is gone", next_step=RESTORE.format(path))
    text = _read(path)
    if hashlib.sha256(text.encode()).hexdigest() != sha:
        raise StoreError(
            f"{path}, of {of}, was edited",
            why="a version that was committed stays as it was; a changed prompt is a new version",
            next_step=RESTORE.format(path),
        )
    return Source(text, str(path))


def _seal(before: str, row: Mapping[str, Any]) -> str:
    return digest([before, dict(row)])


def _edited(path: Path, line: int, why: str) -> StoreError:
    return StoreError(f"{path}:{line}: {why}", next_step=RESTORE.format(path))
