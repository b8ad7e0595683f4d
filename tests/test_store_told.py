import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.prompting import Form
from selfinstruct.recipes import NOUNS
from selfinstruct.recipes.asking import FULL_ORDER
from selfinstruct.store.told import INLINE, pack, part_id, unpack
from selfinstruct.types import Example, Message
from selfinstruct.wording import FORMS

SEED = Example("Name a colour.", "x" * 80, "Blue.", (Message("user", "hello"),), depth=2)

texts = st.text(st.characters(), max_size=90)  # half characters among them
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts | st.builds(Example, texts, texts, depth=st.integers(0, 3), label=st.none() | texts)
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)


def there_and_back(told: dict[str, Any]) -> dict[str, Any]:
    packed = pack(told)
    return unpack(packed.id, packed.parts.__getitem__, NOUNS)


def types_of(value: Any) -> Any:
    """The value's types, all the way down: 1, 1.0 and True are equal, and print differently."""
    if isinstance(value, dict):
        return [(name, types_of(each)) for name, each in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [types_of(each) for each in value]
    return type(value)


@given(st.dictionaries(texts, values, max_size=4))
def test_nothing_is_lost(told: dict[str, Any]) -> None:
    found = there_and_back(told)
    assert found == told
    assert types_of(found) == types_of(told)


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.short)
def test_whatever_a_form_tells_comes_back(form: Form) -> None:
    for told in form.trials():
        found = there_and_back(told)
        assert found == told
        assert types_of(found) == types_of(told)


def test_what_prompts_have_in_common_is_one_part() -> None:
    other = replace(SEED, input="y" * 80)
    one = pack({"demos": (SEED, other), "order": FULL_ORDER})
    two = pack({"demos": (other, SEED), "order": FULL_ORDER})
    rows = [text for text in one.parts.values() if text.startswith('{"Example"')]
    assert len(rows) == 2
    assert set(rows) < set(two.parts.values())
    assert one.id != two.id
    assert all(part_id(text) == id_ for id_, text in one.parts.items())


def test_a_short_value_stands_where_it_is() -> None:
    at_limit = "x" * (INLINE - 2)  # and two quotation marks
    assert set(pack({"a": 1, "b": at_limit}).parts.values()) == {
        json.dumps({"a": 1, "b": at_limit})
    }
    assert len(pack({"a": 1, "b": at_limit + "x"}).parts) == 2


def test_the_order_of_a_table_is_kept() -> None:
    wishes = {"b": "1", "a": "2"}
    assert list(there_and_back({"wishes": wishes})["wishes"]) == ["b", "a"]


@dataclass(frozen=True)
class Flag:
    on: bool = False


def test_a_field_is_left_out_only_where_it_is_its_default_in_kind_too() -> None:
    packed = pack({"one": Flag(), "two": Flag(0)})  # type: ignore[arg-type]
    assert json.loads(packed.parts[packed.id]) == {"one": {"Flag": {}}, "two": {"Flag": {"on": 0}}}


@pytest.mark.parametrize("value", [{1: "a"}, {"a"}, object(), Example, float("nan")])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        pack({"a": value})
