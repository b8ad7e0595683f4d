import json
from collections.abc import Sequence

import pytest

from selfinstruct.refilter.answers import NEVER, NOT_ASKED, Recorded, index_replies, name_unasked
from selfinstruct.rows import from_messages
from selfinstruct.types import Completion, Drafts, Example, Message, Prompt, Rejection, Sampling

DRAWN, GREEDY = Sampling(temperature=0.7), Sampling(temperature=0.0)


def prompt(words: str) -> Prompt:
    return Prompt((Message("user", words),), "t", "v")


def recorded(calls: Sequence[tuple[str, str, int, int]], own: Sequence[str] = ()) -> Recorded:
    """Calls as (key, words, sample, wave) of round 1, in the order asked; wave 0 is answered."""
    replies = index_replies(
        {
            "round": 1,
            "wave": wave,
            "key": key,
            "sample": sample,
            "messages": json.dumps(from_messages(prompt(words).messages)),
        }
        for key, words, sample, wave in calls
    )
    return Recorded(replies, (1, 0), own, lambda key: Completion(f"text of {key}", "stop"))


def texts(found: Sequence[Sequence[Completion]]) -> list[list[str]]:
    return [[completion.text.removeprefix("text of ") for completion in row] for row in found]


def test_an_answer_is_found_by_its_words_and_sample_wherever_its_question_stands() -> None:
    ask = recorded([("k0", "a", 0, 0), ("k1", "a", 1, 0), ("k2", "b", 0, 0), ("k3", "b", 1, 0)])
    found = ask([prompt("b"), prompt("a")], DRAWN, 2)
    assert texts(found) == [["k2", "k3"], ["k0", "k1"]]
    assert ask.unasked == 0


def test_what_was_never_asked_is_counted_and_not_made_up() -> None:
    ask = recorded([("k0", "a", 0, 0), ("k1", "b", 0, 1)])
    found = ask([prompt("a"), prompt("b"), prompt("c")], DRAWN, 2)
    assert texts(found)[0] == ["k0", ""]
    assert found[0][1] is found[1][0] is NEVER
    assert ask.unasked == 5


@pytest.mark.parametrize("own", [(), ("first",), ("second",), ("first", "second")])
def test_a_prompt_that_stands_twice_gets_its_answers_in_the_order_asked(
    own: Sequence[str],
) -> None:
    """Whichever is named: the text of the other went on to be answered, under another call."""
    calls = [("first", "a", 0, 0), ("between", "b", 0, 0), ("second", "a", 0, 0)]
    ask = recorded(calls, own)
    assert texts(ask([prompt("a"), prompt("b"), prompt("a")], DRAWN, 1)) == [
        ["first"],
        ["between"],
        ["second"],
    ]


@pytest.mark.parametrize(
    ("own", "given"), [((), "late"), (("late",), "late"), (("early",), "early")]
)
def test_of_more_answers_than_are_asked_for_the_wave_s_own_count(
    own: Sequence[str], given: str
) -> None:
    ask = recorded([("early", "a", 0, 0), ("late", "a", 0, 0)], own)
    assert texts(ask([prompt("a")], DRAWN, 1)) == [[given]]


def test_a_greedy_answer_is_the_same_in_every_wave_and_for_every_sample() -> None:
    ask = recorded([("k0", "a", 0, 3), ("k1", "b", 0, 0), ("k2", "b", 0, 3)])
    assert texts(ask([prompt("a"), prompt("b"), prompt("a")], GREEDY, 2)) == [
        ["k0", "k0"],
        ["k1", "k1"],
        ["k0", "k0"],
    ]
    assert texts(ask([prompt("a")], DRAWN, 1)) == [[""]]
    assert ask.unasked == 1


def test_only_a_call_that_was_never_made_is_called_that() -> None:
    failed = Rejection(Example("q", attempt="k1"), "failed_call")
    unmade = Rejection(Example("q"), "failed_call")
    short = Rejection(Example("q"), "too_short", 1, 4)
    named = name_unasked(Drafts((Example("kept"),), (failed, unmade, short)))
    assert named.examples == (Example("kept"),)
    assert named.rejections == (failed, Rejection(Example("q"), NOT_ASKED), short)
