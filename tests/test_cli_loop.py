"""The verbs of a run, from outside."""

import json
from pathlib import Path

import pytest

from tests.command import run
from tests.finished import KEPT, write_run


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["compare"],
        ["show", KEPT.id],
        ["show", "--rejected", "too_similar"],
        ["show"],
        ["report"],
    ],
)
def test_every_reading_command_has_a_versioned_json_form(
    tmp_path: Path, arguments: list[str]
) -> None:
    write_run(tmp_path / "r")
    command, *rest = arguments
    done = run(command, str(tmp_path / "r"), *rest, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema_version"] == 1


def test_tables_go_to_stdout_without_colour_codes(tmp_path: Path) -> None:
    write_run(tmp_path / "r")
    done = run("status", str(tmp_path / "r"))
    assert "round 1: ACCEPT" in done.stdout
    assert "\x1b" not in done.stdout


def test_doctor_answers_1_when_something_is_wrong(tmp_path: Path) -> None:
    write_run(tmp_path / "r")
    done = run("doctor", str(tmp_path / "r"))
    assert done.returncode == 1
    assert "FAIL" in done.stdout


def test_init_prints_what_it_wrote_and_what_comes_next(tmp_path: Path) -> None:
    done = run("init", "mine", cwd=tmp_path)
    assert done.stdout.split() == ["mine/config.yaml", "mine/seeds.jsonl"]
    assert "selfinstruct run mine/config.yaml" in done.stderr
