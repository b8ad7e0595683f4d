import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.seeds.survey import (
    LONG_TOKEN,
    SHORT_TOKEN,
    Survey,
    least_tokens,
    most_tokens,
    odd_rows,
    spellings,
    survey_rows,
)
from selfinstruct.types import Example, Message


def test_html_and_double_encoding_are_counted_wherever_they_stand() -> None:
    rows = [
        Example("a", response="<p>b</p>"),
        Example("a", "it&#39;s"),
        Example("c", turns=(Message("user", "<br>"), Message("assistant", "d"))),
        Example("GrÃ¼ÃŸe"),
        Example("the customerâ€™s"),
        Example("Grüße, 3 < 5, São Paulo, Â is a letter"),
    ]
    found = survey_rows(rows)
    assert (found.rows, found.html, found.twice_encoded) == (6, 3, 2)


def test_labels_of_one_kind_are_found_and_the_commonest_leads() -> None:
    counts = {
        "refund": 3,
        "Refund": 5,
        "re-fund": 1,
        "fee": 2,
        "late fee": 1,
        "late_fee": 1,
        "#": 1,
    }
    assert spellings(counts) == (
        {"Refund": 5, "refund": 3, "re-fund": 1},
        {"late fee": 1, "late_fee": 1},
    )
    assert spellings({"+": 1, "-": 1}) == ()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("Where is my refund?", 5), ("Wo bleibt mein Geld für die Bestellung?", 10), ("返金", 3)],
)
def test_lengths_lie_between_two_rough_measures(text: str, tokens: int) -> None:
    assert least_tokens(text) <= tokens <= most_tokens(text)


def test_a_signature_that_ends_most_responses_is_found() -> None:
    signed = [Example(f"q{n}", response=f"Answer {n}.\nAcme Support") for n in range(6)]
    plain = [Example(f"p{n}", response="Acme Support") for n in range(3)]
    found = survey_rows([*signed, *plain])
    assert (found.ending, found.ending_rows) == ("Acme Support", 6)
    assert survey_rows(plain).ending == ""


def test_one_instruction_for_nearly_all_rows_is_found_where_there_are_no_labels() -> None:
    rows = [Example("Answer.", f"text {n}", "yes") for n in range(10)]
    assert survey_rows(rows).instruction == "Answer."
    assert (
        survey_rows([Example(row.instruction, row.input, label="a") for row in rows]).instruction
        == ""
    )
    assert survey_rows([Example("Answer.", "same", f"{n}") for n in range(10)]).instruction == ""


def test_system_turns_are_counted_by_their_words() -> None:
    system = (Message("system", "Be brief."),)
    found = survey_rows([Example("a", turns=system), Example("b", turns=system), Example("c")])
    assert found.systems == {"Be brief.": 2}


@pytest.mark.parametrize(
    ("found", "target", "notes"),
    [
        (Survey(10), "response", []),
        (
            Survey(10, unanswered=3),
            "label",
            ["3 of 10 rows have no response, so the student learns"],
        ),
        (Survey(10, unanswered=10), "label", []),  # nobody meant replies
        (Survey(10, unlabelled=3), "response", ["3 of 10 rows have no label"]),
        (Survey(10, unlabelled=10), "response", []),
        (Survey(10, html=2), "response", ["2 of 10 rows hold HTML"]),
        (Survey(10, twice_encoded=2), "label", ["2 of 10 rows look like UTF-8"]),
        (Survey(10, instruction="Answer."), "response", ["nearly all rows have the instruction"]),
        (Survey(10, systems={"Be brief.": 4, "Mine.": 6}), "response", ["4 of 10 rows bring a"]),
        (
            Survey(10, spellings=({"a": 3, "A": 1},) * 4),
            "label",
            ["labels that differ in case, blanks or signs alone are learned apart: 'a' (3 rows)"],
        ),
    ],
)
def test_what_is_odd_is_told_with_its_count(found: Survey, target: str, notes: list[str]) -> None:
    told = list(odd_rows(found, target, "Mine."))
    assert len(told) == len(notes)
    assert all(note.startswith(start) for note, start in zip(told, notes, strict=True))


def test_the_remedy_for_spellings_names_all_of_them() -> None:
    groups = tuple({f"{word}": 2, f"{word.upper()}": 1} for word in ("ab", "cd", "ef", "gh", "ij"))
    (note,) = odd_rows(Survey(10, spellings=groups), "label", "")
    assert "and 2 more such" in note
    assert all(f'"{word.upper()}": "{word}"' in note for word in ("ab", "cd", "ef", "gh", "ij"))


@given(st.one_of(st.text(), st.text(st.sampled_from("az\x00\x7f\x80ß日\ud800"))))
def test_tokens_go_by_how_many_characters_are_ascii(text: str) -> None:
    plain = sum(char < "\x80" for char in text)
    assert most_tokens(text) == round(plain / SHORT_TOKEN + 2 * (len(text) - plain))
    assert least_tokens(text) == round(plain / LONG_TOKEN + 0.5 * (len(text) - plain))
