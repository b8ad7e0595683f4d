from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from selfinstruct import chat
from selfinstruct.errors import UserError
from selfinstruct.model import Answered
from selfinstruct.talk import Manner, Talk, changed, shared_instruction
from selfinstruct.types import Completion, Example, Message, Request, Sampling
from tests.frozen_run import rows


@dataclass
class Echo:
    """Says how many turns it has read, and notes every request."""

    name: str
    digest: str = "d"
    fails: bool = False
    heard: list[Request] = field(default_factory=list)

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        self.heard += requests
        for index, request in enumerate(requests):
            reason = "error" if self.fails else "stop"
            text = f"{self.name} {len(request.messages)}"
            yield [Answered(index, Completion(text, reason))]  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing is open."""


def talk(*models: Echo, **manner: object) -> Talk:
    return Talk({model.name: model for model in models}, replace(Manner(), **manner))  # type: ignore[arg-type]


def test_all_hear_the_same_and_each_its_own_answers() -> None:
    one, other = Echo("one"), Echo("other")
    said = talk(one, other, system="Be brief.", seed=7)
    assert [(n, a.text) for n, a in said.ask("hi")] == [("one", "one 2"), ("other", "other 2")]
    list(said.ask("and?"))
    assert one.heard[0] == other.heard[0]
    assert [turn.content for turn in one.heard[1].messages] == ["Be brief.", "hi", "one 2", "and?"]
    assert [turn.content for turn in other.heard[1].messages][2] == "other 2"
    assert {request.seed for request in one.heard} == {7}


def test_a_message_is_put_as_the_rows_put_it() -> None:
    model = Echo("one")
    [row, *_] = real = rows("train", 3)
    said = talk(model, system="Be brief.", instruction=shared_instruction(real))
    list(said.ask(row.input))
    assert model.heard[0].messages == chat.prompt_messages(row, "Be brief.")


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        ([Example("Name it.", "a"), Example("Name it.", "b")], "Name it."),
        ([Example("Name it.", "a"), Example("Sort it.", "b")], ""),
        ([Example("Name it."), Example("Name it.", "b")], ""),
        ([], ""),
    ],
)
def test_an_instruction_is_shared_by_all_rows_or_by_none(rows: list[Example], shared: str) -> None:
    assert shared_instruction(rows) == shared


def test_an_answer_that_failed_or_was_broken_off_is_not_remembered() -> None:
    good, bad = Echo("good"), Echo("bad", fails=True)
    said = talk(bad, good)
    next(said.ask("hi"))  # whoever asked leaves before the second has answered
    assert said.said == {}
    list(said.ask("again"))
    assert list(said.said) == ["good"]
    assert said.said["good"] == (Message("user", "again"), Message("assistant", "good 1"))
    said.reset()
    assert said.said == {}


@pytest.mark.parametrize(
    ("setting", "manner"),
    [
        ("temperature=0.7", Manner(sampling=Sampling(0.7, 1.0, 128))),
        (" top_p = 0.5 ", Manner(sampling=Sampling(0.0, 0.5, 128))),
        ("max_tokens=9", Manner(sampling=Sampling(0.0, 1.0, 9))),
        ("seed=4", Manner(seed=4)),
    ],
)
def test_one_setting_is_changed(setting: str, manner: Manner) -> None:
    assert changed(Manner(), setting) == manner


@pytest.mark.parametrize(
    "setting",
    [
        *("", "temperature", "temperature=", "temperature=hot", "temperature=-1"),
        *("temperature=nan", "top_p=0", "top_p=1.1", "max_tokens=0", "max_tokens=1.5", "colour=1"),
    ],
)
def test_what_cannot_be_set_is_told(setting: str) -> None:
    with pytest.raises(UserError, match="cannot set"):
        changed(Manner(), setting)


def test_bounds_are_told_as_a_config_tells_them() -> None:
    with pytest.raises(UserError, match=r"top_p is above 0 and at most 1; it is 1\.1"):
        changed(Manner(), "top_p=1.1")
    assert changed(Manner(), "temperature=11").sampling.temperature == 11
