from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.files import (
    copy_synced,
    digest_tree,
    find,
    find_path,
    read_jsonl,
    write_atomic,
    write_jsonl,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(rows=st.lists(st.dictionaries(TEXT, TEXT)))
def test_rows_survive_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "rows.jsonl"
    write_jsonl(path, rows)
    assert [row for _, row in read_jsonl(path)] == rows


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


def test_a_copied_folder_holds_the_same_and_shares_nothing(tmp_path: Path) -> None:
    for name in ("a/b/1", "a/2"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    copy_synced(tmp_path / "a", tmp_path / "made" / "c")
    assert digest_tree(tmp_path / "made/c") == digest_tree(tmp_path / "a")
    (tmp_path / "a/2").write_text("changed")
    assert (tmp_path / "made/c/2").read_text() == "a/2"
