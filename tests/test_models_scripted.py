from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.model import Answered
from selfinstruct.models.scripted import Scripted, open_script
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by

ASKED = [Request((Message("user", text),), Sampling()) for text in ("two words", "a", "b")]


def test_a_list_answers_in_order_and_goes_on_where_it_stopped() -> None:
    cut = Completion("c", "length")
    model = Scripted(["one", "two", cut])
    assert answered_by(model, ASKED[:1]) == [
        Answered(0, Completion("one", "stop", 2, 1, "scripted"))
    ]
    assert [each.completion.text for each in answered_by(model, ASKED[:1])] == ["two"]
    assert answered_by(model, ASKED[:1]) == [Answered(0, cut)]


def test_a_function_sees_the_request() -> None:
    model = Scripted(lambda request: request.messages[-1].content.upper())
    assert [each.completion.text for each in answered_by(model, ASKED)] == [
        "TWO WORDS",
        "A",
        "B",
    ]


def test_running_out_is_an_error_after_the_last_answer() -> None:
    running = Scripted(["one"]).generate(ASKED)
    assert [each.completion.text for each in next(running)] == ["one"]
    with pytest.raises(UserError, match="no answer left after 1"):
        next(running)


def test_a_file_of_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"text": "a"}\n\n{"text": "b", "finish_reason": "length"}\n')
    answered = answered_by(open_script(str(path)), ASKED[:2])
    assert [each.completion.text for each in answered] == ["a", "b"]
    assert [each.completion.finish_reason for each in answered] == ["stop", "length"]


@pytest.mark.parametrize("content", ["{", '{"words": "a"}', '"a"', "[1]"])
def test_a_bad_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(content)
    with pytest.raises(UserError, match=r"answers\.jsonl is not a file of answers"):
        open_script(str(path))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UserError, match=r"no answers at missing\.jsonl"):
        open_script("missing.jsonl")
