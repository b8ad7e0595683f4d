import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.chat import prompt_messages
from selfinstruct.config import SeedsConfig
from selfinstruct.rows import from_example
from selfinstruct.seeds.shapes import examples_of
from selfinstruct.types import Example, Message
from tests.seed_files import GOOD, fault, line, read, rest, words


def examples(row: dict[str, Any], **cfg: Any) -> list[Example]:
    return examples_of(row, SeedsConfig(path="seeds.jsonl", **cfg), "seeds.jsonl:1")


def test_every_field_of_our_own_shape_is_read() -> None:
    row = {
        "instruction": " Sort the ticket. ",
        "input": "I was charged twice",
        "response": "Sorry, refunded.\n",
        "label": "double charge",
        "turns": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
        "source": "desk",
        "license": "CC0-1.0",
        "group": 17,
        "kind": "support",
        "unheard_of": {"kept": "out"},
    }
    expected = Example(
        instruction="Sort the ticket.",
        input="I was charged twice",
        response="Sorry, refunded.",
        turns=(Message("user", "Hi"), Message("assistant", "Hello")),
        label="double charge",
        kind="support",
        source="desk",
        license="CC0-1.0",
        group="17",
    )
    assert examples(row) == [expected]


SAID = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20).map(
    lambda text: f"a{text}z"
)
DIALOGUE = [
    ("system", "Be brief."),
    ("user", "Hi"),
    ("assistant", "Hello"),
    ("user", "Which fruit?"),
    ("assistant", "Pear."),
]
EARLIER = (Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Hello"))
SHAREGPT = {"system": "system", "user": "human", "assistant": "gpt"}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": role, "content": text} for role, text in DIALOGUE]},
        {"conversations": [{"from": SHAREGPT[role], "value": text} for role, text in DIALOGUE]},
        {
            "messages": [
                *({"role": r, "content": t} for r, t in DIALOGUE),
                {"role": "user", "content": "Thanks"},
            ]
        },
    ],
    ids=["messages", "sharegpt", "ends-with-the-user"],
)
def test_the_last_answer_of_a_dialogue_is_the_response(row: dict[str, Any]) -> None:
    (example,) = examples(row)
    assert words(example) == ("Which fruit?", "", "Pear.")
    assert example.turns == EARLIER


@given(
    st.lists(st.tuples(SAID, SAID), min_size=1, max_size=4),
    st.one_of(st.none(), SAID),
    st.sampled_from(["messages", "sharegpt", "ours"]),
)
def test_a_conversation_goes_in_and_comes_out_the_same(
    exchanges: list[tuple[str, str]], system: str | None, form: str
) -> None:
    talk = [
        *([Message("system", system)] if system is not None else []),
        *(
            message
            for asked, answered in exchanges
            for message in (Message("user", asked), Message("assistant", answered))
        ),
    ]
    row: dict[str, Any] = {"messages": [{"role": m.role, "content": m.content} for m in talk]}
    if form == "sharegpt":
        row = {"conversations": [{"from": SHAREGPT[m.role], "value": m.content} for m in talk]}
    elif form == "ours":
        written = Example(talk[-2].content, response=talk[-1].content, turns=tuple(talk[:-2]))
        row = json.loads(json.dumps(from_example(written)))
    (example,) = examples(row)
    assert [*prompt_messages(example, ""), Message("assistant", example.response)] == talk


def test_self_instruct_instances_become_rows_of_one_group() -> None:
    task = {
        "id": "seed_task_1",
        "instruction": "Give the opposite.",
        "instances": [{"input": "night", "output": "day"}, {"input": "up", "output": "down"}],
        "is_classification": False,
    }
    single = {"instruction": "Greet.", "instances": [{"input": "", "output": "Hello"}]}
    first, second, third = [*examples(task), *examples(single)]
    assert words(first) == ("Give the opposite.", "night", "day")
    assert words(second) == ("Give the opposite.", "up", "down")
    assert first.group == second.group
    assert first.group is not None
    assert third.group is None


def test_columns_rename_the_keys_of_any_format() -> None:
    row = {"input": "Name a fruit.", "answer": "Pear.", "output": "unrelated"}
    columns = {"instruction": "input", "response": "answer"}
    (example,) = examples(row, columns=columns)
    assert words(example) == ("Name a fruit.", "", "Pear.")


def test_a_label_is_enough_and_a_null_is_an_absence() -> None:
    row = {"instruction": "Sort.", "input": None, "response": None, "label": 3, "turns": None}
    (example,) = examples(row)
    assert (words(example), example.label) == (("Sort.", "", ""), "3")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (rest('"response": ', '"\\u0000"'), "response holds a NUL (U+0000)"),
        (rest('"response": ', '"\\ud83d"'), "response holds a lone surrogate (U+D83D)"),
        (rest('"response": ', '"\\u001b[2J"'), "response holds a control character (U+001B)"),
        (rest('"response": ', '"a\\rb"'), "response holds a control character (U+000D)"),
        (rest('"response": ', '"\\u007f"'), "response holds a control character (U+007F)"),
        (rest('"response": ', '"\\u009b2J"'), "response holds a control character (U+009B)"),
        (rest('"response": ', "12"), "response is a number, not text"),
        (rest('"response": ', '["a"]'), "response is a list, not text"),
        (rest('"response": ', '" "'), "no response and no label"),
        (
            rest('"respones": ', '"b"'),
            "no response and no label; 'respones': did you mean response?",
        ),
        (rest('"Output": ', '"b"'), "no response and no label; 'Output': did you mean output?"),
        (
            rest('"completion": ', '"b"'),
            "no response and no label; its keys are ['instruction', 'completion']",
        ),
        (rest('"response": "b", "output": ', '"c"'), "both a response and an output"),
        (rest('"label": ', "true"), "label is true or false, not text"),
        (rest('"label": ', "1.5"), "label is a number, not text"),
        (rest('"label": ', '"a\\nb"'), "label has more than one line"),
        (
            '{"instructoin": "a", "response": "b"}\n',
            "no instruction; 'instructoin': did you mean instruction?",
        ),
        ('{"input": "a", "response": "b"}\n', "no instruction"),
        ('{"instruction": "a", "instances": []}\n', "instances is no list, or an empty one"),
        ('{"instruction": "a", "instances": ["b"]}\n', "text where an object belongs"),
        (rest('"response": "b", "turns": ', '"c"'), "text where a list of turns belongs"),
        (rest('"response": "b", "turns": ', '[["c"]]'), "a list where an object belongs"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_row_of_no_known_shape_is_named_by_line_and_reason(
    tmp_path: Path, bad: str, reason: str
) -> None:
    content = line(GOOD) + "\n" + bad
    message = fault(tmp_path, content)
    assert f"\nseeds.jsonl:3: {reason}" in message
    skipped = read(tmp_path, content, skip_bad=True)
    assert (len(skipped.examples), skipped.skipped) == (1, 1)
    assert reason in skipped.faults[0]


def talk(*roles: str) -> str:
    return line({"messages": [{"role": role, "content": "x"} for role in roles]})


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (talk("user"), "no turn of the assistant"),
        (talk("assistant"), "turn 1 is of the assistant, where the user is due"),
        (talk("user", "user"), "turn 2 is of the user, where the assistant is due"),
        (talk("user", "system"), "turn 2 is of the system, where the assistant is due"),
        (talk("system", "system"), "turn 2 is of the system, where the user is due"),
        (talk("user", "tool"), "turn 2 calls a tool, or answers for one; a student learns text"),
        (
            line({"messages": [{"role": "assistant", "content": None, "tool_calls": [{}]}]}),
            "turn 1 calls a tool",
        ),
        (talk("user", "bot"), "turn 2: speaker 'bot' is unknown; known: system, developer, user"),
        (line({"messages": [{"content": "x"}]}), "turn 1: speaker None is unknown"),
        (
            line({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "content holds 'image_url'; a student here reads text",
        ),
        (line({"messages": [{"role": "user", "content": " "}]}), "turn 1: it is empty"),
        (line({"messages": [{"role": "user", "content": ["x"]}]}), "content is a list, not text"),
        (line({"conversations": "x"}), "text where a list of turns belongs"),
        (
            line({**GOOD, "turns": [{"role": "user", "content": "x"}]}),
            "turns end with the user",
        ),
    ],
)
def test_a_dialogue_out_of_order_is_a_fault(tmp_path: Path, bad: str, reason: str) -> None:
    assert f"seeds.jsonl:1: {reason}" in fault(tmp_path, bad)


def test_a_configured_instruction_does_not_replace_a_missing_input(tmp_path: Path) -> None:
    rows = line({"input": "x", "label": "a"}) + line({"label": "b"})
    assert "seeds.jsonl:2: no instruction" in fault(tmp_path, rows, instruction="Sort.")


def test_parts_of_text_are_one_text_and_a_developer_is_the_system() -> None:
    talk = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "model", "content": "c"},
    ]
    (example,) = examples({"messages": talk})
    assert words(example) == ("ab", "", "c")
    assert example.turns == (Message("system", "Be brief."),)


def test_a_column_may_be_within_an_object() -> None:
    row = {"ticket": {"body": "a", "tags": ["x"]}, "a.b": "literally", "answer": "b"}
    (nested,) = examples(row, columns={"instruction": "ticket.body", "response": "answer"})
    assert words(nested) == ("a", "", "b")
    (flat,) = examples(row, columns={"instruction": "a.b", "response": "answer"})
    assert flat.instruction == "literally"


def test_a_named_column_without_a_value_is_not_replaced_by_another() -> None:
    row = {"input": "mine", "text": None, "instruction": "Sort.", "label": "a"}
    (example,) = examples(row, columns={"input": "text"})
    assert words(example) == ("Sort.", "", "")


def test_html_is_read_as_text_everywhere_where_that_is_asked() -> None:
    row = {
        "instruction": "<b>a</b>",
        "response": "b &amp; c",
        "turns": [{"role": "user", "content": "<p>d</p>"}, {"role": "assistant", "content": "e"}],
    }
    (kept,) = examples(row)
    assert kept.instruction == "<b>a</b>"
    (example,) = examples(row, html="text")
    assert words(example) == ("a", "", "b & c")
    assert example.turns[0].content == "d"


def test_a_list_of_objects_is_named_where_turns_may_be_meant(tmp_path: Path) -> None:
    message = fault(tmp_path, line({"id": 1, "parts": [{"author": "a", "body": "b"}]}) * 2)
    assert (
        "no instruction; 'parts' holds a list of objects: turns are read under messages" in message
    )
    assert "theirs have ['author', 'body']" in message
