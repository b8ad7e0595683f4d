import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from selfinstruct.disk.manifest import MANIFEST, changed_file, files_of, read_manifest, seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sealed folder of two files, one of them deeper."""
    whole = tmp_path / "whole"
    (whole / "deep").mkdir(parents=True)
    (whole / "rows").write_bytes(b"rows")
    (whole / "deep" / "more").write_bytes(b"")
    seal(whole, {"base": "b"})
    return whole


def test_every_file_is_named_with_its_digest_and_the_manifest_is_none_of_them(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest == {
        "base": "b",
        "files": {
            "deep/more": hashlib.sha256(b"").hexdigest(),
            "rows": hashlib.sha256(b"rows").hexdigest(),
        },
    }
    assert changed_file(folder, manifest) is None
    assert files_of(folder) == {"deep/more": folder / "deep/more", "rows": folder / "rows"}
    assert seal(folder, {"base": "b"}) == manifest  # as before, though one lies there by now


def test_what_is_said_of_a_folder_does_not_say_what_is_in_it(folder: Path) -> None:
    said = seal(folder, {"files": {"rows": "mine"}, "what": "pool"}, "merged.json")
    assert said["what"] == "pool"
    assert said["files"].keys() == {"deep/more", "rows", MANIFEST}
    assert json.loads((folder / "merged.json").read_text()) == said


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another": (lambda f: (f / "rows").write_bytes(b"rowz"), "rows"),
    "cut": (lambda f: (f / "rows").write_bytes(b"row"), "rows"),
    "lost": (lambda f: shutil.rmtree(f / "deep"), "deep/more"),
    "moved": (lambda f: (f / "deep/more").rename(f / "more"), "deep/more"),
    "one too many": (lambda f: (f / "deep/extra").touch(), "deep/extra"),
    "a manifest of another": (lambda f: (f / "deep" / MANIFEST).touch(), f"deep/{MANIFEST}"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_first_file_that_is_not_as_it_was_is_found(folder: Path, change: str) -> None:
    change_it, found = CHANGES[change]
    change_it(folder)
    assert changed_file(folder, read_manifest(folder)) == found


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"{}", b'{"files": ["rows"]}', b"\xff{}"])
def test_a_manifest_that_cannot_be_read_is_told(folder: Path, text: bytes) -> None:
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(ValueError, match="cannot be read: "):
        read_manifest(folder)


def test_a_folder_without_one_was_never_finished(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ValueError, match="No such file"):
            read_manifest(folder)
