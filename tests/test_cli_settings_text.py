from pathlib import Path

import pytest

from selfinstruct.cli.settings_text import (
    given_as_json,
    groups_as_json,
    knob_as_json,
    print_given,
    print_groups,
    print_knob,
)
from selfinstruct.manual import Given, Group, Knob

KNOB = Knob("a.most", "a number", "3", "What it is for. More of it.", "again: watch, final")
FREE = Knob("a.b.free", "text", None, "", None)
RULED = Knob(
    "a.least", "a number", "1", "x", "all of it again", "every verdict", ("`least` is low.",)
)
GROUP = Group("a", "All of a.", (KNOB, FREE, RULED))


def test_one_setting_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_knob(RULED)
    said = capsys.readouterr().out
    assert "rules                 `least` is low." in said
    assert "does all of it again; also every verdict" in said


@pytest.mark.parametrize(
    ("knob", "told"),
    [
        (KNOB, "it is kept to; a run begun with --fork does again: watch, final"),
        (FREE, "it may change"),
        (FREE, "none: it has to be given"),
    ],
)
def test_it_says_what_a_change_costs(
    knob: Knob, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_knob(knob)
    said = capsys.readouterr().out
    assert told in said
    assert "rules" not in said


def test_a_list_has_a_line_for_each_and_the_whole_of_it_on_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_groups([GROUP], whole=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines[:3]] == [
        "a  All of a.",
        "  most: 3  What it is for. More of it.",
        "  b.free: to be given",
    ]
    assert lines[-1] == "3 settings; selfinstruct settings WORD tells more"
    print_groups([GROUP], whole=True)
    assert "most: 3  (a number; again: watch, final)" in capsys.readouterr().out


def test_a_file_is_told_by_lines_and_defaults_apart(capsys: pytest.CaptureFixture[str]) -> None:
    given = [Given(KNOB, 4, "9"), Given(RULED, 5, "1"), Given(FREE, 6, "so\x1b[2J")]
    print_given(Path("c.yaml"), given)
    said = capsys.readouterr().out
    assert "c.yaml:4  a.most: 9  (default 3)" in said
    assert "c.yaml:5" not in said
    assert "as by default: a.least (line 5)" in said
    assert "\x1b" not in said
    print_given(Path("c.yaml"), [])
    assert capsys.readouterr().out == "c.yaml sets nothing of that name\n"
    differs = [row["differs"] for row in given_as_json(Path("c.yaml"), given)["settings"]]
    assert differs == [True, False, True]


def test_json_has_every_field_of_a_setting() -> None:
    [row] = knob_as_json(FREE)["settings"]
    assert row == {
        "name": "a.b.free",
        "takes": "text",
        "default": None,
        "about": "",
        "again": None,
        "also": "",
        "rules": (),
        "required": True,
        "may_change": True,
    }
    assert [row["name"] for row in groups_as_json([GROUP])["settings"]] == [
        "a.most",
        "a.b.free",
        "a.least",
    ]
