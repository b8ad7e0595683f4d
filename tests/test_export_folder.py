import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct import failpoints
from selfinstruct.disk.files import digest_file
from selfinstruct.errors import DiskError, UserError
from selfinstruct.export.folder import Content, publish, require_free


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_the_manifest_names_every_file_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"weights")
    files: dict[str, Content] = {"rows.jsonl": b"{}\n", "w.bin": tmp_path / "source"}
    out = tmp_path / "a" / "out"
    manifest = publish(out, files, {"what": "pool"})
    assert names(out) == ["manifest.json", "rows.jsonl", "w.bin"]
    assert json.loads((out / "manifest.json").read_text()) == manifest
    assert manifest["files"] == {name: digest_file(out / name) for name in files}
    assert names(tmp_path / "a") == ["out", "out/manifest.json", "out/rows.jsonl", "out/w.bin"]


def test_an_export_is_replaced_only_when_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, {"a": b"1"}, {})
    with pytest.raises(UserError, match="replace it with --force"):
        publish(out, {"b": b"2"}, {})
    publish(out, {"b": b"2"}, {}, force=True)
    assert names(out) == ["b", "manifest.json"]
    assert names(tmp_path) == ["out", "out/b", "out/manifest.json"]


def test_whatever_else_lies_there_is_never_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    require_free(home, force=False)  # an empty folder
    (home / "letters").write_text("dear")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(home)
    foreign = tmp_path / "adapter"
    foreign.mkdir()
    (foreign / "manifest.json").write_text('{"files": {}}')
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("[")
    for out in (home, tmp_path / "file", tmp_path / "link", foreign, broken):
        with pytest.raises(UserError, match="is no export"):
            publish(out, {"a": b"1"}, {}, force=True)
    assert (home / "letters").read_text() == "dear"


@pytest.mark.parametrize("place", ["written", "listed", "aside", "renamed"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, place: str) -> None:
    out = tmp_path / "out"
    publish(out, {"a": b"old"}, {})
    failpoints.arm(f"export.{place}:1:full")
    with pytest.raises(DiskError):
        publish(out, {"a": b"new"}, {}, force=True)
    assert (out / "a").read_bytes() == (b"new" if place == "renamed" else b"old")
    assert names(tmp_path) == ["out", "out/a", "out/manifest.json"]
