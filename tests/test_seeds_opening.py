import codecs
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.seeds import opening
from selfinstruct.seeds.opening import MAX_BYTES, decode, open_text, resolve
from selfinstruct.seeds.read import read_examples
from tests.seed_files import GOOD, fault, line, read

TEXT = "text,label\nné … 5 €,b\n"


def put(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("data", "encoding", "form"),
    [
        (TEXT.encode(), "utf-8", ()),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8", ()),
        (codecs.BOM_UTF8 + TEXT.encode(), "cp1252", ()),  # its own mark says it better
        (TEXT.encode("cp1252"), "cp1252", ("cp1252, as seeds.encoding says",)),
        (TEXT.encode("utf-16"), "utf-8", ("UTF-16, as its first bytes say",)),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "cp1252", ("UTF-16, as its ",)),
        (TEXT.encode("utf-32"), "utf-8", ("UTF-32, as its first bytes say",)),
        (TEXT.encode("utf-16-le"), "utf-16-le", ("utf-16-le, as seeds.encoding says",)),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_encoding_that_is_stated_comes_out_as_utf_8(
    tmp_path: Path, data: bytes, encoding: str, form: tuple[str, ...], packed: bool
) -> None:
    name = "a.csv.gz" if packed else "a.csv"
    opened = open_text(put(tmp_path, name, gzip.compress(data) if packed else data), encoding)
    assert decode(opened) == TEXT
    assert (opened.name, opened.suffix) == (name, ".csv")
    told = opened.form[1:] if packed else opened.form
    assert len(told) == len(form)
    assert all(each.startswith(start) for each, start in zip(told, form, strict=True))
    assert opened.form[:1] == ("gzip",) if packed else "gzip" not in opened.form


def test_bytes_of_windows_are_refused_with_what_they_would_say(tmp_path: Path) -> None:
    message = fault(tmp_path, TEXT.encode("cp1252"), "a.csv")
    assert "a.csv:2: not UTF-8: byte 0xe9 at column 2" in message
    assert "(cp1252) the line would say: né … 5 €,b" in message
    assert "set seeds.encoding=cp1252" in message


def test_utf_8_is_never_read_as_something_else(tmp_path: Path) -> None:
    message = fault(tmp_path, TEXT.encode(), "a.csv", encoding="cp1252")
    assert "a.csv is UTF-8, and seeds.encoding says cp1252" in message
    ascii_only = read(tmp_path, "instruction,response\na,b\n", "a.csv", encoding="cp1252")
    assert len(ascii_only.examples) == 1


def test_a_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    message = fault(tmp_path, b"text,label\na\x81,b\n", "a.csv", encoding="cp1252")
    assert "a.csv:2: not cp1252" in message


@pytest.mark.parametrize(
    "data",
    [
        line(GOOD).encode("utf-16-le"),
        line(GOOD).encode("utf-16-be"),
        line(GOOD).encode("utf-32-be"),
        b"\0" * 100,
    ],
)
def test_wide_characters_without_a_mark_are_named(tmp_path: Path, data: bytes) -> None:
    message = fault(tmp_path, data, "a.jsonl", skip_bad=True)
    assert message.startswith("a.jsonl:1: UTF-16 or UTF-32 without a mark, or no text at all")
    assert "seeds.encoding=utf-16-le" in message


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(line(GOOD).encode(), mtime=0)[:-9], b""]
)
def test_a_broken_gz_is_an_error_for_people(tmp_path: Path, data: bytes) -> None:
    message = fault(tmp_path, data, "a.jsonl.gz")
    assert "a.jsonl.gz" in message


def test_a_gz_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_BYTES", 100)
    message = fault(tmp_path, gzip.compress(b" " * 101), "a.jsonl.gz")
    assert "a.jsonl.gz has more bytes inside; the most is 100" in message


@pytest.mark.parametrize(
    ("inside", "step"),
    [
        (["a.jsonl", "b.jsonl"], "cat {}/*.jsonl > rows.jsonl"),
        (["a.csv"], "set seeds.path={}/a.csv"),
        ([], "or hf:{} for a folder of `datasets`"),
    ],
)
def test_a_folder_is_refused_with_how_to_name_what_is_in_it(
    tmp_path: Path, inside: list[str], step: str
) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for name in inside:
        (folder / name).touch()
    with pytest.raises(UserError) as caught:
        read_examples(SeedsConfig(path=str(folder)), tmp_path)
    assert step.format(folder) in caught.value.next_step


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_dangling(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def make_huge(path: Path) -> None:
    with path.open("wb") as handle:
        handle.truncate(MAX_BYTES + 1)  # sparse


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("a.jsonl", make_folder, "is a folder"),
        ("a.jsonl", os.mkfifo, "is not a regular file"),
        ("a.jsonl", make_loop, "Too many levels of symbolic links"),
        ("a.jsonl", make_dangling, "No such file"),
        ("a.jsonl", make_huge, "536,870,913 bytes"),
        ("a.txt", Path.touch, "has none of the endings .jsonl, .ndjson, .json, .csv"),
        ("a.xlsx", Path.touch, "save the sheet as `CSV UTF-8"),
        ("a.txt.gz", Path.touch, "has none of the endings"),
    ],
    ids=["folder", "fifo", "loop", "dangling", "huge", "txt", "xlsx", "gz"],
)
def test_what_is_no_seed_file_is_not_opened(
    tmp_path: Path, name: str, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(UserError, match=reason):
        read_examples(SeedsConfig(path=name), tmp_path)


@pytest.mark.parametrize("path", ["gone.jsonl", "a\0b.jsonl", "x" * 300 + ".jsonl", "gone/a.csv"])
def test_a_missing_file_is_an_error_for_people(tmp_path: Path, path: str) -> None:
    with pytest.raises(UserError):
        read_examples(SeedsConfig(path=path), tmp_path)


def test_a_relative_path_starts_at_the_config_and_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, here = tmp_path / "config", tmp_path / "here"
    for folder in (config, here):
        folder.mkdir()
        (folder / "both.csv").touch()
    (here / "one.csv").touch()
    monkeypatch.chdir(here)
    assert resolve("both.csv", config).samefile(config / "both.csv")
    assert resolve("one.csv", config).samefile(here / "one.csv")
    assert resolve(str(here / "both.csv"), config).samefile(here / "both.csv")
