"""What becomes of a completion, and what a new example knows about its birth."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.config import DemosConfig, GenerateConfig, RecordsConfig
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES
from selfinstruct.recipes.asking import (
    Draft,
    Material,
    Order,
    Reading,
    Wave,
    answers,
    ask_texts,
    conceive,
    conceive_labelled,
    draft_texts,
    read,
    sift,
    with_text,
)
from selfinstruct.types import Completion, Example, Message, Prompt, Rejection, Sampling
from tests.scripted_ask import Scripted, say


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    ("completion", "reading"),
    [
        (Completion("a b", "stop"), Reading(("a", "b"))),
        (Completion("a b", "length"), Reading(("a",), "truncated", "a b")),
        (Completion("a", "length"), Reading((), "truncated", "a")),
        (Completion("", "length"), Reading((), "empty")),
        (Completion("", "stop"), Reading((), "empty")),
        (Completion(" \n", "stop"), Reading((), "empty")),
        (Completion("", "error", error="HTTP 500"), Reading((), "failed_call", "HTTP 500")),
        (Completion("a b", "error"), Reading((), "failed_call", "a b")),
        (Completion("<think>x y</think>a b", "stop"), Reading(("a", "b"))),
        (
            Completion("x y</think>\r\na b", "length"),
            Reading(("a",), "truncated", "x y</think>\na b"),
        ),
        (Completion("<think>x y", "stop"), Reading((), "truncated", "<think>x y")),
        (Completion("<think>x</think>\n", "stop"), Reading((), "empty", "<think>x</think>")),
        (Completion("a <think>b", "stop"), Reading((), "reasoning", "a <think>b")),
        (Completion("a [/Think]", "stop"), Reading((), "reasoning", "a [/Think]")),
        (Completion("</think>a</think>b", "stop"), Reading((), "reasoning", "</think>a</think>b")),
        (Completion("I must not", "refusal"), Reading((), "refused", "I must not")),
        (Completion("", "refusal"), Reading((), "refused")),
    ],
)
def test_read_gives_items_or_a_reason(completion: Completion, reading: Reading[str]) -> None:
    assert read(completion, words) == reading


def test_words_without_an_item_are_unreadable() -> None:
    assert read(Completion("???", "stop"), lambda _: ()) == Reading((), "unreadable", "???")


FEW = Order("few", request="about trains")


def test_a_child_is_deeper_than_its_parents() -> None:
    wave = Wave(3, 0, random.Random(0), ())
    parents = (Example("a"), Example("b", depth=2), Example("a"))
    child = conceive(parents, FEW, wave)
    assert (child.origin, child.round, child.depth, child.source) == (
        "synthetic",
        3,
        3,
        "recipe:few",
    )
    assert child.parents == (parents[0].id, parents[1].id)
    assert child.request == "about trains"
    assert conceive((), FEW, wave).depth == 1


@pytest.mark.parametrize(
    ("licenses", "inherited"),
    [
        (("MIT", "MIT"), "MIT"),
        (("MIT", "CC0-1.0"), "CC0-1.0 AND MIT"),
        (("MIT", ""), "MIT AND NOASSERTION"),
        ((), ""),
    ],
)
def test_a_child_comes_under_the_licences_of_all_its_parents(
    licenses: tuple[str, ...], inherited: str
) -> None:
    parents = [Example(f"row {n}", license=license_) for n, license_ in enumerate(licenses)]
    assert conceive(parents, FEW, Wave(1, 0, random.Random(0), ())).license == inherited


def test_a_child_of_a_label_has_what_rows_of_the_label_share() -> None:
    wave = Wave(1, 0, random.Random(0), ())
    of_text = Example("Name the intent.", "A fee?", label="fee", kind="bank")
    alone = Example("Why the fee?", label="fee", kind="shop")
    order = Order("few", "fee")
    child = conceive_labelled((of_text, alone), order, wave, (alone,))
    assert (child.label, child.kind, child.instruction) == ("fee", "bank", "Name the intent.")
    assert child.parents == (of_text.id, alone.id)
    other = Example("x", label="card")
    orphan = conceive_labelled((), order, wave, (other, alone))
    assert (orphan.label, orphan.kind, orphan.instruction) == ("fee", "shop", "")
    assert orphan.parents == ()


def test_a_text_stands_where_the_demonstrations_have_theirs() -> None:
    assert with_text(Example("Reply."), "Hi").input == "Hi"
    assert with_text(Example(""), "Hi").instruction == "Hi"


def test_each_completion_comes_with_the_plan_that_asked_for_it() -> None:
    prompts = [Prompt((Message("user", text),), "t", "v") for text in ("a", "b")]
    teacher = Scripted(lambda text, n: say(f"{text}{n}"))
    found = answers(["A", "B"], prompts, teacher, Sampling(), samples=2)
    assert [(plan, completion.text) for plan, completion in found] == [
        ("A", "a0"),
        ("A", "a1"),
        ("B", "b2"),
        ("B", "b3"),
    ]


def test_texts_become_drafts_and_what_was_lost_a_rejection() -> None:
    demos = (Example("shown"),)
    blank = Draft(Example("Reply.", label="fee"), demos)
    said = Completion("one two thr", "length", attempt="7")
    drafts, lost = draft_texts(blank, said, words)
    own = Example("Reply.", label="fee", attempt="7")
    assert drafts == [Draft(replace(own, input=text), demos) for text in ("one", "two")]
    assert lost == [Rejection(replace(own, input="one two thr"), "truncated")]
    assert draft_texts(blank, Completion("one", "stop"), words)[1] == []


def test_of_every_completion_come_drafts_and_what_was_lost() -> None:
    blanks = [Draft(Example("", label=label), ()) for label in ("fee", "card")]
    prompts = [Prompt((Message("user", text),), "t", "v") for text in ("a", "b")]
    teacher = Scripted(lambda text, n: say("", "error") if n == 1 else say(f"{text}{n}"))
    drafts, lost = ask_texts(blanks, prompts, teacher, GenerateConfig(samples_per_prompt=2), words)
    found = [(draft.example.label, draft.example.instruction) for draft in drafts]
    assert found == [("fee", "a0"), ("card", "b2"), ("card", "b3")]
    assert [(item.what.label, item.reason) for item in lost] == [("fee", "failed_call")]


def test_two_conversations_that_end_alike_are_two_drafts() -> None:
    drafts = [
        Draft(
            Example("Yes please", turns=(Message("user", text), Message("assistant", "Now?"))), ()
        )
        for text in ("Tea", "Milk", "tea ")
    ]
    sound, dropped = sift(drafts, Material((), Shelf(), (), "response", lambda _: None))
    assert sound == drafts[:2]
    assert [(each.reason, each.neighbour) for each in dropped] == [
        ("duplicate", drafts[0].example.id)
    ]


def test_a_child_comes_under_the_terms_of_its_teacher_too() -> None:
    wave = Wave(1, 0, random.Random(0), (), "Gemma")
    assert conceive([Example("row", license="MIT")], FEW, wave).license == "Gemma AND MIT"
    assert conceive([], FEW, wave).license == "Gemma"


SHOWN = sorted(RECIPES.keys() - {"program"})  # a program is shown no rows


@pytest.mark.parametrize("recipe", SHOWN)
def test_no_recipe_shows_a_row_that_has_had_its_children(recipe: str, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    label = "fee" if recipe in ("label_first", "few_shot", "evolve") else None
    rows = tuple(
        Example(f"Say {n} in other words", response=f"It is said as {n} and one", label=label)
        for n in range(12)
    )
    records = RecordsConfig(json_schema=str(tmp_path / "schema.json"))
    cfg = GenerateConfig(demos=DemosConfig(real=2, synthetic=2), records=records)
    full = frozenset(row.id for row in (*rows[:4], *rows[6:8]))
    labels = () if label is None else (label,)
    pool = Shelf(rows[6:])
    pool.take_off(full)
    material = Material(rows[:6], pool, labels, "response", lambda _: None, full=full)
    parents: set[str] = set()
    for seed in range(10):
        order = Order(recipe, label)
        wave = Wave(1, 0, random.Random(seed), (order,) * 4)
        found = RECIPES[recipe](material, Scripted(lambda *_: say("", "error")), cfg, wave)
        parents |= {parent for item in found.rejections for parent in item.what.parents}
    assert parents
    assert not parents & full
