"""A folder's manifest: the file in it that names all others, each with its SHA-256.

It is written last, so that a folder without one was never finished.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import digest_file, write_atomic

MANIFEST = "manifest.json"


def seal(folder: Path, about: Mapping[str, Any], name: str = MANIFEST) -> dict[str, Any]:
    """See every file below a folder onto the disk, then write its manifest: what is to be said
    `about` it, and as `files` the digests. The manifest out.
    """
    for path in files_of(folder, name).values():
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
    manifest = {**about, "files": _digests(folder, name)}
    write_atomic(folder / name, json.dumps(manifest, indent=2, allow_nan=False))
    return manifest


def files_of(folder: Path, name: str = MANIFEST) -> dict[str, Path]:
    """Every file below a folder by its path there, sorted, but for the manifest of that name."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {place: path for place, path in named.items() if place != name}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder. Raises `ValueError` that says why where it has none to read."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"its {MANIFEST} cannot be read: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        raise ValueError(f"its {MANIFEST} cannot be read: it lists no files")
    return found


def changed_file(folder: Path, manifest: Mapping[str, Any]) -> str | None:
    """The first file, by path, that is missing, added or not what the manifest says; None where
    all are as they were.
    """
    found, listed = _digests(folder, MANIFEST), manifest["files"]
    places = sorted(found.keys() | listed.keys())
    return next((place for place in places if found.get(place) != listed.get(place)), None)


def _digests(folder: Path, name: str) -> dict[str, str]:
    return {place: digest_file(path) for place, path in files_of(folder, name).items()}
