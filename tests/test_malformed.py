"""Thousands of broken answers through every stage that reads a teacher's words: nothing raises,
nothing is invented, nothing disappears, and it is the same twice.
"""

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct import chat
from selfinstruct.config import (
    BudgetConfig,
    FiltersConfig,
    GenerateConfig,
    HeuristicsConfig,
    JudgeConfig,
    MixtureConfig,
)
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.screen import Indexes, check_question, screen
from selfinstruct.judge import judge_answers, read_choice
from selfinstruct.metrics import metrics_of
from selfinstruct.mixture import mix
from selfinstruct.recipes import RECIPES, Material, Wave
from selfinstruct.recipes.parse import read_instances, read_list, read_text, read_texts, read_yes_no
from selfinstruct.recipes.self_instruct import INPUT_FIRST, IS_CLASSIFICATION, OUTPUT_FIRST, PROPOSE
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, ask
from selfinstruct.text import CONTROL
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection, Sampling, Screened
from tests.malformed import Queue, by_hand, corpus, mutant

LABELLED = tuple(
    Example("Name the intent, then reply.", f"{label} text {n}", f"reply {n}", label=label)
    for label in ("fee", "refund")
    for n in range(6)
)
PLAIN = tuple(
    Example(f"Do the task number {n} now.", f"in {n}", f"out {n}", kind="task") for n in range(10)
)
FILTERS = FiltersConfig()
FOREIGN = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "[/INST]", "<|endoftext|>", "</s>")
QUESTION, ANSWER = "label_first/question.j2", "label_first/answer.j2"
SPELL = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def spelled(n: int) -> str:
    """A number as words, so that no two good answers are near each other."""
    return " ".join(f"{SPELL[int(digit)]}{place}" for place, digit in enumerate(str(n)))


GOOD: dict[str, Callable[[int], str]] = {
    QUESTION: lambda n: f"Customer {n} asks {spelled(n)}",
    ANSWER: lambda n: f"We answer {spelled(n)}",
    PROPOSE: lambda n: f"Explain the story of {spelled(n)} please.",
    IS_CLASSIFICATION: lambda n: ("Yes", "No")[n % 2],
    INPUT_FIRST: lambda n: f"Input: in {spelled(n)}\nOutput: out {spelled(n)}",
    OUTPUT_FIRST: lambda n: f"Class label: glad {n}\nInput: in {spelled(n)}",
}


@dataclass
class Broken:
    """An `Ask` that has one template answered by the broken answers in turn, all others well; the
    calls go through the teacher and its ledger where there is one.
    """

    template: str
    answers: Sequence[Completion]
    store: Store | None = None
    texts: dict[str, str] = field(default_factory=dict)
    calls: list[set[str | None]] = field(default_factory=list)
    given: Counter[str] = field(default_factory=Counter)
    asked: int = 0

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> Sequence[Sequence[Completion]]:
        names = [prompt.template for prompt in prompts for _ in range(samples)]
        given = [self._answer(name) for name in names]
        if self.store is None:
            named = [replace(each, attempt=f"{self.asked}/{n}") for n, each in enumerate(given)]
            asked = [named[n : n + samples] for n in range(0, len(named), samples)]
        else:
            teacher = Teacher(Queue(given), self.store, BudgetConfig())
            asked = ask(teacher, 1, 0, prompts, sampling, samples)
        self.asked += 1
        self.texts |= {each.attempt or "": each.text for row in asked for each in row}
        self.calls.append({each.attempt for row in asked for each in row})
        return asked

    def _answer(self, name: str) -> Completion:
        n = self.given[name]
        self.given[name] += 1
        broken = name == self.template
        return self.answers[n % len(self.answers)] if broken else Completion(GOOD[name](n), "stop")


STAGES = [
    ("label_first", "label", QUESTION),
    ("label_first", "label_and_response", QUESTION),
    ("label_first", "label_and_response", ANSWER),
    ("self_instruct", "response", PROPOSE),
    ("self_instruct", "response", IS_CLASSIFICATION),
    ("self_instruct", "response", INPUT_FIRST),
    ("self_instruct", "response", OUTPUT_FIRST),
]


def run_wave(
    recipe: str, target: chat.Target, asked: Broken, count: int
) -> tuple[Drafts, Screened]:
    """A whole wave as `generate` runs it: asked, read and screened."""
    train = LABELLED if recipe == "label_first" else PLAIN
    labels = ("fee", "refund") if recipe == "label_first" else ()
    indexes = Indexes.build(train, (), (), FILTERS)
    material = Material(
        train, (), labels, target, lambda example: check_question(example, indexes, FILTERS)
    )
    cfg = GenerateConfig(prompts_per_wave=count, samples_per_prompt=1)
    drafts = RECIPES[recipe](material, asked, cfg, Wave(1, 0, random.Random(0)))
    return drafts, screen(drafts, indexes, FILTERS)


def everything(screened: Screened) -> list[Example]:
    return [*screened.accepted, *(rejection.what for rejection in screened.rejected)]


def spaced(text: str) -> str:
    return " ".join(text.split())


def require_sound(asked: Broken, drafts: Drafts, screened: Screened) -> None:
    """Both sides count the same, every fate names its call, and every word was said."""
    before = [*drafts.examples, *(rejection.what for rejection in drafts.rejections)]
    rows = everything(screened)
    assert Counter(row.id for row in before) == Counter(row.id for row in rows)
    assert all(rejection.reason for rejection in screened.rejected)
    assert len(rows) >= len(asked.calls[0])  # each has a fate, or several
    assert asked.calls[-1] <= {row.attempt for row in rows}
    said = {attempt: spaced(text) for attempt, text in asked.texts.items()}
    given = {"", *(row.instruction for row in LABELLED)}
    for row in rows:
        assert row.attempt in said
        for words in (row.instruction, row.input, row.response):
            if words not in given and spaced(words) not in said[row.attempt]:
                assert any(spaced(words) in text for text in said.values()), words
    for row in screened.accepted:
        texts = (row.instruction, row.input, row.response)
        assert row.label in {None, "fee", "refund"}
        assert not any(token in text.lower() for text in texts for token in FOREIGN)
        assert not any(chat.has_thought(text) or CONTROL.search(text) for text in texts)


@pytest.mark.parametrize(("recipe", "target", "stage"), STAGES)
def test_every_answer_made_by_hand_is_accounted_for(
    recipe: str, target: chat.Target, stage: str
) -> None:
    answers = by_hand()
    asked = Broken(stage, answers)
    drafts, screened = run_wave(recipe, target, asked, len(answers))
    require_sound(asked, drafts, screened)
    assert asked.given[stage] >= len(answers) // 4


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "target", "stage"), STAGES)
def test_two_thousand_broken_answers_reach_the_ledger_and_come_back(
    tmp_path: Path, recipe: str, target: chat.Target, stage: str
) -> None:
    # A failed call is asked again on the next start, which this one must not be.
    answers = [each for each in corpus() if each.finish_reason != "error"]
    assert len(answers) > 2000
    with Store(tmp_path, write=True) as store:
        asked = Broken(stage, answers, store)
        drafts, screened = run_wave(recipe, target, asked, len(answers))
        require_sound(asked, drafts, screened)
        store.commit_wave(1, 0, screened)
        assert store.wave(1, 0) == screened
        assert all(stored == made for _, stored, made in store.ids())
        calls = store.spent()["calls"]
        resumed = Broken(stage, [Completion("This was paid twice.", "stop")], store)
        assert run_wave(recipe, target, resumed, len(answers)) == (drafts, screened)
        assert store.spent()["calls"] == calls
