import sys
from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.models.program import ProgramModel
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by

ASKED = [Request((Message("user", text),), Sampling()) for text in ("a", "b")]
SOURCE = """
from selfinstruct.types import Completion

def shout(requests):
    for request in requests:
        yield request.messages[-1].content.upper()

def cut(requests):
    return [Completion("x", "length")] * len(requests)

def few(requests):
    return ["only one"]

def many(requests):
    return ["too many"] * 9
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the current folder, under a name no other test imports."""
    name = f"teacher_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    return name


def test_a_function_of_the_current_folder_answers(module: str) -> None:
    answered = answered_by(ProgramModel(f"{module}:shout"), ASKED)
    assert [each.index for each in answered] == [0, 1]
    assert [each.completion.text for each in answered] == ["A", "B"]


def test_a_completion_stays_as_it_is(module: str) -> None:
    answered = answered_by(ProgramModel(f"{module}:cut"), ASKED)
    assert [each.completion for each in answered] == [Completion("x", "length")] * 2


@pytest.mark.parametrize(("name", "count"), [("few", 1), ("many", 9)])
def test_another_number_of_answers_is_refused(module: str, name: str, count: int) -> None:
    model = ProgramModel(f"{module}:{name}")
    with pytest.raises(UserError, match=f"gave {count} answers to 2 requests"):
        answered_by(model, ASKED)


def test_a_function_that_is_not_there_is_refused(module: str) -> None:
    with pytest.raises(UserError, match="did you mean shout"):
        ProgramModel(f"{module}:shuot")


def test_the_digest_is_of_the_source(module: str) -> None:
    digests = {name: ProgramModel(f"{module}:{name}").digest for name in ("shout", "cut")}
    assert digests["shout"] != digests["cut"]
    assert ProgramModel("builtins:list").digest
