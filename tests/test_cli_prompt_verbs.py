"""The verbs of prompts from outside: streams, exit codes, JSON."""

import json
from pathlib import Path

import pytest

from selfinstruct.cli.prompt_verbs import prompts
from tests.command import run
from tests.own_prompts import QUESTION, question, write


def test_a_prompt_is_committed_labelled_and_listed(tmp_path: Path) -> None:
    write(tmp_path / "prompts", QUESTION, question("Say"))
    done = run("prompts", "commit", QUESTION, "-m", "mine", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "{+Say+}" in done.stdout
    assert f"{QUESTION} is v1 (" in done.stdout
    again = run("prompts", "commit", QUESTION, "-m", "mine", cwd=tmp_path)
    assert again.stdout == f"{QUESTION} is already v1\n"
    moved = run("prompts", "label", f"{QUESTION}@1", "production", cwd=tmp_path)
    assert moved.stdout == f"production is at {QUESTION}@1\n"
    listed = run("prompts", "list", "--json", cwd=tmp_path)
    found = json.loads(listed.stdout)
    assert found["schema_version"] == 1
    assert next(p for p in found["prompts"] if p["name"] == QUESTION)["labels"] == {"production": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "label_first/qestion"], f"did you mean {QUESTION}?"),
        (["show", "../x"], "is no name of a prompt"),
        (["commit", QUESTION], "Missing option"),
        (["commit", QUESTION, "-m", "x"], "nothing to commit"),
    ],
)
def test_a_mistake_says_what_to_do(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run("prompts", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_an_edited_registry_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path / "prompts", QUESTION, question("Say"))
    run("prompts", "commit", QUESTION, "-m", "mine", cwd=tmp_path)
    journal = tmp_path / "prompts/.registry/history" / f"{QUESTION}.jsonl"
    journal.write_text("", encoding="utf-8")
    done = run("prompts", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert "belongs to no version" in done.stdout


def test_every_verb_has_examples_and_json() -> None:
    assert len(prompts.registered_commands) == 8
    for command in prompts.registered_commands:
        assert "selfinstruct prompts" in (command.epilog or "")
        assert command.callback is not None
        assert "as_json" in command.callback.__annotations__
