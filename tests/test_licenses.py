from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.licenses import count_licenses, join_licenses
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
