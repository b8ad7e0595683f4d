from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import FiltersConfig, HeuristicsConfig
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import check_question, screen
from selfinstruct.filters.turns import check_turns
from selfinstruct.types import Drafts, Example, Message, Role

CFG = HeuristicsConfig()
EARLIER = ("Hi", "Hello, what is it about?", "My card has not come", "When did you order it?")
DIALOGUE = Example("Two weeks ago, by phone", response="Then it should be here tomorrow.")
FLOOD = "word " * 100_000


def turns(*texts: str, first: Role = "user") -> tuple[Message, ...]:
    roles: tuple[Role, ...] = ("user", "assistant")
    start = roles.index(first)
    return tuple(Message(roles[(start + n) % 2], text) for n, text in enumerate(texts))


def talk(*texts: str, **changes: str) -> Example:
    return replace(DIALOGUE, turns=turns(*texts), **changes)  # type: ignore[arg-type]


def test_a_sound_conversation_and_a_row_without_one_pass() -> None:
    assert check_turns(talk(*EARLIER), CFG) is None
    assert check_turns(replace(DIALOGUE, response="", instruction=""), CFG) is None
    system = replace(DIALOGUE, turns=(Message("system", "Be brief."), *turns(*EARLIER)))
    assert check_turns(system, CFG) is None


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        (talk(*EARLIER[:3]), "uneven_turns", "turn 4 is of the user"),
        (
            replace(DIALOGUE, turns=turns("Hello", "Hi there", first="assistant")),
            "uneven_turns",
            "turn 1 is of the assistant",
        ),
        (
            replace(DIALOGUE, turns=(*turns("Hi", "Hello"), Message("system", "Stop."))),
            "uneven_turns",
            "turn 3 is of the system",
        ),
        (talk("Hi", ""), "empty_turn", "turn 2"),
        (talk("\u200f \u200e", "Hello"), "empty_turn", "turn 1"),
        (talk("\U0001f600\U0001f600", "Hello"), "empty_turn", "turn 1"),
        (
            talk("Hi", "What can I do for you?", "My card", "what can I do  for you?"),
            "repeated_turn",
            "turn 4",
        ),
        (talk("Hi", DIALOGUE.response), "repeated_turn", "turn 4"),
        (talk("Two weeks ago, by phone", "When?"), "repeated_turn", "turn 3"),
        (talk("Two weeks ago by phone!", "When?"), "repeated_turn", "turn 3"),
        (
            talk("no " * 8, "so " * 8, "no " * 9, "so " * 9),
            "repetition",
            pytest.approx(26 / 43),
        ),
        (talk("Hi \0 there", "Hello"), "garbled", "U+0000"),
        (talk("Hi", "Hello \ud83d"), "garbled", "U+D83D"),
        (talk("Hi", "What is it about:"), "dangling_colon", "response"),
        (talk("no no " * 20, "Why?"), "repetition", pytest.approx(37 / 38)),
        (talk("Why?", "no no " * 20), "repetition", pytest.approx(37 / 38)),
        (
            talk("Hi", "As an AI, I cannot help with that."),
            "refusal",
            "as an ai, i cannot help with that",
        ),
        (talk("Hi", FLOOD), "response_too_long", 100_000),
        (talk(FLOOD, "Yes."), "too_long", 100_000),
        (talk("x" * 100_000, "Yes."), "too_long", 6250),
    ],
)
def test_the_first_fault_is_named_with_its_turn(row: Example, reason: str, value: object) -> None:
    rejection = check_turns(row, CFG)
    assert rejection is not None
    assert (rejection.reason, rejection.value, rejection.what) == (reason, value, row)


@pytest.mark.parametrize(
    "texts",
    [
        ("Hi", "Hi"),
        ("Yes please", "Fine.", "Yes please", "Sure."),
        ("Draw me a picture", "I only write."),
        ("...and then?", "Then it stopped."),
        ("你好", "您好,有什么可以帮您?"),
        ("שלום \u200f", "Hello"),
    ],
)
def test_what_is_odd_alone_and_sound_in_a_conversation_passes(texts: tuple[str, ...]) -> None:
    assert check_turns(talk(*texts), CFG) is None


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=30))))
def test_any_turns_get_a_decision(pairs: list[tuple[Role, str]]) -> None:
    row = replace(DIALOGUE, turns=tuple(Message(role, text) for role, text in pairs))
    rejection = check_turns(row, CFG)
    due = [turn.role for turn in row.turns]
    due = due[1:] if due[:1] == ["system"] else due
    even = due == ["user", "assistant"] * (len(due) // 2)
    assert (rejection is not None and rejection.reason == "uneven_turns") is not even


def test_the_filters_hold_a_conversation_to_these_rules() -> None:
    filters = FiltersConfig()
    indexes = Indexes.build((), (), (), filters)
    row = talk("Hi", "")
    assert [each.reason for each in screen(Drafts((row,)), indexes, filters).rejected] == [
        "empty_turn"
    ]
    rejection = check_question(row, indexes, filters)
    assert rejection is not None
    assert rejection.reason == "empty_turn"
