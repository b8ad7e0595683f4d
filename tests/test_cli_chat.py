"""The talk as its lines and what is printed."""

import io
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from selfinstruct.cli.app import app
from selfinstruct.cli.chat import converse, opened
from selfinstruct.model import Answered
from selfinstruct.talk import Manner, Talk
from selfinstruct.trained import find_student
from selfinstruct.types import Completion, Request
from tests.taught import SYSTEM, write_taught
from tests.test_talk import Echo


def consoles() -> tuple[Console, Console]:
    return Console(file=io.StringIO(), width=200), Console(file=io.StringIO(), width=200)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lines(*given: str) -> Callable[[], str | None]:
    left = iter(given)
    return lambda: next(left, None)


def hold(*given: str, models: Sequence[Echo] = (Echo("a"), Echo("b"))) -> tuple[str, str, Talk]:
    out, err = consoles()
    talk = Talk({model.name: model for model in models}, Manner())
    converse(talk, lines(*given), out, err)
    return text(out), text(err), talk


def test_every_line_is_answered_by_everybody_until_there_are_no_more() -> None:
    out, err, _ = hold("hi", "", "  ", "again")
    assert out.splitlines() == ["a: a 1", "b: b 1", "a: a 3", "b: b 3"]
    assert err == ""


@pytest.mark.parametrize("leave", ["/quit", "/exit", " /quit "])
def test_quit_leaves(leave: str) -> None:
    assert hold("hi", leave.strip(), "again")[0].splitlines() == ["a: a 1", "b: b 1"]


def test_commands_change_how_all_are_asked() -> None:
    out, err, talk = hold(
        "one", "/reset", "two", "/system Be brief.", "/set temperature=0.5", "/set seed=3",
        "/instruction Name it.", "three",
    )  # fmt: skip
    assert out.splitlines()[::2] == ["a: a 1", "a: a 1", "a: a 2"]
    assert "temperature 0.5, top_p 1, max_tokens 128, seed 3" in err
    assert talk.manner.system == "Be brief."
    assert talk.said["a"][0].content == "Name it.\n\nthree"


@pytest.mark.parametrize(
    ("line", "told"), [("/set colour=red", "cannot set"), ("/help", "/quit"), ("/x", "/reset")]
)
def test_a_fault_is_told_and_the_talk_goes_on(line: str, told: str) -> None:
    out, err, _ = hold(line, "hi")
    assert told in err
    assert out.splitlines() == ["a: a 1", "b: b 1"]


class Says(Echo):
    """Says its own name for any words, however it was asked."""

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        for index, _ in enumerate(requests):
            yield [Answered(index, Completion(self.name, "length"))]


def test_answers_are_escaped_and_cut_ones_marked() -> None:
    out, _, _ = hold("hi", models=[Says("\x1b[2J[bold]x\u202e")])
    assert out == "\\x1b[2J[bold]x\\x202e: \\x1b[2J[bold]x\\x202e …\n"


class Stops(Echo):
    """Presses Ctrl-C when it is asked."""

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        os.kill(os.getpid(), signal.SIGINT)
        yield from super().generate(requests)


def test_ctrl_c_breaks_an_answer_off_as_often_as_it_is_pressed() -> None:
    before = signal.getsignal(signal.SIGINT)
    out, err, talk = hold("hi", "again", models=[Echo("a"), Stops("b")])
    assert out.splitlines() == ["a: a 1", "a: a 3"]
    assert err.count("(broken off)") == 2
    assert list(talk.said) == ["a"]
    assert signal.getsignal(signal.SIGINT) == before


@pytest.fixture(scope="module")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_taught(tmp_path_factory.mktemp("runs") / "t", tiny_base)


def test_adapters_around_one_base_answer_differently(run: Path) -> None:
    students = {name: find_student(run, name) for name in ("round-1", "real-only", "base")}
    with opened(students) as models:
        answers = [answer.text for _, answer in Talk(models, Manner()).ask("hi")]
    assert len(set(answers)) == 3


def test_a_pipe_is_answered_once_as_json(run: Path) -> None:
    done = CliRunner().invoke(app, ["chat", str(run), "--json"], input="hi\nthere\n")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["message"], told["system"], told["instruction"]) == (
        "hi\nthere",
        SYSTEM,
        "Name it.",
    )
    assert [answer["student"] for answer in told["answers"]] == ["round-1", "base"]
    assert told["target"] == "label_and_response"
    assert (told["seed"], told["sampling"]["temperature"]) == (0, 0.0)


def test_a_pipe_is_answered_line_by_line(run: Path) -> None:
    asked = ["chat", str(run), "--student", "real-only"]
    done = CliRunner().invoke(app, asked, input="/set max_tokens=3\nhi\n")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("real-only: ")
    assert f"system: {SYSTEM}" in done.stderr
    assert "students learned to write: label and response" in done.stderr


def test_an_empty_pipe_is_nothing_to_answer(run: Path) -> None:
    done = CliRunner().invoke(app, ["chat", str(run), "--json"], input=" \n")
    assert "nothing to answer" in str(done.exception)
