import errno
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError

from selfinstruct.disk.files import (
    clear_parts,
    copy_synced,
    digest_tree,
    find,
    find_path,
    numbered_lines,
    read_jsonl,
    replacing,
    write_atomic,
    write_jsonl,
    writing,
)
from selfinstruct.errors import DiskError, UserError
from selfinstruct.failpoints import watch


def joined(text: str) -> str:
    """JSON knows two halves that follow one another as the whole."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


TEXT = st.text(st.characters() | st.sampled_from("\\\0\ud83d\ude00\u202e")).map(joined)


@given(rows=st.lists(st.dictionaries(TEXT, TEXT)))
def test_rows_survive_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "rows.jsonl"
    write_jsonl(path, rows)
    assert [row for _, row in read_jsonl(path)] == rows
    path.read_text("utf-8")


def test_line_separators_inside_text_do_not_cut_a_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"a": "x\u2028y\u0085z"}, {"a": "2"}])
    assert [(number, row["a"]) for number, row in read_jsonl(path)] == [
        (1, "x\u2028y\u0085z"),
        (2, "2"),
    ]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"a": 1}])
    with pytest.raises(ValueError, match="JSON"):
        write_jsonl(path, [{"a": float("nan")}])
    assert [row for _, row in read_jsonl(path)] == [{"a": 1}]
    assert [found.name for found in tmp_path.iterdir()] == ["rows.jsonl"]


def test_half_of_a_character_is_spelled_out_where_no_json_is(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.txt", "x \ud83d y")
    assert (tmp_path / "a.txt").read_text("utf-8") == "x \\ud83d y"


def test_writing_into_a_folder_that_is_missing_makes_it(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b.txt", "x")
    assert (tmp_path / "a" / "b.txt").read_text() == "x"


def test_the_digest_of_a_tree_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = digest_tree(tmp_path)
    (tmp_path / "c").write_text("3")
    assert digest_tree(tmp_path) != before
    assert digest_tree(tmp_path, leave_out=["c"]) == before
    (tmp_path / "a").write_text("2")
    (tmp_path / "b").write_text("1")
    assert digest_tree(tmp_path, leave_out=["c"]) != before


def test_a_path_is_looked_for_below_its_base_first(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert find_path("a.json", tmp_path) == tmp_path / "a.json"
    assert find(str(tmp_path / "a.json"), Path("elsewhere")) == tmp_path / "a.json"
    assert find("nowhere.json", tmp_path) is None
    with pytest.raises(UserError, match=r"no file at 'nowhere\.json'"):
        find_path("nowhere.json", tmp_path)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "full"), "No space left on device"),
        (OSError(errno.EDQUOT, "quota"), "Disk quota exceeded"),
        (OSError(errno.EFBIG, "big"), "File too large"),
        (OSError(errno.EIO, "io"), "Input/output error"),
        (OSError(errno.EROFS, "read-only"), "Read-only file system"),
        (PermissionError(errno.EACCES, "no"), "Permission denied"),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "No space left on"),
    ],
)
def test_what_a_disk_refuses_is_told_with_path_need_and_room(
    tmp_path: Path, error: Exception, words: str
) -> None:
    with pytest.raises(DiskError) as caught, writing(tmp_path / "a" / "b", 12345):
        raise error
    assert caught.value.exit_code == 3
    assert caught.value.what.startswith(f"{tmp_path}/a/b could not be written: {words}")
    assert caught.value.why.startswith("it takes 12,345 bytes; ")
    assert "bytes are free there" in caught.value.why
    assert "start the same command again" in caught.value.next_step


@pytest.mark.parametrize(
    "error",
    [
        OSError("no number"),
        NotADirectoryError(errno.ENOTDIR, "x"),
        SafetensorError("bad header"),
        ValueError("x"),
    ],
    ids=repr,
)
def test_another_fault_goes_on_as_it_is(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, writing(tmp_path):
        raise error
    assert caught.value is error


def test_a_file_that_does_not_fit_leaves_the_old_one_and_no_litter(tmp_path: Path) -> None:
    """A limit gives a short count first, and refuses only what is written after it."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from selfinstruct.errors import UserError\n"
        "from selfinstruct.disk.files import write_atomic\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))\n"
        "try:\n    write_atomic(Path(sys.argv[1]), b'x' * 50_000)\n"
        "except UserError as error:\n    print(error.exit_code, error)"
    )
    path = tmp_path / "rows.jsonl"
    path.write_text("before")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"3 {path} could not be written: File too large\n")
    assert "it takes 50,000 bytes" in done.stdout
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [
        ("rows.jsonl", "before")
    ]


def test_what_was_left_half_written_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".a.0123.part").mkdir()
    (tmp_path / ".a.0123.part" / "weights").touch()
    for name in (".b.0123.part", "a.part", ".a", "b"):
        (tmp_path / name).touch()
    clear_parts([tmp_path], "a.*")
    assert {path.name for path in tmp_path.iterdir()} == {".b.0123.part", "a.part", ".a", "b"}
    clear_parts([tmp_path, tmp_path / "nowhere"])
    assert {path.name for path in tmp_path.iterdir()} == {"a.part", ".a", "b"}


def test_a_copied_folder_holds_the_same_and_shares_nothing(tmp_path: Path) -> None:
    for name in ("a/b/1", "a/2"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    copy_synced(tmp_path / "a", tmp_path / "made" / "c")
    assert digest_tree(tmp_path / "made/c") == digest_tree(tmp_path / "a")
    (tmp_path / "a/2").write_text("changed")
    assert (tmp_path / "made/c/2").read_text() == "a/2"


# -- folders that are replaced ------------------------------------------------------------------


def fill(out: Path, content: str) -> None:
    with replacing(out, "some") as part:
        (part / "a").write_text(content)


def tree(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_a_folder_takes_the_place_of_another_whole(tmp_path: Path) -> None:
    out = tmp_path / "b" / "out"
    fill(out, "1")
    (out / "gone").write_text("x")
    (out.parent / ".out.left.part").mkdir()  # of a process that was killed
    (out.parent / ".other.left.part").mkdir()
    fill(out, "2")
    assert tree(tmp_path) == {"b/out/a": "2"}
    assert {path.name for path in out.parent.iterdir()} == {"out", ".other.left.part"}


@pytest.mark.parametrize("there", [True, False])
def test_where_the_block_fails_all_is_as_it_was(tmp_path: Path, there: bool) -> None:
    out = tmp_path / "out"
    if there:
        fill(out, "1")
    with pytest.raises(ValueError, match="no"), replacing(out, "some") as part:
        (part / "a").write_text("2")
        raise ValueError("no")
    assert tree(tmp_path) == ({"out/a": "1"} if there else {})
    assert [*tmp_path.iterdir()] == ([out] if there else [])


@pytest.mark.parametrize(("place", "found"), [("aside", "1"), ("renamed", "2")])
def test_it_is_the_old_folder_or_the_new_one_wherever_the_disk_is_full(
    tmp_path: Path, place: str, found: str
) -> None:
    out = tmp_path / "out"
    fill(out, "1")

    def full(name: str) -> None:
        if name == f"some.{place}":
            raise OSError(errno.ENOSPC, "full")

    watch(full)
    try:
        with pytest.raises(DiskError, match=f"{out} could not be written"):
            fill(out, "2")
    finally:
        watch(None)
    assert tree(tmp_path) == {"out/a": found}
    assert [*tmp_path.iterdir()] == [out]


def test_lines_that_are_not_blank_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes("\ufeffone\n \n\u2028two\u0085\n".encode())
    assert list(numbered_lines(path)) == [(1, "one"), (3, "\u2028two\u0085")]
    path.write_bytes(b"\xff")
    with pytest.raises(UserError, match="cannot be read"):
        list(numbered_lines(path))
