import shlex
from typing import Any

import pytest
import yaml

from selfinstruct.seeds.columns import as_setting, propose

TEXTS = [f"my order number {n} has not come yet" for n in range(20)]
KINDS = ["late", "refund"] * 10
REPLIES = [f"Sorry, we look for order {n} at once." for n in range(20)]


def rows(**columns: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (rows(text=TEXTS, label=KINDS), {"input": "text", "label": "label"}),
        (
            rows(Id=list(range(20)), Description=TEXTS, Tags=KINDS, **{"Agent reply": REPLIES}),
            {"input": "Description", "label": "Tags", "response": "Agent reply"},
        ),
        (
            rows(prompt=TEXTS, completion=REPLIES),
            {"instruction": "prompt", "response": "completion"},
        ),
        (
            rows(Kundenanfrage=TEXTS, Antwort=REPLIES, Kategorie=KINDS),
            {"input": "Kundenanfrage", "label": "Kategorie", "response": "Antwort"},
        ),
        (rows(col1=TEXTS, col2=KINDS), {"input": "col1", "label": "col2"}),
        (
            rows(ticket=[{"body": text} for text in TEXTS], answer=REPLIES),
            {"instruction": "ticket.body", "response": "answer"},
        ),
        (
            rows(body=TEXTS, intent=[{"name": kind} for kind in KINDS]),
            {"input": "body", "label": "intent.name"},
        ),
        # two columns may be the label, and neither is named so: none is taken
        (rows(col1=TEXTS, col2=KINDS, col3=["a", "b"] * 10), {"instruction": "col1"}),
        (rows(id=list(range(20)), code=["x"] * 20), {}),
        (rows(instruction=TEXTS, response=REPLIES), {}),
        (rows(messages=[[]] * 20, topic=KINDS), {}),
        ([], {}),
    ],
)
def test_columns_are_told_by_their_names_and_by_what_they_hold(
    table: list[dict[str, Any]], columns: dict[str, str]
) -> None:
    found = propose(table)
    assert found.columns == columns
    assert list(found.reasons) == list(columns)
    assert all(found.reasons.values())


def test_what_else_may_be_a_label_is_said() -> None:
    table = rows(text=TEXTS, label=KINDS, status=["open", "solved"] * 10, id=list(range(20)))
    assert propose(table).others == ("status",)


def test_one_instruction_for_all_rows_is_the_task_and_the_input_is_what_is_asked() -> None:
    table = rows(instruction=["Answer."] * 20, input=TEXTS, output=REPLIES)
    found = propose(table)
    assert (found.columns, found.instruction) == ({"instruction": "input"}, "Answer.")
    assert propose([*table, {"instruction": "Other.", "input": "x", "output": "y"}]).columns == {}
    assert propose([{**row, "label": "a"} for row in table]).columns == {}


def test_a_setting_can_be_pasted_into_a_shell_and_is_yaml() -> None:
    table = {"it's": 'a "b": c', "Größe": "#x"}
    (word,) = shlex.split(as_setting("seeds.rename_labels", table))
    name, _, value = word.partition("=")
    assert (name, yaml.safe_load(value)) == ("seeds.rename_labels", table)
