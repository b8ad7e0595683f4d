"""The expression language: what it means is asked of Python, row by row, and of SQLite."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.store.where import EVERYTHING, MOST_LEVELS, Field, field_named, parse

FIELDS = {
    "label": Field("label"),
    "reason": Field("reason"),
    "depth": Field("depth", "number"),
    "value": Field("value", "any"),
    "score": Field("(SELECT ? + depth)", "number", (10,)),
    "text": Field("label", words=True),
}
ROWS: list[dict[str, Any]] = [
    {"id": 0, "label": "refund", "reason": None, "depth": 0, "value": 0.5},
    {"id": 1, "label": "Refund due", "reason": "echo", "depth": 2, "value": "turn 3"},
    {"id": 2, "label": None, "reason": "too_short", "depth": 1, "value": None},
    {"id": 3, "label": "50% or 'more'", "reason": "echo", "depth": 3, "value": 7},
]


def hits(text: str) -> list[int]:
    """The rows that fulfil an expression."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (id, label TEXT, reason TEXT, depth INTEGER, value)")
    db.executemany("INSERT INTO t VALUES (:id, :label, :reason, :depth, :value)", ROWS)
    found = parse(text, FIELDS)
    query = f"SELECT id FROM t WHERE {found.sql} ORDER BY id"
    return [row[0] for row in db.execute(query, found.arguments)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [0, 1, 2, 3]),
        ("label=refund", [0]),
        ("label == refund", [0]),
        ("label!=refund", [1, 2, 3]),
        ("label~refund", [0, 1]),
        ("label ~ '%'", [3]),
        ("label ~ _", []),
        ("label = \"50% or 'more'\"", [3]),
        ("label = '50% or ''more'''", [3]),
        ("label=none", [2]),
        ("label='none'", []),
        ("reason != none and depth<3", [1, 2]),
        ("depth<.5", [0]),
        ("depth>=2", [1, 3]),
        ("value>.4", [0, 3]),
        ("value<=7", [0, 3]),
        ("value='turn 3'", [1]),
        ("value~turn", [1]),
        ("not value>.4", [1, 2]),
        ("not not label=refund", [0]),
        ("label=refund or reason=echo and depth=3", [0, 3]),
        ("(label=refund or reason=echo) and depth=3", [3]),
        ("NOT (label=refund OR reason=echo)", [2]),
        ("score>=12", [1, 3]),
        ("depth=1e999", []),
    ],
)
def test_an_expression_finds_what_it_says(text: str, found: list[int]) -> None:
    assert hits(text) == found


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("labl=x", "unknown field", 1),
        ("label=refund and", "expected a field", 17),
        ("label refund", "expected = != <", 7),
        ("label=", "expected a value", 7),
        ("label='open", "this quote is never closed", 7),
        ("(label=a or depth=1", "this parenthesis is never closed", 1),
        ("label=a label=b", "expected and, or", 9),
        ("label=a)", "expected and, or", 8),
        ("depth=deep", "depth is a number", 7),
        ("depth~1", "contains nothing", 6),
        ("label<b", "is a text, which has no <", 6),
        ("label<none", "none is compared by = and !=", 6),
        ("1=1", "unknown field", 1),
        ("label=a; drop table t", "expected and, or", 10),
    ],
)
def test_a_fault_is_pointed_at(text: str, what: str, column: int) -> None:
    with pytest.raises(UserError, match=what) as caught:
        parse(text, FIELDS)
    first, shown, caret = caught.value.what.split("\n")
    assert f"(column {column} " in first
    assert shown.strip() == text
    assert caret.index("^") - 4 == column - 1


def test_the_nearest_field_is_suggested() -> None:
    with pytest.raises(UserError, match=r"did you mean label\? known: label, reason"):
        parse("labl=x", FIELDS)
    with pytest.raises(UserError, match="did you mean depth"):
        field_named("dept", FIELDS)


def test_control_characters_do_not_reach_the_message() -> None:
    with pytest.raises(UserError) as caught:
        parse("\x1b[2J=1\u202e", FIELDS)
    assert "\x1b" not in caught.value.what
    assert "\u202e" not in caught.value.what


def test_what_is_nested_too_deep_or_too_long_is_refused() -> None:
    deep = "(" * MOST_LEVELS + "depth=1" + ")" * MOST_LEVELS
    assert hits(deep) == [2]
    mixed = (
        "(depth=1 or (label=refund and " * (MOST_LEVELS // 2)
        + "depth=0"
        + "))" * (MOST_LEVELS // 2)
    )
    assert hits(mixed) == [0, 2]
    for text in ("(" * 100 + "depth=1" + ")" * 100, "not " * 100 + "depth=1"):
        with pytest.raises(UserError, match="nested deeper than 16"):
            parse(text, FIELDS)
    with pytest.raises(UserError, match="more than 200 comparisons"):
        parse(" or ".join(["depth=1"] * 201), FIELDS)
    with pytest.raises(UserError, match="10,000 will do"):
        parse("depth=1" + " " * 10_000, FIELDS)
    assert hits(" or ".join(["depth=1"] * 200)) == [2]


def test_what_reads_words_says_so() -> None:
    assert parse("not (depth=1 or text~a)", FIELDS).words
    assert not parse("label=a", FIELDS).words
    assert parse("  ", FIELDS) is EVERYTHING


VALUES = st.text(min_size=0, max_size=12)


@given(VALUES)
def test_no_value_is_ever_part_of_the_sql(value: str) -> None:
    quoted = value.replace('"', '""')
    found = parse(f'label = "{quoted}"', FIELDS)
    assert (found.sql, found.arguments) == ("coalesce(label = ?, 0)", (value,))


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_a_told_mistake(text: str) -> None:
    try:
        found: Any = parse(text, FIELDS)
    except UserError:
        return
    assert found.sql.count("?") == len(found.arguments)


Tree = st.recursive(
    st.sampled_from(["depth>=2", "reason=echo", "label=none"]),
    lambda inner: st.tuples(st.sampled_from(["and", "or", "not"]), inner, inner),
    max_leaves=8,
)
LEAVES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "depth>=2": lambda row: row["depth"] >= 2,
    "reason=echo": lambda row: row["reason"] == "echo",
    "label=none": lambda row: row["label"] is None,
}


@given(Tree)
def test_it_means_what_python_means(tree: Any) -> None:
    assert hits(_written(tree)) == [row["id"] for row in ROWS if _true(tree, row)]


def _written(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    word, left, right = tree
    if word == "not":
        return f"not ({_written(left)})"
    return f"({_written(left)} {word} {_written(right)})"


def _true(tree: Any, row: dict[str, Any]) -> bool:
    if isinstance(tree, str):
        return LEAVES[tree](row)
    word, left, right = tree
    if word == "not":
        return not _true(left, row)
    sides = _true(left, row), _true(right, row)
    return all(sides) if word == "and" else any(sides)


def test_half_of_a_character_is_told_and_not_looked_for() -> None:
    with pytest.raises(UserError, match="half of a character"):
        parse('label="\ud83d"', FIELDS)
