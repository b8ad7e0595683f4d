"""What every model promises, held against those that need no weights."""

from collections.abc import Callable, Mapping

import pytest

from selfinstruct.model import Model
from selfinstruct.models.program import ProgramModel
from selfinstruct.models.scripted import Scripted
from selfinstruct.types import Completion, Message, Request, Sampling

ASKED = [Request((Message("user", text),), Sampling()) for text in ("one", "two", "three")]
MODELS: Mapping[str, Callable[[], Model]] = {
    "a list": lambda: Scripted(["a", Completion("b", "length"), "c"]),
    "a function of the request": lambda: Scripted(lambda request: request.messages[0].content),
    "a program": lambda: ProgramModel("tests.scripted_teacher:answer"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_every_request_is_answered_once_and_what_arrives_is_never_nothing(kind: str) -> None:
    model = MODELS[kind]()
    arrived = list(model.generate(ASKED))
    assert all(arrived)
    assert sorted(each.index for some in arrived for each in some) == [0, 1, 2]
    assert list(model.generate([])) == []
    model.close()


@pytest.mark.parametrize("kind", MODELS)
def test_what_identifies_a_models_answers_is_the_same_the_next_time(kind: str) -> None:
    one, another = MODELS[kind](), MODELS[kind]()
    assert (one.name, one.digest) == (another.name, another.digest)
    assert all((one.name, one.digest))
