"""Rewritings of known rows, and the elimination of those that say nothing new."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.config import DemosConfig, EvolveConfig, GenerateConfig
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Order, Wave
from selfinstruct.recipes.asking import COPIED_WORDS, copied_run
from selfinstruct.recipes.evolve import evolve
from selfinstruct.recipes.wishes import BREADTH, DEPTH, MESSIER, Wish
from selfinstruct.types import Completion, Drafts, Example
from tests.scripted_ask import Scripted, say

TASKS = tuple(Example(f"Task number {n} of the list", response=f"answer {n}") for n in range(4))
CARDS = tuple(
    Example("Name the intent.", f"{label} text {n}", label=label, license="CC0-1.0")
    for label in ("fee", "card")
    for n in range(3)
)
CFG = GenerateConfig(samples_per_prompt=2, demos=DemosConfig(real=2, synthetic=0))


def write(question: str, n: int) -> Completion:
    if "Answer Yes or No" in question:
        return say("No")
    return say(f"Rewritten words {n}" if "and nothing else" in question else f"Reply {n}")


def play(
    teacher: Scripted,
    train: Sequence[Example] = TASKS,
    labels: Sequence[str | None] = (None, None),
    target: Any = "response",
    cfg: GenerateConfig = CFG,
    **stock: Any,
) -> Drafts:
    known = tuple(dict.fromkeys(label for label in labels if label is not None))
    material = Material(tuple(train), Shelf(), known, target, lambda _: None)
    orders = tuple(Order("evolve", label) for label in labels)
    wave = Wave(3, 0, random.Random(0), orders)
    return evolve(replace(material, **stock), teacher, cfg, wave)


def test_every_rewriting_knows_its_parent_and_gets_an_answer() -> None:
    teacher = Scripted(write)
    found = play(teacher)
    assert RECIPES["evolve"] is evolve
    assert [row.response.split()[0] for row in found.examples] == ["Reply"] * 4
    texts = {task.id: task.instruction for task in TASKS}
    for row, prompt in zip(found.examples[::2], teacher.prompts, strict=False):
        assert texts[row.parents[0]] in prompt.messages[-1].content
        assert (row.source, row.round, row.depth, row.label) == ("recipe:evolve", 3, 1, None)
        assert len(row.parents) <= 3  # the row that was rewritten, and two demonstrations
    after = [prompt for prompt in teacher.prompts if prompt.template != "evolve/rewrite.j2"]
    rewritings = {f"{n}/{sample}" for n in range(2) for sample in range(2)}
    assert {prompt.template for prompt in after} == {"evolve/gain.j2", "evolve/answer.j2"}
    assert {prompt.about for prompt in after} == rewritings


def test_a_labelled_row_keeps_its_label_and_is_made_messier() -> None:
    teacher = Scripted(write)
    found = play(teacher, CARDS, ("fee", "card"), "label")
    assert [row.label for row in found.examples] == ["fee", "fee", "card", "card"]
    assert {(row.instruction, row.license) for row in found.examples} == {
        ("Name the intent.", "CC0-1.0")
    }
    assert all(row.input.startswith("Rewritten") for row in found.examples)
    asked = [prompt.messages[-1].content for prompt in teacher.prompts if prompt.parents != ()]
    assert all(any(wish.words in text for wish in MESSIER) for text in asked)
    assert len(teacher.prompts) == 2 + 4  # two rewritings, a question of gain for each text


def test_tasks_go_deep_and_at_the_asked_rate_broad() -> None:
    for breadth, wishes in ((0.0, set(DEPTH)), (1.0, {BREADTH})):
        teacher = Scripted(write)
        cfg = CFG.model_copy(update={"evolve": EvolveConfig(breadth=breadth)})
        play(teacher, labels=[None] * 40, cfg=cfg)
        rewritings = [each for each in teacher.prompts if each.template == "evolve/rewrite.j2"]
        told = [each.messages[-1].content for each in rewritings]
        assert {wish for wish in wishes if any(wish.words in text for text in told)} == wishes
        assert all(any(wish.words in text for wish in wishes) for text in told)


def test_what_says_the_same_is_dropped_with_its_parent_named() -> None:
    def same(question: str, n: int) -> Completion:
        return say("Yes.") if "Answer Yes or No" in question else write(question, n)

    found = play(Scripted(same))
    assert found.examples == ()
    assert {item.reason for item in found.rejections} == {"no_gain"}
    assert {item.neighbour for item in found.rejections} <= {task.id for task in TASKS}
    kept = play(
        Scripted(same), cfg=CFG.model_copy(update={"evolve": EvolveConfig(eliminate=False)})
    )
    assert len(kept.examples) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(say("", "error"), "failed_call"), (say("They differ"), "gain_unclear")],
)
def test_a_rewriting_is_no_gain_for_want_of_an_answer(answer: Completion, reason: str) -> None:
    def unclear(question: str, n: int) -> Completion:
        return answer if "Answer Yes or No" in question else write(question, n)

    found = play(Scripted(unclear))
    assert found.examples == ()
    assert {item.reason for item in found.rejections} == {reason}


WISHES = (*DEPTH, BREADTH, *MESSIER)


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.words)
def test_an_example_goes_before_as_turns(wish: Wish) -> None:
    teacher = Scripted(write)
    rows = CARDS if wish in MESSIER else TASKS
    cfg = CFG.model_copy(update={"evolve": EvolveConfig(breadth=float(wish is BREADTH))})
    play(teacher, rows, [rows[0].label] * 40, "label" if wish in MESSIER else "response", cfg)
    asked = [each.messages for each in teacher.prompts if each.template == "evolve/rewrite.j2"]
    first, shown, last = next(each for each in asked if wish.words in each[-1].content)
    assert [each.role for each in (first, shown, last)] == ["user", "assistant", "user"]
    assert wish.before in first.content
    assert wish.words in first.content
    assert shown.content == wish.after
    assert wish.before not in last.content


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.words)
def test_the_words_of_a_wish_are_found_in_what_copies_it(wish: Wish) -> None:
    assert copied_run(f"Well: {wish.words}", wish.words) is not None
    assert copied_run("Why was I charged twice for the same card?", wish.words) is None
    assert copied_run(" ".join(wish.words.split()[: COPIED_WORDS - 1]), wish.words) is None
    assert copied_run(wish.after, wish.words) is None
    assert copied_run(wish.after, wish.after) is not None


@pytest.mark.parametrize("part", ["words", "after"])
def test_a_copy_of_the_wish_or_of_its_example_is_no_question(part: str) -> None:
    def copies(question: str, n: int) -> Completion:
        if "and nothing else" not in question:
            return write(question, n)
        wish = next(wish for wish in WISHES if wish.words in question)
        return say({"words": wish.words, "after": wish.after}[part])

    found = play(Scripted(copies))
    assert found.examples == ()
    assert {item.reason for item in found.rejections} == {"copied_prompt"}


def test_rows_of_too_deep_a_generation_are_not_rewritten() -> None:
    deep = tuple(Example(f"Deep {n}", response="x", depth=9, origin="synthetic") for n in range(9))
    found = play(Scripted(write), labels=[None] * 20, pool=Shelf(deep))
    assert {row.depth for row in found.examples} == {1}


@pytest.mark.parametrize(
    ("completion", "reason"),
    [(say("", "error"), "failed_call"), (say("cut in the mid", "length"), "truncated")],
)
def test_no_completion_disappears(completion: Completion, reason: str) -> None:
    found = play(Scripted(lambda *_: completion))
    assert [item.reason for item in found.rejections] == [reason] * 4
