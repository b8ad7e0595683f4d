import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.schema import open_schema, parse, read_schema

TICKET = {
    "type": "object",
    "required": ["team"],
    "properties": {"team": {"enum": ["sales", "support"]}, "hours": {"type": "number"}},
}
TREE = {"type": "array", "items": {"$ref": "#"}}
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def is_valid(folder: Path, schema: object, response: str) -> bool:
    path = folder / "schema.json"
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return read_schema(path, "here.schema")(response)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ('{"team": "sales"}', True),
        (' {"team": "sales", "hours": 1.5, "more": null}\n', True),
        ('{"team": "ops"}', False),
        ('{"hours": 1}', False),
        ("[]", False),
        ("", False),
        ('{"team": "sales"} It is done.', False),
        ('```json\n{"team": "sales"}\n```', False),
        ("{'team': 'sales'}", False),
        ('{"team": "ops", "team": "sales"}', False),
        ('{"team": "sales", "hours": NaN}', False),
        ('{"team": "sales", "hours": -Infinity}', False),
        ('{"team": "sales", "hours": 1e400}', False),
        ('{"team": "sales", "hours": ' + "9" * 5000 + "}", False),
        ("[" * 100_000, False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_response_counts_where_a_program_can_take_it_as_it_is(
    tmp_path: Path, response: str, expected: bool
) -> None:
    assert is_valid(tmp_path, TICKET, response) is expected


@pytest.mark.parametrize(
    ("schema", "response", "expected"),
    [
        (TREE, "[[], [[]]]", True),
        (TREE, "[1]", False),
        (TREE, "[" * 900 + "]" * 900, False),  # deeper than a validator can follow
        (True, "1", True),
        (False, "1", False),
        ({"$schema": DRAFT_4, "maximum": 1, "exclusiveMaximum": True}, "1", False),
        ({"$schema": DRAFT_7, "items": [{"const": 1}]}, "[2]", False),
        ({"prefixItems": [{"const": 1}]}, "[2]", False),
        ({"$id": "http://x.test/a", "$ref": "#/$defs/n", "$defs": {"n": {"const": 1}}}, "1", True),
        ({"$ref": "b", "$defs": {"n": {"$id": "b", "const": 1}}}, "2", False),
        ({"$ref": "#/parts/n", "parts": {"n": {"const": 1}}}, "2", False),
        ({"enum": [{"$ref": "http://x.test"}]}, '{"$ref": "http://x.test"}', True),
        ({"properties": {"$ref": {"type": "string"}}}, '{"$ref": 1}', False),
        ({"format": "date"}, '"not a date"', True),
    ],
)
def test_a_schema_is_read_by_its_own_draft(
    tmp_path: Path, schema: object, response: str, expected: bool
) -> None:
    assert is_valid(tmp_path, schema, response) is expected


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("nope", "it is no JSON"),
        ('{"type": NaN}', "NaN is no JSON"),
        ('{"type": "array", "type": "object"}', "a name stands twice"),
        ("[1]", "this is a list"),
        ({"type": "strin"}, r"at \$.type: 'strin'"),
        ({"properties": {"a": {"pattern": "("}}}, r"at \$.properties.a.pattern"),
        ({"$schema": "http://x.test/draft"}, "no known draft"),
        ({"$schema": ["draft"]}, "no known draft"),
        ({"$ref": 5}, "5 is not of type"),
        ({"$ref": "#/$defs/n"}, r"\$ref '#/\$defs/n' leads nowhere"),
        ({"items": {"anyOf": [{"$ref": "http://x.test/a.json"}]}}, "none is fetched"),
        (
            {"$ref": "#/parts/a", "parts": {"a": {"$ref": "other.json"}}},
            "'other.json' leads nowhere",
        ),
        ({"items": {"$dynamicRef": "#node"}}, r"\$dynamicRef '#node' leads nowhere"),
    ],
)
def test_what_is_no_usable_schema_is_refused_before_any_answer(
    tmp_path: Path, schema: object, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        is_valid(tmp_path, schema, "")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"here.schema: .*gone.json cannot be read: No such file"):
        read_schema(tmp_path / "gone.json", "here.schema")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(plain)
def test_json_survives_reading(value: Any) -> None:
    assert parse(json.dumps(value)) == value


@given(plain)
def test_valid_is_what_jsonschema_calls_so(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    schema = {"type": ["object", "array", "integer"], "maxItems": 1, "maxProperties": 1}
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert is_valid(tmp_path_factory.getbasetemp(), schema, json.dumps(value)) is expected


@given(st.floats())
def test_a_number_is_read_where_it_is_finite(value: float) -> None:
    if math.isfinite(value):
        assert parse(repr(value)) == value
    else:
        with pytest.raises(ValueError, match="is no JSON"):
            parse(json.dumps(value))


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"team": "sales"}, None),
        ({"team": "ops"}, "$.team: 'ops' is not one of ['sales', 'support']"),
        ({"hours": 1}, "$: 'team' is a required property"),
        ({"team": "sales", "hours": "many"}, "$.hours: 'many' is not of type 'number'"),
        ([], "$: [] is not of type 'object'"),
    ],
)
def test_a_fault_is_its_place_and_the_rule(tmp_path: Path, value: Any, fault: str | None) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(TICKET))
    schema = open_schema(path, "here.schema")
    assert schema.value == TICKET
    assert schema.fault(value) == fault
