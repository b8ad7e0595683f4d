"""Every key at a desk, with hostile words on the screen."""

import io
import os
import termios
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from selfinstruct.cli.review_terminal import Seat, keys_of
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.types import Screened
from tests.reviewed import made, real_rows, write_reviewable


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    write_reviewable(tmp_path / "run")
    with Desk.open(tmp_path / "run") as desk:
        yield desk


def unchanged(text: str) -> str | None:
    return text


def sit(desk: Desk, keys: str, edit: Callable[[str], str | None] = unchanged) -> str:
    """What a person sees who presses these keys and then leaves."""
    out, pressed = io.StringIO(), iter(keys)
    console = Console(file=out, width=100)
    Seat(desk, "ann", lambda: next(pressed, ""), console, edit).sit()
    return out.getvalue()


def actions(desk: Desk) -> list[str]:
    return [each.action for each in desk.decisions()]


@pytest.mark.parametrize(
    ("keys", "stored"),
    [
        ("a", ["accept"]),
        ("sfa", ["skip", "flag", "accept"]),
        ("x3", ["reject"]),
        ("xq", []),
        ("x0x9", ["reject"]),
        ("zpq", []),
        ("auu", ["accept", "undo"]),
        ("q", []),
        ("\x04aa", []),
        ("aq", ["accept"]),
        ("a" * 20, ["accept"] * 14),
    ],
)
def test_keys_are_decisions(desk: Desk, keys: str, stored: list[str]) -> None:
    sit(desk, keys)
    assert actions(desk) == stored


def test_other_keys_are_told_and_do_what_the_config_says(tmp_path: Path) -> None:
    keys = {"accept": "j", "next": "a", "undo": "0", "quit": "Q", "reject": "ä"}
    write_reviewable(tmp_path / "other", {"fraction": 0.5, "keys": keys})
    with Desk.open(tmp_path / "other") as desk:
        shown = sit(desk, "jä3a0qQj")
        assert actions(desk) == ["accept", "reject", "undo"]
    told = "j accept · e edit · ä reject · s skip · f flag · 0 undo · p progress · Q quit"
    assert told in " ".join(shown.split())
    assert shown.count("j accept") == 3  # at the start, and after a and q, which mean nothing


def test_a_letter_of_several_bytes_is_one_key_of_a_terminal() -> None:
    main, other = os.openpty()

    def press() -> None:
        while termios.tcgetattr(other)[3] & termios.ICANON:  # what is typed before is let go
            time.sleep(0.01)
        os.write(main, "ä".encode())

    with (
        os.fdopen(other, encoding="utf-8") as source,
        keys_of(source) as key,
        ThreadPoolExecutor() as hands,
    ):
        pressed = hands.submit(press)
        assert key() == "ä"
        pressed.result()
    os.close(main)


def test_a_rejection_has_the_reason_of_its_key_and_the_time_it_took(desk: Desk) -> None:
    sit(desk, "x1")
    said = desk.decisions()[0]
    assert (said.reason, said.reviewer) == ("wrong label", "ann")
    assert 0 <= said.ms < 60_000


def edited(**changes: str) -> Callable[[str], str]:
    return lambda text: yaml.safe_dump({**yaml.safe_load(text), **changes})


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (unchanged, "changes nothing"),
        (edited(input=real_rows(40, 1)[0].input), "dropped as contaminated"),
        (edited(label="nonsense"), "no training row has the label"),
        (edited(response=""), "leaves the answer empty"),
        (edited(colour="red"), "cannot be read"),
        (lambda _: "a: [", "cannot be read"),
        (lambda _: None, "0 of 14"),
    ],
)
def test_an_edit_that_does_not_pass_leaves_the_item_open(
    desk: Desk, edit: Callable[[str], str | None], told: str
) -> None:
    assert told in sit(desk, "e", edit)
    assert actions(desk) == []


def test_an_edit_that_passes_is_kept_with_its_words(desk: Desk) -> None:
    sit(desk, "e", edited(input="where is my wholly new parcel", response="On its way."))
    said = desk.decisions()[0]
    assert said.edited is not None
    assert (said.action, said.edited.response) == ("edit", "On its way.")


def test_generated_words_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    bad = "\x1b]0;title\x07\x1b[2J\r\u202eevil [red]markup[/red]"
    row = replace(made(1), input=bad, response=bad)
    write_reviewable(tmp_path / "run", {"fraction": 1.0}, {1: Screened((row,))})
    with Desk.open(tmp_path / "run") as desk:
        shown = sit(desk, "")
    assert not {"\x1b", "\x07", "\r", "\u202e"} & {*shown}
    assert r"\x1b[2J" in shown
    assert "[red]markup[/red]" in shown


def test_keys_from_a_pipe_are_its_letters() -> None:
    with keys_of(io.StringIO("a x\n1\n")) as key:
        assert [key() for _ in range(5)] == ["a", "x", "1", "", ""]


def test_a_decision_is_stored_before_the_next_item_is_shown(desk: Desk) -> None:
    seen: list[int] = []
    pressed = iter("aaa")

    def key() -> str:
        seen.append(len(desk.decisions()))
        return next(pressed, "")

    Seat(desk, "ann", key, Console(file=io.StringIO())).sit()
    assert seen == [0, 1, 2, 3]
    assert desk.progress(EVERYTHING).accepted == 3
