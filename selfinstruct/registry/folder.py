"""The prompt files of a project's folder: they stand in the place of shipped ones of their name."""

import unicodedata
from pathlib import Path

from selfinstruct.errors import UserError
from selfinstruct.prompting import SUFFIX, Source
from selfinstruct.registry.names import read_name


def read_folder(folder: Path) -> dict[str, Source]:
    """Every template below a folder by name, hidden ones left out; none where it is missing.

    Line ends are read as newlines, so that a version does not hang on how a file was checked out.
    Raises `UserError` for a file that is no UTF-8, whose name no prompt can have, or that leads out
    of the folder.
    """
    found: dict[str, Source] = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts) or not path.is_file():
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{path} leads out of {folder}", next_step="put a copy in its place")
        found[read_name(unicodedata.normalize("NFC", inside.as_posix()))] = read_source(path)
    return found


def read_source(path: Path) -> Source:
    """One file. Raises `UserError` where it cannot be read."""
    try:
        return Source(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
