"""The folder of an export: it appears whole, with a manifest of digests that is written last.

A folder is replaced only where it is an export itself, and only when asked for.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct import __version__
from selfinstruct.disk.files import copy_synced, replacing, write_atomic
from selfinstruct.disk.manifest import read_manifest, seal
from selfinstruct.errors import UserError
from selfinstruct.failpoints import failpoint

MADE_BY = "selfinstruct"
Content = bytes | Path
"""What a file is to hold: these bytes, or what that file holds."""


def require_free(out: Path, *, force: bool) -> None:
    """Raises `UserError` where something lies at `out` that may not be replaced."""
    if not os.path.lexists(out) or (out.is_dir() and not any(out.iterdir())):
        return
    if not _is_export(out):
        raise UserError(
            f"{out} exists and is no export",
            why="only a folder that export wrote is ever replaced",
            next_step="name another folder with -o",
        )
    if not force:
        raise UserError(f"{out} holds an export already", next_step="replace it with --force")


def publish(
    out: Path, files: Mapping[str, Content], about: Mapping[str, Any], *, force: bool = False
) -> dict[str, Any]:
    """Write the files beside `out`, the manifest last, and put all there in one step; the manifest
    out: `about`, and the SHA-256 of every file.

    Raises `UserError` as `require_free`, `DiskError` where the disk refuses; what lay at `out` lies
    there still.
    """
    require_free(out, force=force)
    with replacing(out, "export") as part:
        return _write(part, files, about)


def _write(part: Path, files: Mapping[str, Content], about: Mapping[str, Any]) -> dict[str, Any]:
    for name, content in files.items():
        if isinstance(content, Path):
            copy_synced(content, part / name)
        else:
            write_atomic(part / name, content)
    failpoint("export.written")
    told = {"schema_version": 1, "made_by": MADE_BY, "version": __version__, **about}
    manifest = seal(part, told)
    failpoint("export.listed")
    return manifest


def _is_export(out: Path) -> bool:
    if out.is_symlink():
        return False
    try:
        return bool(read_manifest(out).get("made_by") == MADE_BY)
    except ValueError:
        return False
