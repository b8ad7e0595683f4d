"""Which of the prompts that share a recipe keeps more, counted by prompts and not by rows."""

import json
from dataclasses import asdict, replace

import pytest

from selfinstruct.summary.rivals import rivals
from selfinstruct.types import UNNEEDED, Example, Rejection, Screened


def wave(
    kept: dict[str, list[int]], each: int = 4, recipe: str = "r", reason: str = "echo"
) -> Screened:
    """By arm, how many of the candidates of each of its prompts were kept."""
    rows = [
        (
            Example(
                f"{arm} {place} {n}", parents=(f"p{place}",), arm=arm, source=f"recipe:{recipe}"
            ),
            n,
        )
        for arm, counts in kept.items()
        for place, _ in enumerate(counts)
        for n in range(each)
    ]
    told = [(row, n < kept[row.arm][int(row.parents[0][1:])]) for row, n in rows]
    return Screened(
        tuple(row for row, passed in told if passed),
        tuple(Rejection(row, reason) for row, passed in told if not passed),
    )


def test_the_better_one_comes_first_with_its_numbers() -> None:
    (pair,) = rivals([wave({"q@1": [1, 0, 1, 1, 0, 1], "q@2": [3, 4, 3, 4, 4, 3]})])
    assert (pair.arm, pair.other, pair.verdict) == ("q@2", "q@1", "better")
    assert pair.difference.value == pytest.approx(21 / 24 - 4 / 24)
    assert 0 < pair.difference.low < pair.difference.value < pair.difference.high < 1
    assert pair.p_value == pair.adjusted == pytest.approx(2 / 924)  # two ways of 12 over 6
    assert pair.prompts == (6, 6)
    json.dumps(asdict(pair), allow_nan=False)


def test_rows_of_one_prompt_are_no_evidence_by_their_number() -> None:
    """40 of 40 against 0 of 40 rows, from two prompts each: chance deals so in 2 of 6 ways."""
    (pair,) = rivals([wave({"q@1": [0, 0], "q@2": [20, 20]}, each=20)])
    assert pair.p_value == pytest.approx(1 / 3)
    assert pair.verdict == "inconclusive"


def test_one_prompt_alone_has_no_limits() -> None:
    (pair,) = rivals([wave({"q@1": [0], "q@2": [4]})])
    assert (pair.difference.low, pair.difference.high, pair.verdict) == (-1, 1, "inconclusive")


def test_the_same_rows_shown_in_two_waves_are_two_prompts() -> None:
    one = wave({"q@1": [0, 1], "q@2": [4, 3]})
    assert [pair.prompts for pair in rivals([one, one, one])] == [(6, 6)]


def test_all_pairs_share_the_error() -> None:
    counts = {"q@1": [1, 0, 1, 1, 0], "q@2": [3, 4, 3, 4, 4], "q@3": [2, 1, 2, 1, 2]}
    pairs = {(pair.arm, pair.other): pair for pair in rivals([wave(counts)])}
    assert pairs.keys() == {("q@2", "q@1"), ("q@3", "q@1"), ("q@2", "q@3")}
    p_values = sorted(pair.p_value for pair in pairs.values())
    first = 3 * p_values[0]
    wanted = [first, max(first, 2 * p_values[1]), max(first, 2 * p_values[1], p_values[2])]
    assert sorted(pair.adjusted for pair in pairs.values()) == pytest.approx(wanted)
    assert pairs["q@2", "q@1"].adjusted == pytest.approx(first)
    assert first > p_values[0] > 0


def test_equal_shares_are_never_better() -> None:
    (pair,) = rivals([wave({"q@1": [2] * 8, "q@2": [2] * 8})])
    assert (pair.p_value, pair.verdict, pair.difference.value) == (1.0, "inconclusive", 0.0)


def test_prompts_of_other_recipes_are_no_rivals_and_rows_without_arm_no_one() -> None:
    one, other = wave({"q@1": [1, 2]}), wave({"s@1": [1, 2]}, recipe="s")
    plain = Screened(tuple(replace(row, arm="") for row in one.accepted))
    assert rivals([one, other, plain]) == ()
    assert rivals([]) == ()


@pytest.mark.parametrize("reason", sorted(UNNEEDED))
def test_what_the_round_did_not_need_counts_as_kept(reason: str) -> None:
    (pair,) = rivals([wave({"q@1": [1, 1], "q@2": [3, 3]}, reason=reason)])
    assert pair.difference.value == 0


def test_a_call_that_failed_says_nothing() -> None:
    (pair,) = rivals([wave({"q@1": [1, 1], "q@2": [3, 3]}, reason="failed_call")])
    assert pair.difference.value == 0
