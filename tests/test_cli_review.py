"""The command `review`: at a terminal, its state, out to a file and in again."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfinstruct.cli.app import app
from selfinstruct.cli.review import name_of
from selfinstruct.errors import StoreError, UserError
from tests.paired import ROWS, write_paired
from tests.reviewed import write_reviewable
from tests.taught import write_taught


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "run")
    return tmp_path / "run"


def say(*words: object, keys: str = "") -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["review", *map(str, words)], input=keys)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_decisions_are_made_by_keys_and_told_by_status(run: Path) -> None:
    assert "4 of 14 decided: 3 accepted, 1 rejected" in say(run, "--terminal", keys="a a x1 a q")
    found = json.loads(say(run, "--status", "--json"))
    assert (found["done"], found["accepted"], found["rejected"]) == (4, 3, 1)
    assert found["schema_version"] == 1
    assert "4 of 14 decided" in say(run, "--status")


def test_decisions_go_to_a_file_and_into_another_run(run: Path, tmp_path: Path) -> None:
    write_reviewable(tmp_path / "two")
    path = tmp_path / "d.jsonl"
    say(run, "--terminal", "--reviewer", "ann", keys="a x2 u q")
    assert "3 decisions written" in say("export", run, path)
    assert "3 decisions taken from" in say("import", tmp_path / "two", path)
    assert json.loads(say("import", tmp_path / "two", path, "--json"))["known"] == 3
    assert json.loads(path.read_text().splitlines()[0])["reviewer"] == "ann"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("export", "RUN"), "export takes a run and a file"),
        (("RUN", "RUN"), "review looks at one run, not at 2"),
        (("RUN", "--judge"), "--judge goes with --pairs"),
    ],
)
def test_words_that_make_no_command_are_told(run: Path, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UserError, match=told):
        say(*(run if word == "RUN" else word for word in words))


def test_a_run_without_reviews_says_how_to_begin(run: Path) -> None:
    with pytest.raises(StoreError, match="has no reviews yet"):
        say(run, "--status")


def test_a_name_is_that_given_then_the_configured_one_then_the_accounts() -> None:
    assert name_of("ann", "bob") == "ann"
    assert name_of("", "bob") == "bob"
    assert name_of("", "")


def test_status_tells_of_candidates_and_of_pairs(tmp_path: Path) -> None:
    write_paired(tmp_path / "run", ROWS[:5])
    told = say(tmp_path / "run", "--status")
    assert "0 of 14 decided" in told
    assert "round-1 against base: 4 of 5 dev rows were answered differently" in told
    found = json.loads(say(tmp_path / "run", "--status", "--json"))
    assert found["total"] == 14
    (pairs,) = found["pairs"]
    assert (pairs["students"], pairs["pairs"]) == ({"first": "round-1", "second": "base"}, 4)


@pytest.mark.usefixtures("one_thread")
def test_two_students_answer_and_a_person_chooses(tiny_base: Path, tmp_path: Path) -> None:
    run = write_taught(tmp_path / "run", tiny_base, dev=8)
    asked = (run, "--pairs", "champion", "base", "--rows", "6", "--terminal")
    told = say(*asked, "--reviewer", "ann", keys="1q")
    assert "pair 1 of 6" in told and "1 of 6 judged" in told
    status = say(run, "--status")
    assert "1 of 6 judged: round-1 better" in status
    assert "decided" not in status  # nobody is asked about candidates here
    assert "pair 2 of 6" in say(*asked, keys="q")
    path = tmp_path / "choices.jsonl"
    assert "1 decisions written" in say("export", run, path)
    assert json.loads(path.read_text())["reviewer"] == "ann"
    assert "0 decisions taken from" in say("import", run, path)
    with pytest.raises(UserError, match="are one student"):
        say(run, "--pairs", "champion", "round-1", "--terminal")
