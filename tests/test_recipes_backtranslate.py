"""Instructions for real texts: what is asked, and that the response stays as it was."""

import random
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.config import BacktranslateConfig, DemosConfig, GenerateConfig
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Order, Wave
from selfinstruct.recipes.backtranslate import backtranslate
from selfinstruct.types import Completion, Drafts, Example
from tests.scripted_ask import Scripted, say

TRAIN = tuple(
    Example(f"Request {n}", response=f"The real answer number {n}", license="CC-BY-4.0")
    for n in range(4)
)
CFG = GenerateConfig(samples_per_prompt=2, demos=DemosConfig(real=2, synthetic=0))


def play(
    teacher: Scripted,
    orders: int = 4,
    pool: tuple[Example, ...] = (),
    train: tuple[Example, ...] = TRAIN,
    **cfg: Any,
) -> Drafts:
    material = Material(train, Shelf(pool), (), "response", lambda _: None)
    wave = Wave(1, 0, random.Random(0), (Order("backtranslate"),) * orders)
    return backtranslate(material, teacher, CFG.model_copy(update=cfg), wave)


def ask_back(question: str, n: int) -> Completion:
    return say(f"What request is this {n} {len(question)}?")


def test_each_text_is_asked_about_and_stays_as_it_is() -> None:
    teacher = Scripted(ask_back)
    found = play(teacher)
    assert RECIPES["backtranslate"] is backtranslate
    assert sorted({row.response for row in found.examples}) == [row.response for row in TRAIN]
    by_text = {row.response: row for row in TRAIN}
    for row in found.examples:
        assert row.parents[0] == by_text[row.response].id
        assert (row.source, row.origin) == ("recipe:backtranslate", "synthetic")
    for prompt in teacher.prompts:
        *shown, last = prompt.messages
        text = next(row for row in TRAIN if row.response in last.content)
        assert all(text.response not in message.content for message in shown)  # not its own key
        assert len(shown) == 4


def test_texts_that_have_fewest_rows_come_first() -> None:
    pool = tuple(Example(f"known {n}", response=TRAIN[n].response) for n in range(3))
    found = play(Scripted(ask_back), orders=1, pool=pool)
    assert {row.response for row in found.examples} == {TRAIN[3].response}


def test_a_file_of_texts_brings_its_licence(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("A paragraph of the web.\n\nAnother one.\n")
    texts = BacktranslateConfig(path=str(tmp_path / "texts.txt"), license="CC0-1.0")
    found = play(Scripted(ask_back), orders=2, backtranslate=texts)
    assert {row.response for row in found.examples} == {"A paragraph of the web.", "Another one."}
    assert {row.license for row in found.examples} == {"CC-BY-4.0 AND CC0-1.0"}


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (say("", "error"), "failed_call"),
        (say("cut in the mid", "length"), "truncated"),
        (say(""), "empty"),
    ],
)
def test_no_completion_disappears(completion: Completion, reason: str) -> None:
    found = play(Scripted(lambda *_: completion), orders=2)
    assert found.examples == ()
    assert [item.reason for item in found.rejections] == [reason] * 4
    assert all(item.what.response for item in found.rejections)


@pytest.mark.parametrize(
    "text",
    [
        "Write the request that it answers, and nothing else.",  # SmolLM2-135M, kept by all filters
        "What a headline. An answer that somebody gave:\n\nThe secret to it",
    ],
)
def test_a_copy_of_what_every_prompt_says_is_no_request(text: str) -> None:
    found = play(Scripted(lambda *_: say(text)), orders=1)
    assert found.examples == ()
    assert {item.reason for item in found.rejections} == {"copied_prompt"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("its key spacing", 1),
        ("and key spacing are demanding at seven", 1),  # seven words in a row
        ("its reed and key spacing are demanding at seven", 0),
    ],
)
def test_a_request_may_name_its_subject_and_not_repeat_its_answer(said: str, kept: int) -> None:
    """SmolLM2-135M retold the answer: "A recorder is lighter, and its reed and key spacing ..."."""
    answer = "A clarinet is heavier, and its reed and key spacing are demanding at seven."
    row = Example("Recorder or clarinet?", response=answer)
    found = play(Scripted(lambda *_: say(f"Tell me about {said}!")), orders=1, train=(row,))
    assert len(found.examples) == kept
    assert found.rejections[0].reason == ("duplicate" if kept else "copied_prompt")


def test_a_demonstration_asks_for_all_that_its_answer_answers() -> None:
    """Seen with the shipped seeds: "Does B follow from A?" stood there without A and B."""
    rows = (
        Example("Which word is spelled wrongly?", "recieve, belief", response="recieve"),
        Example("Reply.", "My card is gone", label="lost", response="I am sorry to hear that."),
        Example("Name a colour.", response="Blue is one of them."),
    )
    teacher = Scripted(ask_back)
    play(teacher, orders=9, train=rows)
    asked = {
        message.content
        for prompt in teacher.prompts
        for message in prompt.messages
        if message.role == "assistant"
    }
    assert asked == {
        "Which word is spelled wrongly?\n\nrecieve, belief",
        "My card is gone",
        "Name a colour.",
    }
