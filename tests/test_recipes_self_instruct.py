"""The paper's four questions against a scripted teacher, and that every answer is accounted for."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from selfinstruct.config import DemosConfig, GenerateConfig
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Order, Wave
from selfinstruct.recipes.answering import YES_OR_NO
from selfinstruct.recipes.self_instruct import (
    INPUT_FIRST,
    IS_CLASSIFICATION,
    OUTPUT_FIRST,
    PROPOSE,
    self_instruct,
)
from selfinstruct.types import (
    Completion,
    Drafts,
    Example,
    FinishReason,
    Prompt,
    Rejection,
    Sampling,
)

TRAIN = tuple(
    Example(f"Do task {word}.", f"in {word}", f"out {word}", license="CC0")
    for word in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
)
POOL = tuple(
    Example(f"Do new task {n}.", "", f"out {n}", origin="synthetic", depth=1, license="CC0")
    for n in range(5)
)
CFG = GenerateConfig(prompts_per_wave=1, samples_per_prompt=1)

Answer = Callable[[str], Completion]


def say(text: str, finish: FinishReason = "stop") -> Completion:
    return Completion(text, finish)


@dataclass
class ScriptedTeacher:
    """Answers each template by its own function of the last message; keeps what it was asked."""

    answers: dict[str, Answer]
    asked: dict[str, list[Prompt]] = field(default_factory=dict)
    how: dict[str, tuple[Sampling, int]] = field(default_factory=dict)

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        for prompt in prompts:
            self.asked.setdefault(prompt.template, []).append(prompt)
            self.how[prompt.template] = (sampling, samples)
        return [
            [
                replace(
                    self.answers[prompt.template](prompt.messages[-1].content),
                    attempt=f"{prompt.template}/{sample}",
                )
                for sample in range(samples)
            ]
            for prompt in prompts
        ]


def teacher(**answers: Answer) -> ScriptedTeacher:
    usual: dict[str, Answer] = {
        PROPOSE.name: lambda _: say("1. Sort these words.\n2. Name the mood of a text."),
        IS_CLASSIFICATION.name: lambda asked: say("Yes" if "mood" in asked else "No"),
        INPUT_FIRST.name: lambda _: say("Input: b a\nOutput: a b"),
        OUTPUT_FIRST.name: lambda _: say("Class label: glad\nInput: Hooray!\nClass label: sad"),
    }
    names = {
        "propose": PROPOSE.name,
        "classify": IS_CLASSIFICATION.name,
        "input_first": INPUT_FIRST.name,
        "output_first": OUTPUT_FIRST.name,
    }
    return ScriptedTeacher(usual | {names[name]: answer for name, answer in answers.items()})


def material(**changes: object) -> Material:
    base = Material(TRAIN, Shelf(POOL), (), "response", lambda _: None)
    return replace(base, **changes)  # type: ignore[arg-type]


def run(asked: ScriptedTeacher, cfg: GenerateConfig = CFG, **changes: object) -> Drafts:
    orders = (Order("self_instruct"),) * cfg.prompts_per_wave
    return self_instruct(material(**changes), asked, cfg, Wave(4, 0, random.Random(0), orders))


def test_tasks_become_instances_with_their_lineage() -> None:
    drafts = run(teacher())
    assert drafts.rejections == ()
    found = [
        (row.instruction, row.input, row.response, row.kind, row.attempt) for row in drafts.examples
    ]
    assert found == [
        ("Sort these words.", "b a", "a b", "generation", f"{INPUT_FIRST.name}/0"),
        ("Name the mood of a text.", "Hooray!", "glad", "classification", f"{OUTPUT_FIRST.name}/0"),
        ("Name the mood of a text.", "", "sad", "classification", f"{OUTPUT_FIRST.name}/0"),
    ]
    for row in drafts.examples:
        assert (row.origin, row.round, row.depth) == ("synthetic", 4, 2)
        assert (row.source, row.license, row.label) == ("recipe:self_instruct", "CC0", None)
        assert len(row.parents) == 8


def test_what_follows_is_tied_to_the_proposal_it_is_about() -> None:
    asked = teacher()
    run(asked)
    for form in (IS_CLASSIFICATION, INPUT_FIRST, OUTPUT_FIRST):
        assert {prompt.about for prompt in asked.asked[form.name]} == {f"{PROPOSE.name}/0"}
    assert {prompt.about for prompt in asked.asked[PROPOSE.name]} == {""}


def test_each_question_has_its_own_sampling() -> None:
    asked = teacher()
    run(asked, GenerateConfig(prompts_per_wave=2, samples_per_prompt=3))
    assert asked.how[PROPOSE.name] == (CFG.question, 3)
    assert asked.how[IS_CLASSIFICATION.name] == (YES_OR_NO, 1)
    assert asked.how[INPUT_FIRST.name] == asked.how[OUTPUT_FIRST.name] == (CFG.answer, 1)
    assert YES_OR_NO.temperature == 0


def test_proposals_see_six_real_tasks_and_two_of_its_own() -> None:
    asked = teacher()
    run(asked)
    (prompt,) = asked.asked[PROPOSE.name]
    real = {row.id for row in TRAIN}
    assert len(prompt.parents) == 8
    assert len(real & set(prompt.parents)) == 6


def test_instances_see_whole_rows_and_labels_see_none() -> None:
    asked = teacher()
    run(asked)
    (generation,) = asked.asked[INPUT_FIRST.name]
    (classification,) = asked.asked[OUTPUT_FIRST.name]
    rows = {row.id: row for row in (*TRAIN, *POOL)}
    shown = [turn.content for turn in generation.messages if turn.role == "assistant"]
    assert shown == [
        f"Input: {rows[id_].input or 'none'}\nOutput: {rows[id_].response}"
        for id_ in generation.parents
    ]
    assert len(shown) == 3
    assert classification.parents == ()


def test_a_task_that_would_be_dropped_is_not_followed_up() -> None:
    asked = teacher()

    def check(example: Example) -> Rejection | None:
        return Rejection(example, "too_similar") if "Sort" in example.instruction else None

    drafts = run(asked, check_question=check)
    assert [rejection.reason for rejection in drafts.rejections] == ["too_similar"]
    assert INPUT_FIRST.name not in asked.asked
    assert len(asked.asked[IS_CLASSIFICATION.name]) == 1


def test_a_task_proposed_twice_in_a_wave_is_followed_up_once() -> None:
    asked = teacher(propose=lambda _: say("1. Sort these words.\n2. sort  these words."))
    drafts = run(asked)
    assert [rejection.reason for rejection in drafts.rejections] == ["duplicate"]
    assert len(asked.asked[INPUT_FIRST.name]) == 1


@pytest.mark.parametrize("answer", ["Yes", "yes.", "**Yes**, it is", "<think>No?</think>Yes"])
def test_yes_makes_a_classification_task(answer: str) -> None:
    asked = teacher(classify=lambda _: say(answer, "length"))
    run(asked)
    assert set(asked.asked) == {PROPOSE.name, IS_CLASSIFICATION.name, OUTPUT_FIRST.name}


@pytest.mark.parametrize(
    "completion", [say("No"), say("Perhaps"), say(""), say("No", "refusal"), say("<think>Yes")]
)
def test_anything_else_makes_a_generation_task(completion: Completion) -> None:
    asked = teacher(classify=lambda _: completion)
    run(asked)
    assert set(asked.asked) == {PROPOSE.name, IS_CLASSIFICATION.name, INPUT_FIRST.name}


def test_a_failed_call_is_not_taken_for_an_answer() -> None:
    asked = teacher(classify=lambda _: say("", "error"))
    drafts = run(asked)
    assert drafts.examples == ()
    assert [rejection.reason for rejection in drafts.rejections] == ["failed_call"] * 2
    assert {rejection.what.instruction for rejection in drafts.rejections} == {
        "Sort these words.",
        "Name the mood of a text.",
    }


FAILURES = [
    (say("cut in the", "length"), "truncated"),
    (say("", "error"), "failed_call"),
    (say("I will not", "refusal"), "refused"),
    (say("  "), "empty"),
    (say("..."), "unreadable"),
]


@pytest.mark.parametrize(("completion", "reason"), FAILURES)
def test_no_proposal_disappears(completion: Completion, reason: str) -> None:
    drafts = run(teacher(propose=lambda _: completion))
    assert drafts.examples == ()
    assert [rejection.reason for rejection in drafts.rejections] == [reason]


@pytest.mark.parametrize(("completion", "reason"), FAILURES)
def test_no_instance_disappears(completion: Completion, reason: str) -> None:
    drafts = run(teacher(input_first=lambda _: completion, output_first=lambda _: completion))
    assert drafts.examples == ()
    assert [rejection.reason for rejection in drafts.rejections] == [reason] * 2


def test_whole_items_before_a_cut_survive() -> None:
    drafts = run(
        teacher(
            propose=lambda _: say("1. Sort these words.\n2. Name the", "length"),
            input_first=lambda _: say("Input: b a\nOutput: a b\nInput: d c\nOutput: c", "length"),
        )
    )
    assert [(row.input, row.response) for row in drafts.examples] == [("b a", "a b")]
    assert [rejection.reason for rejection in drafts.rejections] == ["truncated", "truncated"]


def test_instances_without_output_or_beyond_their_number_are_named() -> None:
    text = "Output: a\nInput: b\nOutput: c\nInput: d\nOutput: e\nInput: f\nOutput: g\nInput: h"
    cfg = replace_instances(2)
    drafts = run(teacher(propose=lambda _: say("Sort."), input_first=lambda _: say(text)), cfg)
    assert [row.response for row in drafts.examples] == ["a", "c"]
    reasons = [(rejection.what.input, rejection.reason) for rejection in drafts.rejections]
    assert reasons == [("d", "surplus"), ("f", "surplus"), ("h", "unreadable")]


def replace_instances(count: int) -> GenerateConfig:
    return GenerateConfig(prompts_per_wave=1, samples_per_prompt=1, instances_per_instruction=count)


def test_the_same_chance_asks_the_same() -> None:
    first, again = teacher(), teacher()
    cfg = GenerateConfig(demos=DemosConfig(real=3, synthetic=1))
    assert run(first, cfg) == run(again, cfg)
    assert first.asked == again.asked


def test_it_is_named_in_the_table() -> None:
    assert RECIPES["self_instruct"] is self_instruct


AIM = "\nWhat is asked for: about trains\nWho writes it: a child\nHow it is written: in one line"


@pytest.mark.parametrize(
    ("train", "asked"),
    [
        (TRAIN, "Go on with tasks 9 to 16."),
        ((), "Come up with a series of tasks. Each is new and different from the others."),
    ],
)
def test_the_last_turn_of_a_proposal_says_what_is_aimed_at(
    train: tuple[Example, ...], asked: str
) -> None:
    aimed = Order("self_instruct", None, "about trains", "a child", "in one line")
    for order, told in ((Order("self_instruct"), ""), (aimed, AIM)):
        scripted = teacher()
        wave = Wave(4, 0, random.Random(0), (order,))
        pool = Shelf(POOL if train else ())
        drafts = self_instruct(material(train=train, pool=pool), scripted, CFG, wave)
        (prompt,) = scripted.asked[PROPOSE.name]
        assert prompt.messages[-1].content == asked + told
        assert {row.request for row in drafts.examples} == {order.request}
