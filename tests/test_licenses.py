from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.licenses import count_licenses, is_allowed, join_licenses
from selfinstruct.types import Example


@pytest.mark.parametrize(
    ("licenses", "joined"),
    [
        ([], ""),
        (["", " "], ""),
        (["MIT", "MIT"], "MIT"),
        (["CC-BY-SA-4.0", "CC-BY-4.0"], "CC-BY-4.0 AND CC-BY-SA-4.0"),
        (["CC-BY-4.0 AND Gemma", "Gemma"], "CC-BY-4.0 AND Gemma"),
        (["MIT", ""], "MIT AND NOASSERTION"),
        (["MIT OR Apache-2.0", "CC0-1.0"], "(MIT OR Apache-2.0) AND CC0-1.0"),
        (["(MIT OR (A AND B)) AND C", "C"], "(MIT OR (A AND B)) AND C"),
        (
            ["GPL-2.0-only WITH Classpath-exception-2.0"],
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ),
    ],
)
def test_a_row_comes_under_every_licence_of_its_parents(
    licenses: Sequence[str], joined: str
) -> None:
    assert join_licenses(licenses) == joined


NAMES = st.lists(st.sampled_from(["MIT", "CC0-1.0", "Gemma", "A OR B", ""]), max_size=5)


@given(NAMES, NAMES)
def test_joining_in_steps_or_at_once_is_the_same(some: list[str], others: list[str]) -> None:
    at_once = join_licenses([*some, *others])
    if any(some) and any(others):
        assert join_licenses([join_licenses(some), join_licenses(others)]) == at_once
    assert join_licenses([*others, *some]) == at_once
    assert join_licenses([at_once]) == at_once


def test_rows_are_counted_by_licence_most_first() -> None:
    rows = [Example(str(n), license=name) for n, name in enumerate(["MIT", "", "MIT", "CC0", ""])]
    assert count_licenses(rows) == {"MIT": 2, "NOASSERTION": 2, "CC0": 1}


@pytest.mark.parametrize(
    ("license_", "allow", "allowed"),
    [
        ("GPL-3.0-only", None, True),
        ("CC-BY-4.0", ["CC-BY-4.0"], True),
        (" cc-by-4.0 ", ["CC-BY-4.0 "], True),
        ("CC-BY-4.0", ["CC-BY-SA-4.0"], False),
        ("CC-BY-4.0 AND Gemma", ["CC-BY-4.0"], False),
        ("CC-BY-4.0 AND Gemma", ["CC-BY-4.0", "Gemma"], True),
        ("MIT OR GPL-3.0-only", ["MIT"], True),
        ("(MIT OR GPL-3.0-only) AND CC0-1.0", ["GPL-3.0-only", "CC0-1.0"], True),
        ("(MIT OR GPL-3.0-only) AND CC0-1.0", ["CC0-1.0"], False),
        ("(A AND (B OR C)) OR D", ["A", "C"], True),
        ("(A AND (B OR C)) OR D", ["C"], False),
        ("(A) OR (B)", ["B"], True),
        ("(A AND (B OR C)) OR D", ["D"], True),
        ("", ["MIT"], False),
        ("", ["NOASSERTION"], True),
        ("MIT AND NOASSERTION", ["MIT"], False),
        ("see LICENCE (2024)", ["MIT"], False),
        ("see LICENCE (2024)", ["see LICENCE (2024)"], True),
        ("see LICENCE (2024) AND MIT", ["see LICENCE (2024)", "MIT"], True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only"], False),
        ("(" * 5000 + "MIT" + ")" * 5000, ["MIT"], False),
        ("()", ["MIT"], False),
    ],
)
def test_of_a_conjunction_each_part_has_to_be_allowed_and_of_a_choice_one(
    license_: str, allow: list[str] | None, allowed: bool
) -> None:
    assert is_allowed(license_, allow) is allowed


@given(NAMES, st.lists(st.sampled_from(["MIT", "CC0-1.0", "Gemma", "A", "NOASSERTION"])))
def test_a_row_of_several_is_allowed_where_each_of_them_is(
    some: list[str], allow: list[str]
) -> None:
    each = all(is_allowed(one, allow) for one in some)
    if some:
        assert is_allowed(join_licenses(some), allow) == each
