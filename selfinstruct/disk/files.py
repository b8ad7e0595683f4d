"""Files that are complete when they exist: written beside, synced, then renamed.

Knows nothing of what the rows mean. Reading splits on newline alone, since `splitlines` also cuts
at U+2028.
"""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors import SafetensorError

from selfinstruct.errors import DiskError, UserError
from selfinstruct.failpoints import failpoint

REFUSED = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    *(errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM),
}
"""What a disk that is full, at a limit, failing, or no longer to be written to answers with."""


def find(path: str, base: Path) -> Path | None:
    """The existing path that `path` means: below `base` first, then below the working directory."""
    for candidate in (base / path, Path(path)):
        try:
            if candidate.is_symlink() or candidate.exists():
                return candidate
        except OSError as error:
            raise UserError(f"cannot look for {str(candidate)!r}: {error.strerror}") from None
    return None


def find_path(path: str, base: Path) -> Path:
    """The same, where there has to be one. Raises `UserError` where there is neither."""
    found = find(path, base)
    if found is None:
        raise UserError(f"no file at {path!r}", why=f"looked in {base.resolve()} and {Path.cwd()}")
    return found


def open_private(path: Path, flags: int) -> int:
    """A file opened, made if it is missing; a new one is its owner's alone from the start."""
    new = not path.exists()
    handle = os.open(path, flags | os.O_CREAT, 0o600)
    if new:
        os.fchmod(handle, 0o600)  # whatever the umask took away
    return handle


def as_utf8(text: str) -> bytes:
    """UTF-8 of any text, in which half of a character, which that cannot hold, is spelled \\ud83d.

    So JSON writes it too: of a JSON text nothing is lost. Elsewhere it is at least seen.
    """
    return text.encode(errors="backslashreplace")


def write_atomic(path: Path, content: str | bytes) -> None:
    """Put `content` at `path` in one step: a reader sees the old file or the new one."""
    data = as_utf8(content) if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    with writing(path, len(data)):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            failpoint("file.written")
            part.replace(path)
            failpoint("file.renamed")
        finally:
            part.unlink(missing_ok=True)
        sync_folder(path.parent)


@contextmanager
def writing(path: Path, size: int | None = None) -> Iterator[None]:
    """Around what writes `path`, of so many bytes: raises `DiskError` where the disk refuses."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        number = _number(error)
        if number not in REFUSED:
            raise
        raise unwritten(path, os.strerror(number), size) from error


def _number(error: OSError | SafetensorError) -> int:
    """The system's number of an error, 0 for none; safetensors tells it in words alone."""
    if isinstance(error, OSError):
        return error.errno or 0
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else 0


def unwritten(path: Path, reason: str, size: int | None = None) -> DiskError:
    """What to say of a file or folder that could not be written, and how to go on."""
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    takes = "" if size is None else f"it takes {size:,} bytes; "
    return DiskError(
        f"{path} could not be written: {reason}",
        why=f"{takes}{shutil.disk_usage(there).free:,} bytes are free there; "
        "nothing that was finished is lost",
        next_step="make room, or mend what is wrong with the disk, and start the same command "
        "again: it resumes",
    )


def clear_parts(folders: Iterable[Path], of: str = "*") -> None:
    """Delete what a killed process left half written in these folders, of one name or of any."""
    for folder in folders:
        for left in folder.glob(f".{of}.part"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


@contextmanager
def replacing(out: Path, name: str) -> Iterator[Path]:
    """An empty folder beside `out`, which takes its place in one step when the block has filled it.

    `name` is what `failpoints` knows it by. What lay at `out` is put aside whole, so that a kill
    never leaves half of it there; where the block fails it lies there still. Raises `DiskError`
    where the disk refuses.
    """
    mark = uuid4().hex[:8]
    part, old = (out.with_name(f".{out.name}.{mark}{end}.part") for end in ("", ".old"))
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        clear_parts([out.parent], f"{out.name}.*")
        try:
            part.mkdir()
            yield part
            if os.path.lexists(out):
                out.rename(old)
                failpoint(f"{name}.aside")
            part.rename(out)
            failpoint(f"{name}.renamed")
            sync_folder(out.parent)
        finally:
            if old.exists() and not out.exists():
                old.rename(out)
            for left in (part, old):
                if left.exists():
                    shutil.rmtree(left)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_synced(source: Path, target: Path) -> None:
    """Copy a file, or a folder with all that is in it, and see it onto the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        for path in sorted(source.iterdir()):
            copy_synced(path, target / path.name)
    else:
        shutil.copyfile(source, target)
        with target.open("rb") as handle:
            os.fsync(handle.fileno())
        failpoint("file.copied")
    sync_folder(target.parent)


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not blank, each with its number from 1.

    Raises `UserError` for what cannot be read, or not as UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, non-ASCII kept as it is but for halves of characters."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    write_atomic(path, "".join(f"{line}\n" for line in lines))


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of every non-blank line; `json` raises on a bad one."""
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if line.strip():
            yield number, json.loads(line)


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_tree(folder: Path, leave_out: Iterable[str] = ()) -> str:
    """SHA-256 over the names and contents of all files below `folder`, in hex."""
    skipped = set(leave_out)
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name not in skipped:
            total.update(f"{name}\0{digest_file(path)}\n".encode())
    return total.hexdigest()
