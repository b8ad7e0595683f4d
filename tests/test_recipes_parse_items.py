"""Answers as teachers send them, piece by piece; and laws that hold for any text."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.recipes.parse_items import Item, Lost, read_block, read_items, read_line
from tests.malformed import by_hand, mutant, spoken

TEXT = ("text",)
PAIR = ("text", "response")
TASK = ("instruction", "input", "response")
FORMS = (TEXT, PAIR, TASK)

A, B, C = "Where is my card?", "It never came.", "Two weeks now!"


def texts(*found: str) -> list[Any]:
    return [(each,) for each in found]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        # as it was asked for
        ('{"items": [{"text": "Where is my card?"}, {"text": "It never came."}]}', texts(A, B)),
        ('{"items":[{"text":"Where is my card?"}]}', texts(A)),
        ('{\n  "items": [\n    {\n      "text": "Where is my card?"\n    }\n  ]\n}', texts(A)),
        # around the JSON
        ('```json\n{"items": [{"text": "Where is my card?"}]}\n```', texts(A)),
        ('```\n[{"text": "Where is my card?"}]\n```\n\nI hope this helps!', texts(A)),
        ('Sure! Here are the new messages:\n\n[{"text": "Where is my card?"}]', texts(A)),
        ('Here is the JSON: {"items": [{"text": "Where is my card?"}]}', texts(A)),
        ('Of course. [{"text": "Where is my card?"}] Let me know.', texts(A)),
        ('json\n[{"text": "Where is my card?"}]', texts(A)),
        ('<|im_start|>assistant\n[{"text": "Where is my card?"}]<|im_end|>', texts(A)),
        (
            '[{"text": "Where is my card?"}]\nNote that I changed {"some": "things"',
            [*texts(A), Lost],
        ),
        # other shapes
        ('[{"text": "Where is my card?"}, {"text": "It never came."}]', texts(A, B)),
        ('["Where is my card?", "It never came."]', texts(A, B)),
        ('{"messages": ["Where is my card?", "It never came."]}', texts(A, B)),
        ('{"text": ["Where is my card?", "It never came."]}', texts(A, B)),
        ('{"text": "Where is my card?"}', texts(A)),
        ('{"text": "Where is my card?"}\n{"text": "It never came."}', texts(A, B)),
        ('{"text": "Where is my card?"}\n\n{"text": "It never came."}\n', texts(A, B)),
        ('{"text": "Where is my card?"}, {"text": "It never came."}', texts(A, B)),
        ('[{"text": "Where is my card?"}]\n[{"text": "It never came."}]', texts(A, B)),
        ('[[{"text": "Where is my card?"}], [{"text": "It never came."}]]', texts(A, B)),
        ('{"1": {"text": "Where is my card?"}, "2": {"text": "It never came."}}', texts(A, B)),
        ('{"text": "Where is my card?", "text": "It never came."}', texts(A, B)),
        ('1. {"text": "Where is my card?"}\n2. {"text": "It never came."}', texts(A, B)),
        ('- {"text": "Where is my card?"}\n- {"text": "It never came."}', texts(A, B)),
        # other names
        ('[{"message": "Where is my card?"}]', texts(A)),
        ('[{"Text": "Where is my card?"}]', texts(A)),
        ('[{" text ": "Where is my card?"}]', texts(A)),
        ('[{"example": "Where is my card?", "label": "card_arrival"}]', texts(A)),
        ('[{"label": "card_arrival", "text": "Where is my card?"}]', texts(A)),
        ('[{"customer_says": "Where is my card?"}]', texts(A)),
        # broken
        ('[{"text": "Where is my card?"},]', texts(A)),
        ('[{"text": "Where is my card?",}, {"text": "It never came."},\n]', texts(A, B)),
        ('[{"text": "Where is my card?"} {"text": "It never came."}]', texts(A, B)),
        ('[{"text": "Where is my card?"}\n{"text": "It never came."}]', texts(A, B)),
        ('[{"text": "Where is my card?"}, {"text": "It never', [*texts(A), Lost]),
        ('[{"text": "Where is my card?"}, {"text":', [*texts(A), Lost]),
        ('[{"text": "Where is my card?"}, {"te', [*texts(A), Lost]),
        ('[{"text": "Where is my card?"},', texts(A)),
        ('[{"text": "Where is my card?"}', texts(A)),
        ('{"items": [{"text": "Where is my card?"}, {', [*texts(A), Lost]),
        ('["Where is my card?", "It never', [*texts(A), Lost]),
        ('{"text": "Where is my card?"}\n{"text": "It never', [*texts(A), Lost]),
        ('[{"text": "He said "no" to me"},\n{"text": "It never came."}]', [Lost, *texts(B)]),
        (
            '[\n{"text": "Where is my card?},\n{"text": "It never came."},\n'
            '{"text": "Two weeks now!"}\n]',
            [Lost, *texts(B, C)],
        ),
        ('[{"text": "Where is my card?"}, {"text": }, {"text": "Two weeks now!"}]', None),
        ("[{'text': 'Where is my card?'}]", [Lost]),
        ('[{"text": "Where is my card?" "It never came."}, {"text": "Two weeks now!"}]', None),
        ('{"text": "one\ntwo"}', texts("one\ntwo")),
        # no items
        ("[]", []),
        ('{"items": []}', []),
        ('{"items": [', []),
        ('{"items": [{', [Lost]),
        ('[{"text": ""}, {"text": "  "}, {"text": "..."}]', [Lost, Lost, Lost]),
        ('[{"text": null}, {"text": ["a", "b"], "n": 1}, {"label": "x", "n": 2}]', [Lost] * 3),
        ('[{"text": {"text": "Where is my card?"}, "n": 1}]', [Lost]),
        # values
        ('[{"text": "caf\\u00e9 \\ud83d\\ude00"}]', texts("café 😀")),
        ('[{"text": "half \\ud83d of it"}]', texts("half \ufffd of it")),
        ('[{"text": "a\\u0000b"}]', texts("a\0b")),
        ('[{"text": "say \\"hi\\" {now}, [ok]"}]', texts('say "hi" {now}, [ok]')),
        ('[{"text": 12345678901234567890}, {"text": 1.50}]', texts("12345678901234567890", "1.50")),
        ('[{"text": true}]', texts("true")),
        ('[{"text": "\\u05e9\\u05dc\\u05d5\\u05dd \\u200f!"}]', texts("שלום \u200f!")),
        # no JSON at all
        ("1. Where is my card?\n2. It never came.", texts(A, B)),
        ("- Where is my card?\n- It never came.", texts(A, B)),
        ("Where is my card?", texts(A)),
        ("Here are two messages:\n1. Use [brackets] like [{x}]\n2. It never came.", None),
        ('1. Parse this: {"a": 1}\n2. It never came.', texts('Parse this: {"a": 1}', B)),
        ('Sort the list ["b", "a"] for me', texts('Sort the list ["b", "a"] for me')),
        ("", []),
        ("...", []),
        ("🎉🎉🎉", []),
    ],
)
def test_texts_are_read_from_whatever_is_sent(answer: str, wanted: list[Any] | None) -> None:
    found = read_items(answer, TEXT)
    if wanted is None:  # it matters only that the whole ones are there
        assert any(item in found for item in texts(B, C))
    else:
        assert [Lost if isinstance(each, Lost) else each for each in found] == wanted


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ('{"items": [{"text": "Why?", "response": "So."}]}', [("Why?", "So.")]),
        ('[{"response": "So.", "text": "Why?"}]', [("Why?", "So.")]),
        ('[{"message": "Why?", "reply": "So."}]', [("Why?", "So.")]),
        ('[{"question": "Why?", "answer": "So."}]', [("Why?", "So.")]),
        ('[["Why?", "So."], ["How?", "Thus."]]', [("Why?", "So."), ("How?", "Thus.")]),
        ('["Why?", "So."]', [Lost, Lost]),
        ('[{"text": "Why?"}]', [Lost]),
        ('[{"text": "Why?", "response": ""}]', [Lost]),
        ('[{"text": "Why?", "response": {"a": "b"}}]', [Lost]),
        ('[{"text": "Happy?", "response": "👍"}]', [("Happy?", "👍")]),
        ('[{"text": "How many?", "response": 5}]', [("How many?", "5")]),
        ("Text: Why?\nResponse: So.", [("Why?", "So.")]),
        (
            "1. **Text:** Why?\n   **Response:** So.\n\n2. **Text:** How?\n   **Response:** Thus.",
            [("Why?", "So."), ("How?", "Thus.")],
        ),
        ("Message 1: Why?\nReply: So.\nMessage 2: How?\nReply: Thus.", None),
        ("### Example 1\nText: Why?\nResponse: So.\n\nmore\n### Example 2\nText: How?", None),
        ("Text: Why?\nText: How?\nResponse: Thus.", [Lost, ("How?", "Thus.")]),
        ("Only words here", []),
    ],
)
def test_a_text_comes_with_its_response(answer: str, wanted: list[Any] | None) -> None:
    found = read_items(answer, PAIR)
    if wanted is None:
        assert found[0][0] == "Why?"  # type: ignore[index]
        assert len(found) == 2
    else:
        assert [Lost if isinstance(each, Lost) else each for each in found] == wanted


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (
            '[{"instruction": "Add.", "input": "1 2", "response": "3"}]',
            [("Add.", "1 2", "3")],
        ),
        ('[{"instruction": "Sing.", "input": "", "response": "La."}]', [("Sing.", "", "La.")]),
        ('[{"instruction": "Sing.", "response": "La."}]', [("Sing.", "", "La.")]),
        ('[{"instruction": "Sing.", "input": null, "output": "La."}]', [("Sing.", "", "La.")]),
        ('[{"task": "Sing.", "input": "None", "answer": "La."}]', [("Sing.", "", "La.")]),
        ('[{"instruction": "Sing.", "input": {"key": "C"}, "output": "La."}]', [Lost]),
        ('[{"input": "1 2", "response": "3"}]', [Lost]),
        ("Instruction: Sing.\nInput: none\nResponse: La.\nla.", [("Sing.", "", "La.\nla.")]),
        (
            "Task: Sing.\nOutput: La.\n\nTask: Add.\nInput: 1 2\nOutput: 3",
            [("Sing.", "", "La."), ("Add.", "1 2", "3")],
        ),
    ],
)
def test_a_task_may_have_no_input(answer: str, wanted: list[Any]) -> None:
    found = read_items(answer, TASK)
    assert [Lost if isinstance(each, Lost) else each for each in found] == wanted


@pytest.mark.parametrize(
    "answer",
    [
        '[{"text": "Where is my card?"}, {"text": "It never',
        '[{"text": "Where is my card?"}, {"text": "It never came."',
        '[{"text": "Where is my card?"},',
        '[{"text": "Where is my card?"}',
        '[{"text": "Where is my card?"}]',
        '[{"text": "Where is my card?"}]\n```\nI hope th',
        '{"items": [{"text": "Where is my card?"}, {"te',
        '{"text": "Where is my card?"}\n{"text": "It nev',
        '["Where is my card?", "It nev',
        '["Where is my card?", ',
        "1. Where is my card?\n2. It nev",
    ],
)
def test_of_an_answer_that_was_cut_the_last_piece_is_what_the_cut_broke(answer: str) -> None:
    *whole, _ = read_items(answer, TEXT, cut=True)
    assert whole == texts(A)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" Where is my card?", texts(A)),
        (" Where is my card?\n- It never came.", texts(A, B)),
        (' "Where is my card?"', texts(A)),
        (" 1. Where is my card?", texts("1. Where is my card?")),
        (" **Where is my card?**", texts(A)),
        ("Where is my card?</s>", texts(A)),
        ("", []),
        (" - ", []),
        ("🎉", []),
    ],
)
def test_a_line_that_was_gone_on_with_is_a_text(text: str, wanted: list[Item]) -> None:
    assert list(read_line(text)) == wanted


@pytest.mark.parametrize(
    ("text", "fields", "wanted"),
    [
        (" Why?\nResponse: So.", PAIR, [("Why?", "So.")]),
        (" Why?\nor how?\nResponse: So.\nText: next", PAIR, [("Why?\nor how?", "So."), Lost]),
        (" Add.\nInput: 1 2\nResponse: 3", TASK, [("Add.", "1 2", "3")]),
        (" Sing.\nInput: none\nResponse: La.", TASK, [("Sing.", "", "La.")]),
        (" Why?", PAIR, [Lost]),
        ("", PAIR, [Lost]),
    ],
)
def test_a_block_that_was_gone_on_with_is_an_item(
    text: str, fields: Sequence[str], wanted: list[Any]
) -> None:
    found = read_block(text, fields)
    assert [Lost if isinstance(each, Lost) else each for each in found] == wanted


PIECES = st.sampled_from(
    (
        '{"',
        '"text"',
        ": ",
        '"',
        "a b",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\n",
        "\\",
        "\\u00e9",
        "```json\n",
        '"response"',
        '"items": [',
        "1. ",
        "Text: ",
        "Response: ",
        "null",
        "5",
        " ",
        "é😀",
        "\ud83d",
    )
)
ANY = st.one_of(
    st.text(st.characters()),
    st.lists(PIECES, max_size=30).map("".join),
    st.builds(
        mutant,
        st.sampled_from([json.dumps({"items": [{"text": t, "response": t} for t in (A, B, C)]})]),
        st.sampled_from([each.text[:200] for each in by_hand()]),
        st.randoms(use_true_random=False),
    ),
)


def spaced(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("fields", FORMS)
@given(text=ANY, cut=st.booleans())
def test_nothing_is_raised_and_nothing_invented(
    fields: Sequence[str], text: str, cut: bool
) -> None:
    said = spaced(spoken(text))
    for item in (*read_items(text, fields, cut=cut), *read_line(text), *read_block(text, fields)):
        if isinstance(item, Lost):
            assert spaced(item.words) in said
        else:
            assert all(spaced(value) in said for value in item)


@given(
    st.lists(st.tuples(*[st.text(min_size=1).filter(lambda t: re.search(r"\w", t))] * 2)),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
)
def test_what_is_written_as_json_is_read_back(
    rows: list[tuple[str, str]], ascii_only: bool, indent: int | None
) -> None:
    wanted = [tuple(map(str.strip, row)) for row in rows]
    value = {"items": [dict(zip(PAIR, row, strict=True)) for row in rows]}
    try:
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
        text.encode()
    except UnicodeEncodeError:
        return
    if all(any(map(str.isalnum, first)) for first, _ in wanted):
        assert list(read_items(text, PAIR)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '[{"text": "' + '\\"' * 100_000,
        '"' * 100_000,
        '[{"text": "a", ' + '"b": "' * 30_000,
        "[{" + " " * 100_000,
        ('{"text": "a"' + "\n{") * 5_000,
        '[{"text": "a",' + " ," * 50_000,
        "word " * 100_000,
        '[{"text": "' + "word " * 100_000 + '"}]',
        json.dumps([{"text": "the same row"}] * 1000),
        "Text: " * 50_000,
        "1. {" * 50_000,
        ". : ! json " * 20_000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_a_flood_is_read_in_linear_time(text: str) -> None:
    for fields in FORMS:
        read_items(text, fields)
        read_block(text, fields)
    read_line(text)
