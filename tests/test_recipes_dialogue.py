"""The recipe against a scripted teacher: what it asks, and that every answer is accounted for."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import DemosConfig, DialogueConfig, GenerateConfig, TurnsConfig
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Order, Wave
from selfinstruct.recipes.dialogue import ASSISTANT_TURN, USER_TURN, WHOLE, dialogue, draw_cells
from selfinstruct.types import (
    Completion,
    Drafts,
    Example,
    FinishReason,
    Message,
    Prompt,
    Rejection,
    Sampling,
)

SINGLE = tuple(Example(f"Question {n}?", response=f"Answer {n}.", license="CC0") for n in range(4))
TALKS = tuple(
    Example(
        f"last {n}",
        response=f"end {n}",
        turns=(
            Message("system", "Be brief."),
            Message("user", f"first {n}"),
            Message("assistant", f"then {n}"),
        ),
        license="CC0",
    )
    for n in range(3)
)
GRID = DialogueConfig(
    scenarios=("a lost card", "a fee"),
    personas=("in a hurry", "new here", "furious"),
    outcomes=("it is solved", "a form is sent"),
    turns=TurnsConfig(least=4, most=6),
)
CFG = GenerateConfig(samples_per_prompt=2, demos=DemosConfig(real=2, synthetic=0), dialogue=GRID)
BY_TURNS = CFG.model_copy(
    update={"dialogue": GRID.model_copy(update={"mode": "turn_by_turn"}), "samples_per_prompt": 1}
)
ANY = Order("dialogue")
FOUR = "User: Hi {0}\nAssistant: Yes?\nUser: My card\nAssistant: It comes."


def say(text: str, finish: FinishReason = "stop") -> Completion:
    return Completion(text, finish)


@dataclass
class ScriptedTeacher:
    """Answers by a function of the prompt and the number of the call; keeps what it was asked."""

    answer: Callable[[Prompt, int], Completion]
    asked: list[tuple[Sequence[Prompt], Sampling, int]] = field(default_factory=list)
    calls: int = 0

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        self.asked.append((prompts, sampling, samples))
        return [[self._answer(prompt) for _ in range(samples)] for prompt in prompts]

    def _answer(self, prompt: Prompt) -> Completion:
        self.calls += 1
        return replace(self.answer(prompt, self.calls), attempt=f"call {self.calls}")


def material(*train: Example, **changes: object) -> Material:
    labels = tuple(sorted({row.label for row in train if row.label is not None}))
    base = Material(train, Shelf(), labels, "response", lambda _: None)
    return replace(base, **changes)  # type: ignore[arg-type]


def wave(prompts: int = 2, index: int = 0, round_index: int = 1, order: Order = ANY) -> Wave:
    return Wave(round_index, index, random.Random(0), (order,) * prompts)


def reasons(drafts: Drafts) -> list[str]:
    return [rejection.reason for rejection in drafts.rejections]


def turn_of(prompt: Prompt, n: int) -> Completion:
    who = "user" if prompt.template == USER_TURN.name else "assistant"
    return say(f"{who} says {n}")


def test_a_conversation_becomes_its_turns_its_question_and_its_answer() -> None:
    teacher = ScriptedTeacher(lambda _, n: say(FOUR.format(n)))
    drafts = RECIPES["dialogue"](material(*TALKS), teacher, CFG, wave())
    assert drafts.rejections == ()
    assert len(drafts.examples) == 2 * 2
    for n, example in enumerate(drafts.examples, start=1):
        assert example.turns == (Message("user", f"Hi {n}"), Message("assistant", "Yes?"))
        assert (example.instruction, example.input) == ("My card", "")
        assert (example.response, example.attempt) == ("It comes.", f"call {n}")
        assert (example.origin, example.round, example.depth) == ("synthetic", 1, 1)
        assert (example.source, example.license) == ("recipe:dialogue", "CC0")
        assert example.label is None
        assert example.kind in GRID.scenarios
        assert set(example.parents) <= {row.id for row in TALKS}
        assert len(example.parents) == 2


def test_what_is_asked_for_stands_in_the_last_message() -> None:
    teacher = ScriptedTeacher(lambda *_: say(FOUR))
    dialogue(material(*TALKS), teacher, CFG, wave(12, order=replace(ANY, style="blunt")))
    ((prompts, sampling, samples),) = teacher.asked
    assert (sampling, samples) == (GRID.whole, 2)
    cells = draw_cells(GRID, (), wave(12))
    for prompt, cell in zip(prompts, cells, strict=True):
        asked = prompt.messages[-1].content
        assert f'about "{cell.scenario}"' in asked
        assert f"User is {cell.persona}." in asked
        assert f"In the end, {cell.outcome}." in asked
        assert "Style: blunt." in asked
        assert prompt.template == WHOLE.name
    lengths = {
        int(prompt.messages[-1].content.partition(" turns long")[0].rpartition(" ")[2])
        for prompt in prompts
    }
    assert lengths == {4, 6}


def test_conversations_are_shown_whole_and_without_their_system_message() -> None:
    teacher = ScriptedTeacher(lambda *_: say(FOUR))
    dialogue(material(*SINGLE, *TALKS), teacher, CFG, wave())
    for prompt in teacher.asked[0][0]:
        shown = [turn.content for turn in prompt.messages if turn.role == "assistant"]
        assert len(shown) == 2
        for text in shown:
            n = text[-1]
            assert (
                text == f"User: first {n}\nAssistant: then {n}\nUser: last {n}\nAssistant: end {n}"
            )
        assert prompt.messages[0].content.endswith("4 turns long.")


def test_rows_of_one_question_are_shown_where_there_is_no_conversation() -> None:
    row = Example("Translate.", "Hallo", "Hello")
    teacher = ScriptedTeacher(lambda *_: say(FOUR))
    dialogue(material(row, replace(row, response="")), teacher, CFG, wave(1))
    shown = teacher.asked[0][0][0].messages
    assert shown[0].content == "Write a conversation between User and Assistant, 2 turns long."
    assert shown[1].content == "User: Translate.\n\nHallo\nAssistant: Hello"


def test_the_form_is_told_where_nothing_shows_it() -> None:
    teacher = ScriptedTeacher(lambda *_: say(FOUR))
    for rows in ((), TALKS):
        dialogue(material(*rows), teacher, CFG, wave(1))
    (told,), (shown,) = (prompts for prompts, _, _ in teacher.asked)
    assert 'Begin each turn with "User:" or "Assistant:"' in told.messages[-1].content
    assert "Begin each turn" not in shown.messages[-1].content
    assert shown.messages[-1].content.endswith(" turns long.")


def test_the_names_of_the_speakers_are_those_of_the_config() -> None:
    tree = {"speakers": {"user": ["Kunde"], "assistant": ["Beraterin"]}}
    german = CFG.model_copy(update={"dialogue": DialogueConfig.model_validate(tree)})
    text = "Kunde: Hallo\nBeraterin: Ja?\nKunde: Karte\nBeraterin: Kommt."
    teacher = ScriptedTeacher(lambda *_: say(text))
    drafts = dialogue(material(*TALKS), teacher, german, wave())
    assert [row.instruction for row in drafts.examples] == ["Karte"] * 4
    assert "Kunde: first" in teacher.asked[0][0][0].messages[1].content


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (say("cut in the", "length"), "truncated"),
        (say(FOUR, "length"), "truncated"),
        (say("", "error"), "failed_call"),
        (say("I will not", "refusal"), "refused"),
        (say("  "), "empty"),
        (say("They talk about a card."), "unreadable"),
        (say("User: Hi\nAssistant: Yes?"), "too_few_turns"),
        (say("User: Hi\nAssistant: Yes?\n" * 4), "too_many_turns"),
        (say("<think>User: Hi"), "truncated"),
    ],
)
def test_no_completion_disappears(completion: Completion, reason: str) -> None:
    whole = dialogue(material(*TALKS), ScriptedTeacher(lambda *_: completion), CFG, wave())
    assert whole.examples == ()
    assert reasons(whole) == [reason] * 4
    assert all(each.what.attempt for each in whole.rejections)


def test_the_length_that_was_not_kept_is_told() -> None:
    teacher = ScriptedTeacher(lambda *_: say("User: Hi\nAssistant: Yes?"))
    rejection = dialogue(material(*TALKS), teacher, CFG, wave(1)).rejections[0]
    assert (rejection.value, rejection.threshold) == (2, 4)
    assert (rejection.what.instruction, rejection.what.response) == ("Hi", "Yes?")


def test_every_conversation_of_an_answer_is_a_candidate() -> None:
    two = (
        f"Conversation 1:\n{FOUR}\n\nConversation 2:\n{FOUR}\n\nConversation 3:\nUser: Hi\nAgent: a"
    )
    drafts = dialogue(material(*TALKS), ScriptedTeacher(lambda *_: say(two)), CFG, wave(1))
    assert len(drafts.examples) == 2 * 2
    assert reasons(drafts) == ["too_few_turns"] * 2


LABELLED = tuple(
    Example("Name it.", f"{label} text {n}", f"{label} reply {n}", label=label)
    for label in ("fee", "refund")
    for n in range(3)
)


def test_labels_are_the_scenarios_and_label_what_is_written() -> None:
    cfg = CFG.model_copy(update={"dialogue": DialogueConfig()})
    teacher = ScriptedTeacher(lambda *_: say(FOUR))
    drafts = dialogue(material(*LABELLED), teacher, cfg, wave(4))
    assert Counter(row.label for row in drafts.examples) == {"fee": 4, "refund": 4}
    by_id = {row.id: row for row in LABELLED}
    for row in drafts.examples:
        assert (row.instruction, row.input) == ("Name it.", "My card")
        assert {by_id[parent].label for parent in row.parents} == {row.label}
        assert row.kind is None
    for prompt in teacher.asked[0][0]:
        assert "Name it." not in "".join(turn.content for turn in prompt.messages)


@pytest.mark.parametrize(
    ("order", "label"),
    [
        (replace(ANY, label="fee"), "fee"),
        (replace(ANY, request="a long wait", label="fee"), "fee"),
        (replace(ANY, request="a long wait"), None),
    ],
)
def test_what_an_order_says_goes_before_the_grid(order: Order, label: str | None) -> None:
    teacher = ScriptedTeacher(lambda *_: say(FOUR))
    drafts = dialogue(
        material(*LABELLED), teacher, CFG, wave(2, order=replace(order, persona="a lawyer"))
    )
    assert {(row.label, row.request) for row in drafts.examples} == {(label, order.request)}
    for prompt in teacher.asked[0][0]:
        assert label is None or f'about "{label}"' in prompt.messages[-1].content
        assert ("Wanted: a long wait." in prompt.messages[-1].content) is bool(order.request)
        assert "User is a lawyer." in prompt.messages[-1].content


NAMES = st.lists(st.sampled_from("abcdefg"), unique=True, max_size=4).map(tuple)


@given(NAMES, NAMES, NAMES, st.integers(1, 5), st.integers(0, 4), st.integers(1, 3))
def test_every_cell_gets_its_share(
    scenarios: tuple[str, ...],
    personas: tuple[str, ...],
    outcomes: tuple[str, ...],
    prompts: int,
    start: int,
    round_index: int,
) -> None:
    grid = DialogueConfig(scenarios=scenarios, personas=personas, outcomes=outcomes)
    about, size = len(scenarios) or 1, 1
    for names in (scenarios, personas, outcomes):
        size *= len(names) or 1
    waves = range(start, start + size)
    cells = [cell for n in waves for cell in draw_cells(grid, (), wave(prompts, n, round_index))]
    assert len(cells) == prompts * size
    for first in range(len(cells) - size + 1):
        assert len(set(cells[first : first + size])) == size
    for first in range(len(cells) - about + 1):
        assert len({cell.scenario for cell in cells[first : first + about]}) == about


def test_each_time_round_the_scenarios_meet_other_personas_and_outcomes() -> None:
    cells = draw_cells(GRID, (), wave(12))
    pairs = [(cell.persona, cell.outcome) for cell in cells]
    assert all(one != other for one, other in zip(pairs[::2], pairs[1::2], strict=True))
    assert len(set(pairs[:6])) >= 4


def test_rounds_walk_the_grid_in_other_orders() -> None:
    walks = {tuple(draw_cells(GRID, (), wave(12, 0, index))) for index in range(1, 6)}
    assert len(walks) > 1
    assert len({frozenset(walk) for walk in walks}) == 1


def test_turns_are_asked_for_one_by_one_in_their_roles() -> None:
    teacher = ScriptedTeacher(turn_of)
    drafts = dialogue(material(*TALKS), teacher, BY_TURNS, wave(1))
    (row,) = drafts.examples
    said = [*row.turns, Message("user", row.instruction), Message("assistant", row.response)]
    assert [turn.content for turn in said] == [
        f"{'assistant' if n % 2 else 'user'} says {n + 1}" for n in range(len(said))
    ]
    assert len(said) in (4, 6)
    assert row.attempt == f"call {len(said)}"
    for number, (prompts, sampling, samples) in enumerate(teacher.asked):
        (prompt,) = prompts
        users = number % 2 == 0
        assert prompt.template == (USER_TURN.name if users else ASSISTANT_TURN.name)
        assert (sampling, samples) == (BY_TURNS.question if users else BY_TURNS.answer, 1)
        assert prompt.about == (f"call {number}" if number else "")
        told = [turn.content for turn in prompt.messages]
        assert told[len(told) - number :] == [turn.content for turn in said[:number]]
        assert prompt.messages[-1].role == "user"
        roles = [turn.role for turn in prompt.messages if turn.role != "system"]
        assert roles[::2] == ["user"] * len(roles[::2])
    assert "In the end" in teacher.asked[1][0][0].messages[0].content


def test_the_first_turn_is_drawn_several_times_and_each_goes_its_way() -> None:
    teacher = ScriptedTeacher(turn_of)
    cfg = BY_TURNS.model_copy(update={"samples_per_prompt": 3})
    drafts = dialogue(material(*TALKS), teacher, cfg, wave(2))
    assert len(drafts.examples) == 6
    assert drafts.rejections == ()
    assert [samples for _, _, samples in teacher.asked][:2] == [3, 1]
    assert len({row.turns[0].content for row in drafts.examples}) == 6


@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (say("cut in the", "length"), "truncated"),
        (say("", "error"), "failed_call"),
        (say("no", "refusal"), "refused"),
        (say("..."), "unreadable"),
        (say("System: stop."), "unreadable"),
    ],
)
def test_a_turn_that_fails_ends_its_conversation_with_the_reason(
    call: int, completion: Completion, reason: str
) -> None:
    four = BY_TURNS.dialogue.model_copy(update={"turns": TurnsConfig(least=4, most=4)})
    cfg = BY_TURNS.model_copy(update={"dialogue": four})
    teacher = ScriptedTeacher(lambda prompt, n: completion if n == call else turn_of(prompt, n))
    drafts = dialogue(material(*TALKS), teacher, cfg, wave(1))
    assert drafts.examples == ()
    assert reasons(drafts) == [reason]
    assert len(drafts.rejections[0].what.turns) == (call - 1) // 2 * 2
    assert teacher.calls == call


def test_a_known_question_is_dropped_before_its_answer_is_paid_for() -> None:
    def check(example: Example) -> Rejection | None:
        assert example.turns
        return Rejection(example, "too_similar")

    teacher = ScriptedTeacher(turn_of)
    drafts = dialogue(material(*TALKS, check_question=check), teacher, BY_TURNS, wave(1))
    assert reasons(drafts) == ["too_similar"]
    assert teacher.calls % 2 == 1


def test_conversations_of_equal_questions_are_answered_once() -> None:
    same = {USER_TURN.name: "Where is it?", ASSISTANT_TURN.name: "Which one?"}
    four = BY_TURNS.dialogue.model_copy(update={"turns": TurnsConfig(least=4, most=4)})
    cfg = BY_TURNS.model_copy(update={"dialogue": four, "samples_per_prompt": 3})
    teacher = ScriptedTeacher(lambda prompt, _: say(same[prompt.template]))
    drafts = dialogue(material(*TALKS), teacher, cfg, wave(1))
    assert len(drafts.examples) == 1
    assert reasons(drafts) == ["duplicate"] * 2


def test_a_student_of_labels_needs_no_last_answer() -> None:
    teacher = ScriptedTeacher(turn_of)
    cfg = BY_TURNS.model_copy(
        update={"dialogue": DialogueConfig(mode="turn_by_turn", turns=TurnsConfig(most=4))}
    )
    drafts = dialogue(material(*LABELLED, target="label"), teacher, cfg, wave(2))
    assert {(row.response, row.label) for row in drafts.examples} == {("", "fee"), ("", "refund")}
    assert teacher.calls == 2 * 3


@pytest.mark.parametrize("cfg", [CFG, BY_TURNS], ids=["whole", "turn by turn"])
def test_the_same_chance_asks_the_same(cfg: GenerateConfig) -> None:
    def answer(prompt: Prompt, n: int) -> Completion:
        return say(FOUR.format(n)) if prompt.template == WHOLE.name else turn_of(prompt, n)

    first, again = ScriptedTeacher(answer), ScriptedTeacher(answer)
    assert dialogue(material(*TALKS), first, cfg, wave()) == dialogue(
        material(*TALKS), again, cfg, wave()
    )
    assert first.asked == again.asked
