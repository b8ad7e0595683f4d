from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import MemorisationConfig
from selfinstruct.filters.memorisation import RealRuns, longest_runs, overlap
from selfinstruct.types import Example, Message

WORDS = tuple(f"w{n}" for n in range(40))
TEXT = " ".join(WORDS)
REAL = Example("Reply to the customer", "Where is it", f"Dear customer, {TEXT}", label="late")
OTHER = Example("Reply to the customer", "Something else", "We look into it", label="lost")
CFG = MemorisationConfig()


def reply(text: str) -> Example:
    return Example("Reply to the customer", "A new question", text, label="late")


@pytest.mark.parametrize(
    ("example", "value", "threshold"),
    [
        (reply(" ".join(WORDS[5:18])), 13, 13),
        (reply(f"So: {' '.join(WORDS[5:30]).upper()}!"), 25, 13),
        (reply(" ".join(WORDS[5:17])), None, None),
        (reply(" ".join([*WORDS[5:17], "but", *WORDS[20:32]])), None, None),
        (reply(REAL.response), 42, 8),
        (Example("x", " ".join(WORDS[:13]), "y", label="late"), 13, 13),
        (Example("Then?", turns=(Message("user", " ".join(WORDS[:13])),)), 13, 13),
        (replace(REAL, response="A reply of its own"), None, None),  # a short question repeats
        (reply(""), None, None),
    ],
)
def test_a_long_run_of_one_real_row_is_a_copy(
    example: Example, value: int | None, threshold: int | None
) -> None:
    rejection = RealRuns.build([OTHER, REAL], CFG).copied(example)
    if value is None:
        assert rejection is None
    else:
        assert rejection is not None
        assert rejection.what is example
        assert (rejection.reason, rejection.value) == ("memorised", value)
        assert (rejection.threshold, rejection.neighbour) == (threshold, REAL.id)


def test_a_whole_text_of_eight_words_is_a_copy_and_one_of_seven_is_not() -> None:
    eight = replace(OTHER, response=" ".join(WORDS[:8]))
    seven = replace(OTHER, response=" ".join(WORDS[:7]))
    assert RealRuns.build([eight], CFG).copied(reply(eight.response)) is not None
    assert RealRuns.build([eight], CFG).copied(reply(f"{eight.response} more")) is None
    assert RealRuns.build([seven], CFG).copied(reply(seven.response)) is None


def test_what_three_rows_say_is_a_phrase_of_the_trade() -> None:
    rows = [replace(REAL, input=f"question {n}") for n in range(3)]
    assert RealRuns.build(rows[:2], CFG).copied(reply(TEXT)) is not None
    assert RealRuns.build(rows, CFG).copied(reply(TEXT)) is None
    assert RealRuns.build([REAL] * 3, CFG).copied(reply(TEXT)) is not None  # one row, thrice


def test_the_instruction_of_labelled_rows_is_not_theirs() -> None:
    row = Example(TEXT, "Where is it", label="late")
    other = Example(TEXT, "My top-up has failed", label="lost")
    assert RealRuns.build([row], CFG).copied(other) is None
    assert RealRuns.build([Example(TEXT)], CFG).copied(Example(f"{TEXT} too")) is not None


def test_a_response_that_is_real_on_purpose_is_no_copy() -> None:
    made = replace(reply(TEXT), source="recipe:backtranslate")
    assert RealRuns.build([REAL], CFG).copied(made) is None
    asked = replace(made, input=TEXT)
    assert RealRuns.build([REAL], CFG).copied(asked) is not None


EVOLVED = replace(
    REAL,
    input=f"{TEXT} in French",
    response="A reply of its own",
    source="recipe:evolve",
    parents=(replace(REAL, input=TEXT, response="Yes").id,),
)


@pytest.mark.parametrize(
    ("row", "others", "holder"),
    [
        (EVOLVED, [], None),
        (replace(EVOLVED, input=TEXT), [], 0),  # nothing of its own
        (replace(EVOLVED, source="recipe:label_first"), [], 0),
        (replace(EVOLVED, parents=(OTHER.id, *EVOLVED.parents)), [], 0),  # it was only shown
        (replace(EVOLVED, response=f"Well, {TEXT}"), [], 0),
        (EVOLVED, [Example("x", f"so {TEXT}", "y", label="lost")], 1),
        (EVOLVED, [Example("x", EVOLVED.input, "y", label="lost")], 1),
    ],
)
def test_what_a_rewriting_asks_may_be_its_parent_s_and_nobody_else_s(
    row: Example, others: list[Example], holder: int | None
) -> None:
    train = [replace(REAL, input=TEXT, response="Yes"), *others]
    for known in (train, train[::-1]):
        found = RealRuns.build(known, CFG).copied(row)
        assert (found and found.neighbour) == (None if holder is None else train[holder].id)


def test_each_check_can_be_off() -> None:
    off = MemorisationConfig(run=None, verbatim=None)
    assert RealRuns.build([REAL], off).copied(REAL) is None
    assert RealRuns.build([REAL], MemorisationConfig(run=None)).copied(REAL) is not None
    long = replace(REAL, response=f"{REAL.response} more")
    assert RealRuns.build([REAL], MemorisationConfig(verbatim=None)).copied(long) is not None
    one = MemorisationConfig(run=1, verbatim=None)
    assert RealRuns.build([REAL], one).copied(reply("w39 alone")) is not None


TOKENS = st.lists(st.sampled_from("abc"), max_size=12)


@given(st.lists(TOKENS, max_size=4), st.lists(TOKENS, max_size=4), st.integers(1, 8))
def test_the_longest_run_is_that_of_an_exhaustive_search(
    queries: list[list[str]], known: list[list[str]], most: int
) -> None:
    def search(a: Sequence[str], b: Sequence[str]) -> int:
        return SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size

    expected = [min(most, max((search(a, b) for b in known), default=0)) for a in queries]
    assert longest_runs(queries, known, most) == expected


def test_no_text_shares_nothing_with_anything() -> None:
    assert longest_runs([], []) == []
    assert longest_runs([["a"], []], []) == [0, 0]
    assert longest_runs([["a"], []], [["b"], []]) == [0, 0]


def test_synthetic_rows_are_measured_beside_held_out_real_ones() -> None:
    made = [
        replace(reply(" ".join(WORDS[:6])), parents=(REAL.id, "gone")),
        replace(reply(" ".join(WORDS[:10])), parents=(OTHER.id,)),
        replace(reply("quite new"), parents=()),
    ]
    dev = [reply(" ".join(WORDS[:2])), reply(" ".join(WORDS[:3]))]
    assert overlap(made, [REAL, OTHER], dev) == {
        "shown": {"rows": 3, "quantiles": [0, 6, 6]},
        "synthetic": {"rows": 3, "quantiles": [6, 10, 10], "ngrams": 1.0},
        "control": {"rows": 2, "quantiles": [2, 3, 3], "ngrams": None},
    }
    assert overlap([], [], []) == {
        "shown": {"rows": 0, "quantiles": []},
        "synthetic": {"rows": 0, "quantiles": [], "ngrams": None},
        "control": {"rows": 0, "quantiles": [], "ngrams": None},
    }


BAD = {
    "empty": "",
    "100,000 tokens": " ".join(f"t{n % 5000}" for n in range(100_000)),
    "one word": "word " * 100_000,
    "emoji": "\U0001f600" * 100,
    "surrogates": "\ud83d a \udc00",
    "nul": "a\0b",
    "marks": "\u200fa\u202eb\u202c",
    "scripts": "привет hello 你好吗 مرحبا",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_decided_whichever_side_it_is_on(name: str) -> None:
    bad = reply(BAD[name])
    assert RealRuns.build([REAL], CFG).copied(bad) is None
    assert RealRuns.build([bad], CFG).copied(REAL) is None
    long = name in ("100,000 tokens", "one word")
    assert (RealRuns.build([bad], CFG).copied(replace(bad, input="z")) is not None) is long
    assert len(overlap([bad], [REAL], [bad])["control"]["quantiles"]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_measured_against_itself(name: str) -> None:
    bad = reply(BAD[name])
    (most,) = set(overlap([bad], [bad], [])["synthetic"]["quantiles"])
    assert (most == 64) is (name in ("100,000 tokens", "one word"))


def test_a_thousand_copies_of_a_row_are_one_row() -> None:
    runs = RealRuns.build([REAL] * 1000, CFG)
    assert all(runs.copied(each) is not None for each in [REAL] * 10)
