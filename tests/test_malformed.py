"""Thousands of broken answers through every stage that reads a model's words: nothing raises,
nothing is invented, nothing disappears, and it is the same twice.
"""

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
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
    JudgeConfig,
    MixtureConfig,
    RecordsConfig,
)
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import check_question, screen
from selfinstruct.judging.judge import judge_answers, read_choice
from selfinstruct.metrics import metrics_of
from selfinstruct.mixture import mix
from selfinstruct.model import Speech
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Situation, Wave, draw_orders
from selfinstruct.recipes.evolve import ANSWER as EVOLVED
from selfinstruct.recipes.evolve import GAIN, REWRITE
from selfinstruct.recipes.few_shot import ASK, COMPLETE
from selfinstruct.recipes.records import RECORD, TEXT
from selfinstruct.recipes.self_instruct import INPUT_FIRST, IS_CLASSIFICATION, OUTPUT_FIRST, PROPOSE
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, ask
from selfinstruct.text import CONTROL, without_surrogates
from selfinstruct.types import Completion, Drafts, Example, FinishReason, Prompt, Sampling, Screened
from tests.malformed import Queue, by_hand, by_kind, corpus, mutant, spoken

LABELLED = tuple(
    Example("Name the intent, then reply.", f"{label} text {n}", f"reply {n}", label=label)
    for label in ("fee", "refund")
    for n in range(6)
)
PLAIN = tuple(
    Example(f"Do the task number {n} now.", f"in {n}", f"out {n}", kind="task") for n in range(10)
)
FILTERS = FiltersConfig()
RECORDS = RecordsConfig(json_schema=str(Path(__file__).parent / "golden" / "record_schema.json"))
FOREIGN = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "[/INST]", "<|endoftext|>", "</s>")
QUESTION, ANSWER = "label_first/question.j2", "label_first/answer.j2"


def new_words(n: int) -> str:
    """Words that no other good answer has, so that none is too similar to another."""
    return " ".join(f"{word}{n}" for word in ("kind", "old", "friend", "sings"))


GOOD: dict[str, Callable[[int], str]] = {
    QUESTION: new_words,
    ANSWER: new_words,
    PROPOSE.name: new_words,
    IS_CLASSIFICATION.name: lambda n: ("Yes", "No")[n % 2],
    INPUT_FIRST.name: lambda n: f"Input: {n}\nOutput: {new_words(n)}",
    ASK.name: lambda n: json.dumps({"items": [{"text": new_words(n), "response": new_words(n)}]}),
    RECORD.name: lambda n: json.dumps({"name": f"old{n}", "kind": "old"}),
    TEXT.name: new_words,
    COMPLETE.name: lambda n: f" {new_words(n)}",
    REWRITE.name: new_words,
    GAIN.name: lambda _: "No",
    EVOLVED.name: new_words,
    OUTPUT_FIRST.name: lambda n: f"Class label: glad{n}\nInput: {new_words(n)}",
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


STAGES: list[tuple[str, chat.Target, str]] = [
    ("label_first", "label", QUESTION),
    ("label_first", "label_and_response", QUESTION),
    ("label_first", "label_and_response", ANSWER),
    ("evolve", "label_and_response", REWRITE.name),
    ("evolve", "label_and_response", GAIN.name),
    ("evolve", "response", EVOLVED.name),
    ("few_shot", "label", ASK.name),
    ("few_shot", "label_and_response", ASK.name),
    ("few_shot", "response", ASK.name),
    ("few_shot", "label", COMPLETE.name),
    ("few_shot", "label_and_response", COMPLETE.name),
    ("few_shot", "response", COMPLETE.name),
    ("records", "response", RECORD.name),
    ("records", "response", TEXT.name),
    ("self_instruct", "response", PROPOSE.name),
    ("self_instruct", "response", IS_CLASSIFICATION.name),
    ("self_instruct", "response", INPUT_FIRST.name),
    ("self_instruct", "response", OUTPUT_FIRST.name),
]


def run_wave(
    recipe: str, target: chat.Target, asked: Broken, count: int
) -> tuple[Drafts, Screened]:
    """A whole wave as `generate` runs it: asked, read and screened."""
    train = PLAIN if target == "response" else LABELLED
    labels = () if target == "response" else ("fee", "refund")
    indexes = Indexes.build(train, (), (), FILTERS)
    material = Material(
        train,
        Shelf(),
        labels,
        target,
        lambda example: check_question(example, indexes, FILTERS),
        Speech(turns=asked.template != COMPLETE.name),
    )
    cfg = GenerateConfig(prompts_per_wave=count, samples_per_prompt=1, records=RECORDS)
    rng = random.Random(0)
    here = Situation(Counter(row.label for row in train), labels, "0/1")
    wave = Wave(1, 0, rng, draw_orders({recipe: 1.0}, here, cfg, count, rng))
    drafts = RECIPES[recipe](material, asked, cfg, wave)
    return drafts, screen(drafts, indexes, FILTERS)


def everything(screened: Screened) -> list[Example]:
    return [*screened.accepted, *(rejection.what for rejection in screened.rejected)]


def spaced(text: str) -> str:
    return " ".join(text.split())


def record_of(row: Example) -> list[str]:
    """The strings of a record that was read: it is written anew, each value as it was."""
    if row.source != "recipe:records" or not row.response.startswith("{"):
        return []
    try:
        record = json.loads(row.response)
    except (ValueError, RecursionError):
        return []
    found, waiting = [], [record]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, str):
            found.append(without_surrogates(node))
    return found


def require_sound(asked: Broken, drafts: Drafts, screened: Screened) -> None:
    """Both sides count the same, every fate names its call, and every word was said."""
    before = [*drafts.examples, *(rejection.what for rejection in drafts.rejections)]
    rows = everything(screened)
    assert Counter(row.id for row in before) == Counter(row.id for row in rows)
    assert all(rejection.reason for rejection in screened.rejected)
    assert len(rows) >= len(asked.calls[0])  # each has a fate, or several
    assert asked.calls[-1] <= {row.attempt for row in rows}
    said = {attempt: spaced(spoken(text)) for attempt, text in asked.texts.items()}
    given = {"", *(row.instruction for row in LABELLED)}
    for row in rows:
        assert row.attempt in said
        record = record_of(row)
        for words in (row.instruction, row.input, *(record or [row.response])):
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
@pytest.mark.parametrize(("recipe", "target", "stage"), [STAGES[0], *STAGES[2:4], STAGES[5]])
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


BROKEN = st.one_of(
    st.text(st.characters()),  # half characters too, which `st.text()` leaves out
    st.builds(
        mutant,
        st.sampled_from([answer(n) for answer in GOOD.values() for n in range(3)]),
        st.sampled_from([each.text[:200] for each in by_hand()]),
        st.randoms(use_true_random=False),
    ),
)
FINISHED: st.SearchStrategy[FinishReason] = st.sampled_from(["stop", "length", "refusal", "error"])


@pytest.mark.parametrize(("recipe", "target", "stage"), STAGES)
@given(st.lists(st.builds(Completion, BROKEN, FINISHED), min_size=1, max_size=2))
def test_any_text_is_accounted_for(
    recipe: str, target: chat.Target, stage: str, answers: list[Completion]
) -> None:
    asked = Broken(stage, answers)
    done = run_wave(recipe, target, asked, len(answers))
    require_sound(asked, *done)
    assert run_wave(recipe, target, Broken(stage, answers), len(answers)) == done


def test_a_thought_or_a_refusal_is_never_taken_for_a_row() -> None:
    kinds = ("thought", "finished by length", "finished by refusal", "finished by error")
    answers = [answer for kind, answer in by_kind() if kind in kinds]
    asked = Broken(ANSWER, answers)
    _, screened = run_wave("label_first", "label_and_response", asked, len(answers))
    assert {row.response for row in screened.accepted} == {
        *("Why was I charged twice today?", "Why was I charged twice?", "A", "No", "refund"),
        "1. Add two numbers.\n2. Sort these words.",
    }


@pytest.mark.parametrize("target", ["label", "label_and_response", "response"])
def test_what_a_student_or_a_judge_writes_is_read_and_nothing_is_guessed(
    target: chat.Target,
) -> None:
    for answer in corpus():
        reply = chat.read_answer(answer.text, target)
        for words in (reply.label or "", reply.response):
            assert words in answer.text
        assert not (reply.label and target == "response")
        choice = read_choice(answer.text)
        assert choice is None or choice in answer.text.upper()


def test_a_judge_that_writes_anything_gives_gains_that_are_numbers() -> None:
    answers = [each for each in by_hand() if each.finish_reason != "error"]
    texts = [each.text[:5000] for each in answers]
    rows = [Example(text, input=text, label="fee") for text in texts]
    judged = judge_answers(
        rows,
        texts,
        texts[::-1],
        lambda prompts: [answers[n % len(answers)] for n in range(len(prompts))],
        JudgeConfig(),
        0,
    )
    assert len(judged.gains) == len(rows)
    assert all(map(math.isfinite, judged.gains))
    health = judged.health
    assert health.wins + health.losses + health.ties == len(rows)
    assert not health.healthy


@pytest.mark.slow
def test_every_score_of_every_broken_answer_is_a_number(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"properties": {"n": {"multipleOf": 0.5, "maximum": 1e300}}}')
    more = ("macro_f1", "exact_match", "chrf", "json_schema")
    named: dict[chat.Target, tuple[str, ...]] = {
        "label": more[:1],
        "response": more[1:],
        "label_and_response": more,
    }
    for target, names in named.items():
        replies = [chat.read_answer(each.text[:20_000], target) for each in corpus()]
        rows = [LABELLED[n % len(LABELLED)] for n in range(len(replies))]
        for name, metric in metrics_of(target, names, schema).items():
            scores = metric(rows, replies)
            assert len(scores) == len(rows)
            assert all(map(math.isfinite, scores)), name


@pytest.mark.slow
def test_what_is_accepted_is_trained_on_as_it_stands() -> None:
    from tests.tiny import tiny_tokenizer

    tokenizer = tiny_tokenizer()
    control = set(tokenizer.added_tokens_decoder)
    answers = by_hand()
    trained: list[str] = []
    for recipe, target, stage in STAGES:
        _, screened = run_wave(recipe, target, Broken(stage, answers), len(answers))
        if len(screened.accepted) < 60:  # few of these answers are the JSON, or the yes or no
            continue
        trained.append(stage)
        cfg = MixtureConfig(synthetic_share=0.5, on_shortage="shrink")
        real = PLAIN if target == "response" else LABELLED
        mixture = mix(real, screened.accepted, cfg, random.Random(0))
        for row in mixture.rows:
            encoded = chat.encode(tokenizer, chat.conversation(row, target, "Be brief."))
            assert tokenizer.decode(encoded.answer_ids[:-1]) == chat.reference(row, target)
            assert sum(token in control for token in encoded.prompt_ids) == 5
            assert sum(token in control for token in encoded.answer_ids) == 1
    assert len(trained) == 11
    assert GAIN.name not in trained
