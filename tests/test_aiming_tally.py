"""Waves counted one by one come to what counting all of them at once does."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.aiming.tally import Size, Tally, seen_by
from selfinstruct.aiming.yields import Seen, by_aim, count, recipe_of
from selfinstruct.types import Example, Rejection, Screened
from tests.counted import tally_of

ROWS = st.builds(
    Example,
    st.text("xyz", max_size=3),
    label=st.sampled_from(["a", "b", None]),
    request=st.sampled_from(["", "a rhyme"]),
    arm=st.sampled_from(["", "one", "two"]),
    source=st.sampled_from(["", "recipe:few_shot", "recipe:evolve"]),
)
REASONS = st.sampled_from(["echo", "round_full", "quota_full", "failed_call"])
WAVES = st.builds(
    Screened,
    st.lists(ROWS, max_size=5).map(tuple),
    st.lists(st.builds(Rejection, ROWS, REASONS), max_size=5).map(tuple),
)


@given(st.lists(st.tuples(st.integers(1, 5), WAVES), max_size=8), st.integers(1, 12))
def test_a_tally_is_what_counting_all_waves_gives(
    asked: list[tuple[int, Screened]], last: int
) -> None:
    tally, waves = tally_of(asked, last), [wave for _, wave in asked]
    accepted = [row for wave in waves for row in wave.accepted]
    rejected = [item for wave in waves for item in wave.rejected]
    sizes = [Size(n, len(w.accepted) + len(w.rejected), len(w.accepted)) for n, w in asked]
    assert tally.waves == len(waves)
    assert tally.size == sum(sizes, Size())
    assert tally.accepted == Counter(map(by_aim, accepted))
    assert tally.reasons == Counter(item.reason for item in rejected)
    assert seen_by(tally, lambda place: place.recipe) == count(waves, recipe_of)
    assert seen_by(tally, lambda place: place.arm) == count(waves, lambda row: row.arm)
    assert seen_by(tally, lambda place: (place.recipe, place.label)) == count(
        waves, lambda row: (recipe_of(row), row.label)
    )
    ends = [sizes[start:] for start in range(len(sizes), -1, -1)]
    enough = [end for end in ends if sum(size.prompts for size in end) >= last]
    assert list(tally.last) == (enough[0] if enough else sizes)


def test_a_tally_stays_as_it_is_when_the_round_goes_on() -> None:
    row = Example("x", label="a")
    first = Tally().after(2, Screened((row,), (Rejection(row, "echo"),)), 4)
    told = (dict(first.accepted), dict(first.seen), dict(first.reasons), first.last)
    first.after(2, Screened((row, row), (Rejection(row, "echo"),)), 4)
    assert (first.accepted, first.seen, first.reasons, first.last) == told
    assert first.seen == {by_aim(row): Seen(1, 2)}
