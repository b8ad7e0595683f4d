"""A path in, the bytes of the file as UTF-8 out, and in words how they were come by.

Knows paths, sizes, compression and encodings; what the bytes say is the business of `formats`. An
encoding is stated, by the file's own mark or in `seeds.encoding`, and never guessed: where it is
missing or wrong, the file is refused with the line that shows it.

A file is held in memory whole, so there is a largest size.
"""

import codecs
import gzip
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.disk.files import find
from selfinstruct.errors import UserError

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
MAX_BYTES = 1 << 29
"""Seeds are hundreds of rows, at most some 100,000; what is larger is a mistake."""
MAX_SHOWN = 60
UTF8 = codecs.lookup("utf-8").name
WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""UTF-32 first: its mark begins with one of UTF-16."""
CONVERT = {
    ".xlsx": "open it and save the sheet as `CSV UTF-8 (.csv)`",
    ".xls": "open it and save the sheet as `CSV UTF-8 (.csv)`",
    ".ods": "open it and save the sheet as CSV, character set UTF-8",
    ".numbers": "export it as CSV, encoding UTF-8",
    ".zip": "unzip it and name the file in it",
    ".txt": "name it .tsv if its first line names columns and tabs part them, .jsonl if each line "
    "is a JSON object",
}
"""The ending of a file that is not read to what makes one that is."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Bytes of a file as UTF-8 without a mark, its ending (that within a .gz), how it was read."""

    name: str
    suffix: str
    data: bytes
    form: tuple[str, ...] = ()


def resolve(path: str, base: Path) -> Path:
    """The existing path that `path` means: below `base` first, then below the working directory.

    Raises `UserError` where there is neither.
    """
    found = find(path, base)
    if found is None:
        raise UserError(
            f"no seeds at {path!r}",
            why=f"looked in {base.resolve()} and {Path.cwd()}",
            next_step=f"set seeds.path to a file ({', '.join(SUFFIXES)}), or to hf:NAME",
        )
    return found


def suffix_of(path: Path) -> str:
    """The ending that tells the format, in small letters: that within a .gz."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix == ".gz" else suffix


def require_regular(path: Path) -> None:
    """Raises `UserError` for a path that is not opened at all; a FIFO would block for ever."""
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if stat.S_ISDIR(status.st_mode):
        raise UserError(f"{path} is a folder", next_step=_of_a_folder(path))
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path} is not a regular file", next_step="write the rows to a file first")
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise UserError(
            f"{path} has none of the endings {', '.join(SUFFIXES)}",
            why="the ending tells how to read a file; .gz may follow it",
            next_step=CONVERT.get(suffix, "save or export it as CSV in UTF-8, with a header"),
        )
    if status.st_size > MAX_BYTES:
        raise _too_large(path.name, f"{status.st_size:,} bytes")


def open_text(path: Path, encoding: str) -> Opened:
    """The bytes of a regular file as UTF-8; `encoding` is that of a file without a mark of its own.

    Lines of a file in UTF-8 may still hold bytes that are none: those are faults of their rows.
    Raises `UserError` for whatever cannot be read as a whole.
    """
    require_regular(path)
    data, form = _content(path)
    for mark in WIDE:
        if data.startswith(mark):
            wide = "utf-32" if len(mark) == 4 else "utf-16"
            return Opened(
                path.name,
                suffix_of(path),
                _as_utf8(data, wide, path.name),
                (*form, f"{wide.upper()}, as its first bytes say"),
            )
    marked = data.startswith(codecs.BOM_UTF8)
    if codecs.lookup(encoding).name == UTF8 or marked:
        if b"\0" in data[:4]:
            raise UserError(
                f"{path.name}:1: UTF-16 or UTF-32 without a mark, or no text at all",
                next_step="set seeds.encoding=utf-16-le, as Windows writes it, or save it as UTF-8",
            )
        return Opened(path.name, suffix_of(path), data.removeprefix(codecs.BOM_UTF8), form)
    _refuse_if_utf8(data, encoding, path.name)
    data = _as_utf8(data, encoding, path.name)
    return Opened(path.name, suffix_of(path), data, (*form, f"{encoding}, as seeds.encoding says"))


def decode(opened: Opened) -> str:
    """The text of a file that is read as a whole. Raises `UserError` with the first line that is no
    UTF-8, and what it would say in the encoding of Windows.
    """
    try:
        return opened.data.decode()
    except UnicodeDecodeError as error:
        raise _undecoded(opened.data, error, opened.name) from None


def why_undecoded(error: UnicodeDecodeError) -> str:
    """Which byte of its line is no UTF-8."""
    column = error.start - error.object.rfind(b"\n", 0, error.start)
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at column {column}"


def _content(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a file, and whether it had to be unpacked."""
    try:
        if path.suffix.lower() != ".gz":
            return path.read_bytes(), ()
        with gzip.open(path) as packed:
            data = packed.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(
            f"{path.name} cannot be unpacked: {error}", next_step=f"try: gunzip -t {path.name}"
        ) from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise _too_large(path.name, "more bytes inside")
    return data, ("gzip",)


def _as_utf8(data: bytes, encoding: str, name: str) -> bytes:
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = data.count(b"\n", 0, at) + 1
        raise UserError(
            f"{name}:{line}: not {encoding}",
            why=str(error),
            next_step="set seeds.encoding to that of the file",
        ) from None


def _refuse_if_utf8(data: bytes, encoding: str, name: str) -> None:
    """Read as another encoding, UTF-8 would turn each umlaut into two wrong letters, unseen."""
    try:
        is_utf8 = not data.isascii() and b"\0" not in data and bool(data.decode())
    except UnicodeDecodeError:
        return
    if is_utf8:
        raise UserError(
            f"{name} is UTF-8, and seeds.encoding says {encoding}",
            next_step="set seeds.encoding=utf-8",
        )


def _undecoded(data: bytes, error: UnicodeDecodeError, name: str) -> UserError:
    line = data.count(b"\n", 0, error.start) + 1
    start = data.rfind(b"\n", 0, error.start) + 1
    start = max(start, error.start - MAX_SHOWN // 2)
    shown = data[start : start + MAX_SHOWN].partition(b"\n")[0].decode("cp1252", "replace").strip()
    return UserError(
        f"{name}:{line}: {why_undecoded(error)}",
        why=f"in the encoding of Windows (cp1252) the line would say: {shown}",
        next_step="if that is right, set seeds.encoding=cp1252; otherwise to that of the file, or "
        "save it as UTF-8: iconv -f ENCODING -t UTF-8 OLD > NEW",
    )


def _of_a_folder(path: Path) -> str:
    """How to name what is in it."""
    inside = sorted(each for each in path.iterdir() if suffix_of(each) in SUFFIXES)
    lines = [each for each in inside if each.suffix.lower() in (".jsonl", ".ndjson")]
    if len(lines) > 1:
        return f"put its files into one: cat {path}/*{lines[0].suffix} > rows.jsonl"
    if len(inside) == 1:
        return f"set seeds.path={inside[0]}"
    return f"name a file in it, or hf:{path} for a folder of `datasets`"


def _too_large(name: str, size: str) -> UserError:
    return UserError(
        f"{name} has {size}; the most is {MAX_BYTES:,}", next_step="take a sample of its rows"
    )
