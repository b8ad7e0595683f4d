"""The recipe against a scripted teacher: what it asks, and that every answer is accounted for."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from selfinstruct.config import DemosConfig, GenerateConfig
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import Material, Order, Situation, Wave, draw_orders
from selfinstruct.recipes.label_first import label_first
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection, Sampling

INSTRUCTION = "Name the intent, then reply."
TRAIN = tuple(
    Example(
        INSTRUCTION,
        f"{label} text {n}",
        f"{label} reply {n}",
        label=label,
        kind="ticket",
        license="CC0",
    )
    for label in ("fee", "refund")
    for n in range(6)
)
CFG = GenerateConfig(prompts_per_wave=3, samples_per_prompt=2, demos=DemosConfig(real=2))


@dataclass
class ScriptedTeacher:
    """Answers by a function of the last message and the position; keeps what it was asked."""

    answer: Callable[[str, int], Completion]
    asked: list[tuple[Sequence[Prompt], Sampling, int]] = field(default_factory=list)

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        self.asked.append((prompts, sampling, samples))
        return [
            [
                replace(
                    self.answer(prompt.messages[-1].content, index * samples + sample),
                    attempt=f"{len(self.asked)}/{index}/{sample}",
                )
                for sample in range(samples)
            ]
            for index, prompt in enumerate(prompts)
        ]


def say(text: str, finish: str = "stop") -> Completion:
    return Completion(text, finish)  # type: ignore[arg-type]


def write_both(question: str, n: int) -> Completion:
    return say(f"New text {n}" if question.startswith("Write") else f"Reply to {question}")


def material(**changes: object) -> Material:
    base = Material(TRAIN, Shelf(), ("fee", "refund"), "label_and_response", lambda _: None)
    return replace(base, **changes)  # type: ignore[arg-type]


def wave(seed: int = 0) -> Wave:
    rng = random.Random(seed)
    here = Situation(Counter(row.label for row in TRAIN), ("fee", "refund"), "0/2")
    orders = draw_orders({"label_first": 1.0}, here, CFG, CFG.prompts_per_wave, rng)
    return Wave(2, 0, rng, orders)


def reasons(drafts: Drafts) -> list[str]:
    return [rejection.reason for rejection in drafts.rejections]


def test_every_text_gets_its_label_its_reply_and_its_lineage() -> None:
    teacher = ScriptedTeacher(write_both)
    drafts = label_first(material(), teacher, CFG, wave())
    assert drafts.rejections == ()
    assert len(drafts.examples) == 3 * 2
    questions = teacher.asked[0][0]
    for n, example in enumerate(drafts.examples):
        prompt = questions[n // 2]
        assert (example.input, example.response) == (f"New text {n}", f"Reply to New text {n}")
        assert f'"{example.label}"' in prompt.messages[-1].content
        assert example.parents == prompt.parents
        assert example.attempt == f"2/{n}/0"
        assert teacher.asked[1][0][n].about == f"1/{n // 2}/{n % 2}"
        assert example.instruction == INSTRUCTION
        assert (example.origin, example.round, example.depth) == ("synthetic", 2, 1)
        assert (example.source, example.kind, example.license) == (
            "recipe:label_first",
            "ticket",
            "CC0",
        )


def test_both_calls_have_their_sampling_and_samples() -> None:
    teacher = ScriptedTeacher(write_both)
    label_first(material(), teacher, CFG, wave())
    assert [(sampling, samples) for _, sampling, samples in teacher.asked] == [
        (CFG.question, 2),
        (CFG.answer, 1),
    ]


def test_demonstrations_are_turns_of_the_label() -> None:
    teacher = ScriptedTeacher(write_both)
    label_first(material(), teacher, CFG, wave())
    by_id = {row.id: row for row in TRAIN}
    for question in teacher.asked[0][0]:
        demos = [by_id[parent] for parent in question.parents]
        shown = [turn.content for turn in question.messages if turn.role == "assistant"]
        assert shown == [demo.input for demo in demos]
        assert len({demo.label for demo in demos}) == 1
    for answer in teacher.asked[1][0]:
        demos = [by_id[parent] for parent in answer.parents]
        shown = [turn.content for turn in answer.messages if turn.role == "assistant"]
        assert shown == [demo.response for demo in demos]


def test_a_student_of_labels_needs_no_replies() -> None:
    teacher = ScriptedTeacher(write_both)
    drafts = label_first(material(target="label"), teacher, CFG, wave())
    assert len(teacher.asked) == 1
    assert {example.response for example in drafts.examples} == {""}
    assert drafts.examples[0].attempt == "1/0/0"


def test_a_bad_text_is_dropped_before_its_reply_is_paid_for() -> None:
    def check(example: Example) -> Rejection | None:
        return Rejection(example, "too_similar") if example.input.endswith("0") else None

    teacher = ScriptedTeacher(write_both)
    drafts = label_first(material(check_question=check), teacher, CFG, wave())
    assert reasons(drafts) == ["too_similar"]
    assert len(teacher.asked[1][0]) == len(drafts.examples) == 5


def test_a_text_written_twice_in_a_wave_is_answered_once() -> None:
    teacher = ScriptedTeacher(lambda question, _: say(question.split()[0] + " twice"))
    drafts = label_first(material(), teacher, CFG, wave())
    assert len(drafts.examples) == 1
    assert reasons(drafts) == ["duplicate"] * 5
    assert len({rejection.neighbour for rejection in drafts.rejections}) == 1


def test_a_list_gives_one_draft_an_item() -> None:
    def answer(question: str, n: int) -> Completion:
        return say(f"1. a{n}\n2. b{n}") if question.startswith("Write") else say("Yes.")

    drafts = label_first(material(), ScriptedTeacher(answer), CFG, wave())
    assert [example.input for example in drafts.examples[:4]] == ["a0", "b0", "a1", "b1"]


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (say("cut in the", "length"), "truncated"),
        (say("", "error"), "failed_call"),
        (say("I will not", "refusal"), "refused"),
        (say("  "), "empty"),
        (say("..."), "unreadable"),
    ],
)
def test_no_completion_disappears(completion: Completion, reason: str) -> None:
    unread = label_first(material(), ScriptedTeacher(lambda *_: completion), CFG, wave())
    assert unread.examples == ()
    assert reasons(unread) == [reason] * 6

    def answer(question: str, n: int) -> Completion:
        return say(f"Body {n}") if question.startswith("Write") else completion

    unanswered = label_first(material(), ScriptedTeacher(answer), CFG, wave())
    assert unanswered.examples == ()
    assert reasons(unanswered) == [reason] * 6
    assert {rejection.what.input for rejection in unanswered.rejections} == {
        f"Body {n}" for n in range(6)
    }


def test_the_items_before_a_cut_survive() -> None:
    def answer(question: str, n: int) -> Completion:
        return say(f"1. a{n}\n2. b", "length") if question.startswith("Write") else say("Yes.")

    drafts = label_first(material(), ScriptedTeacher(answer), CFG, wave())
    assert [example.input for example in drafts.examples] == [f"a{n}" for n in range(6)]
    assert reasons(drafts) == ["truncated"] * 6


def test_a_text_without_an_instruction_is_the_instruction() -> None:
    rows = tuple(replace(row, instruction=row.input, input="") for row in TRAIN)
    drafts = label_first(material(train=rows), ScriptedTeacher(write_both), CFG, wave())
    assert {(example.instruction, example.input) for example in drafts.examples} == {
        (f"New text {n}", "") for n in range(6)
    }


def test_the_same_chance_asks_the_same() -> None:
    first, again = ScriptedTeacher(write_both), ScriptedTeacher(write_both)
    assert label_first(material(), first, CFG, wave(5)) == label_first(
        material(), again, CFG, wave(5)
    )
    assert first.asked == again.asked


AIMED = Order("label_first", "fee", "a fee charged twice", "a tired parent", "one terse line")


def test_a_prompt_shows_what_is_aimed_at_and_every_row_keeps_the_request() -> None:
    teacher = ScriptedTeacher(write_both)
    drafts = label_first(material(), teacher, CFG, Wave(2, 0, random.Random(0), (AIMED,)))
    (prompt,) = teacher.asked[0][0]
    assert prompt.messages[-1].content == (
        'Write another example of "fee".\n'
        "What is asked for: a fee charged twice\n"
        "Who writes it: a tired parent\n"
        "How it is written: one terse line"
    )
    assert [message.content for message in prompt.messages[:-1]].count("tired") == 0
    assert {row.request for row in drafts.examples} == {"a fee charged twice"}
    refused = label_first(
        material(),
        ScriptedTeacher(lambda _question, _n: say("", "refusal")),
        CFG,
        Wave(2, 0, random.Random(0), (AIMED,)),
    )
    assert {item.what.request for item in refused.rejections} == {"a fee charged twice"}


def test_a_prompt_of_nothing_but_a_label_says_nothing_else() -> None:
    teacher = ScriptedTeacher(write_both)
    plain = Wave(2, 0, random.Random(0), (Order("label_first", "fee"),))
    label_first(material(), teacher, CFG, plain)
    (prompt,) = teacher.asked[0][0]
    assert prompt.messages[-1].content == 'Write another example of "fee".'
