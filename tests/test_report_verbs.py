import pytest

from selfinstruct.report.verbs import (
    MEMBERS,
    TOP,
    group_instructions,
    group_tickets,
    verb_and_object,
)
from selfinstruct.types import Example


@pytest.mark.parametrize(
    ("instruction", "found"),
    [
        ("Please write a short story about rain.", ("write", "story")),
        ("Given two numbers, compute their sum", ("compute", "sum")),
        ("Can you list three ways to save water?", ("list", "ways")),
        ("Translate the following sentence into French: hello", ("translate", "sentence")),
        ("Read the text and summarize the main argument.", ("read", "text")),
        ("Is a dolphin a fish?", None),
        ("The write head is broken", None),
        ("", None),
        ("Schreib ein Gedicht", None),
    ],
)
def test_the_verb_of_an_order_and_the_noun_it_acts_on(
    instruction: str, found: tuple[str, str] | None
) -> None:
    assert verb_and_object(instruction) == found


def test_coverage_is_the_share_of_rows_that_fell_into_a_group() -> None:
    rows = [Example("Write a poem"), Example("Write a poem now"), Example("Is it so?")]
    groups = group_instructions(rows)
    assert groups.of == 3
    assert groups.coverage == pytest.approx(2 / 3)
    assert (groups.top[0].name, groups.top[0].members) == ("write", (("now", 1), ("poem", 1)))
    assert group_instructions([]).coverage == 0


def test_tickets_are_grouped_by_label_and_their_first_words() -> None:
    rows = [Example("Name it.", f"My card was {end}", "ok", label="card") for end in "abc"]
    rows.append(Example("Name it.", "no label", "ok"))
    groups = group_tickets(rows)
    assert groups.top[0].members == (("my card", 3),)
    assert groups.coverage == 0.75


def test_at_most_twenty_groups_of_four_are_named() -> None:
    rows = [Example("x", f"w{j} starts", label=f"l{i:02}") for i in range(30) for j in range(6)]
    groups = group_tickets(rows)
    assert len(groups.top) == TOP
    assert {len(group.members) for group in groups.top} == {MEMBERS}
