"""The files of a prompt folder."""

from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.registry.folder import read_folder


def write(path: Path, data: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_every_template_is_known_by_its_path_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("a.j2", "b/c.j2", "b/new.j2.bak", "notes.md", ".a.j2", ".registry/sources/d.j2"):
        write(tmp_path / name)
    write(tmp_path / "we\u0069\u0308ss.j2", b"\xef\xbb\xbfone\r\ntwo\n")
    found = read_folder(tmp_path)
    assert found.keys() == {"a.j2", "b/c.j2", "we\u00efss.j2"}
    assert found["we\u00efss.j2"].text == "one\ntwo\n"
    assert found["a.j2"].file == str(tmp_path / "a.j2")
    assert read_folder(tmp_path / "none") == {}


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.j2", b"\xff\xfe")
    with pytest.raises(UserError, match=r"a\.j2 cannot be read"):
        read_folder(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "secret.j2")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.j2").symlink_to(tmp_path / "secret.j2")
    with pytest.raises(UserError, match="leads out of"):
        read_folder(tmp_path / "prompts")


def test_a_name_that_no_prompt_can_have_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a@7.j2")
    with pytest.raises(UserError, match=r"'a@7\.j2' is no name of a prompt"):
        read_folder(tmp_path)
