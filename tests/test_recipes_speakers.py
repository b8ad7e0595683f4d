import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import SpeakersConfig
from selfinstruct.recipes.speakers import mark_lines, role_of

SPEAKERS = SpeakersConfig()


def marked(text: str) -> list[tuple[str, str]]:
    """Who begins to speak, and the rest of that line."""
    lines, marks = mark_lines(text, SPEAKERS)
    return [(mark.who, lines[number][mark.end :].strip()) for number, mark in marks.items()]


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("Customer: hi", "user"),
        ("  3) **Customer (angry):** hi", "user"),
        ("[10:02 AM] Customer Anna: hi", "user"),
        ("Anna (customer): hi", "user"),
        ("<user> hi", "user"),
        ("### Customer service representative: hi", "assistant"),
        ("BOT 2: hi", "assistant"),
        ("Narrator: hi", "nobody"),
    ],
)
def test_a_name_that_opens_a_line_is_a_mark(line: str, who: str) -> None:
    assert marked(line) == [(who, "hi")]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Customers: hi",
            "Userid: hi",
            "The customer: hi",
            "Customer ID: 3",
            "user hi",
            "User-hi",
        ),
        *("customer@a.example: hi", "Customer's card: hi", "Agents are busy", "", "  ", "123: hi"),
    ],
)
def test_what_only_looks_like_a_mark_is_none(line: str) -> None:
    assert marked(line) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Anna: hi\nAgent: ho", ["user", "assistant"]),
        ("User: hi\nTom: ho\nUser: so\nTom: no", ["user", "assistant"] * 2),
        ("User: hi\nTotal: 3", ["user"]),
        ("Anna: hi\nTom: hey\nAnna: so\nTom: no", []),
        ("Anna: hi\nTom: hey\nAnna: so\nTom: no\nAgent: ho", ["assistant"]),
        ("Anna: hi\nUser: ho\nAgent: no", ["user", "assistant"]),
    ],
)
def test_one_unknown_name_is_the_other_speaker(text: str, who: list[str]) -> None:
    _, marks = mark_lines(text, SPEAKERS)
    assert [marks[number].who for number in sorted(marks)] == who


def test_the_lines_of_a_fenced_conversation_are_those_of_the_fence() -> None:
    lines, marks = mark_lines("Here:\n```\nUser: a\nAgent: b\n```\nBye", SPEAKERS)
    assert (lines, sorted(marks)) == (["", "User: a", "Agent: b"], [1, 2])
    lines, _ = mark_lines("User: a\nAgent: so\n```\nx = 1\n```\nright", SPEAKERS)
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("gpt", "assistant"),
        ("model", "assistant"),
        ("CUSTOMER", "user"),
        ("Support_Agent", "assistant"),
        ("system", "nobody"),
        ("tool", None),
        ("", None),
    ],
)
def test_a_role_is_known_by_its_format_or_by_configuration(name: str, who: str | None) -> None:
    assert role_of(name, SPEAKERS) == who


@given(st.text())
def test_a_mark_ends_within_its_line(text: str) -> None:
    lines, marks = mark_lines(text, SPEAKERS)
    assert all(mark.end <= len(lines[number]) for number, mark in marks.items())
