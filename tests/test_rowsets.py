from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.rowsets import Reworded, change
from selfinstruct.types import Example

A = Example("Name it.", "where is my refund", "It is on its way.", label="refund")
B = Example("Name it.", "what does this fee pay for", "Processing.", label="fee")
EDITED = replace(A, input="where on earth is my refund", parents=(A.id,))
RELABELLED = replace(B, label="refund")


def test_an_edited_row_and_one_with_another_label_are_reworded() -> None:
    found = change([A, B], [EDITED, RELABELLED])
    assert found.reworded == (Reworded(A, EDITED), Reworded(B, RELABELLED))
    assert (found.both, found.added, found.removed) == (0, (), ())
    assert found.labels == {"fee": (1, 0), "refund": (1, 2)}


def test_a_child_beside_its_parent_is_added() -> None:
    found = change([A], [A, EDITED])
    assert (found.both, found.added, found.reworded) == (1, (EDITED,), ())


def test_of_two_children_one_takes_the_place() -> None:
    other = replace(EDITED, response="Soon.")
    found = change([A], [EDITED, other])
    assert found.reworded == (Reworded(A, EDITED),)
    assert found.added == (other,)
    assert found.removed == ()


def test_copies_count_once_and_the_largest_shift_comes_first() -> None:
    rows = [replace(B, input=f"fee {n}") for n in range(3)]
    found = change([A, A, *rows], [A, replace(A, label=None)])
    assert found.both == 1
    assert list(found.labels.items()) == [("fee", (3, 0)), ("", (0, 1)), ("refund", (1, 1))]


ROWS = st.lists(
    st.builds(
        Example,
        st.just("n"),
        st.sampled_from("abc"),
        st.sampled_from("xy"),
        label=st.sampled_from([None, "l", "m"]),
    ),
    max_size=8,
)


@given(ROWS, ROWS)
def test_every_row_has_one_place_and_the_way_back_is_the_same_way(
    before: list[Example], after: list[Example]
) -> None:
    found = change(before, after)
    old, new = {row.id for row in before}, {row.id for row in after}
    gone = Counter([row.id for row in found.removed] + [each.before.id for each in found.reworded])
    came = Counter([row.id for row in found.added] + [each.after.id for each in found.reworded])
    assert gone == Counter(old - new)
    assert came == Counter(new - old)
    assert found.both == len(old & new)
    back = change(after, before)
    assert len(back.reworded) == len(found.reworded)
    assert {name: (m, n) for name, (n, m) in back.labels.items()} == dict(found.labels)
