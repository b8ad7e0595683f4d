from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.listing import (
    LONG,
    call_story,
    list_calls,
    list_examples,
    print_call,
    print_calls,
    print_examples,
)
from selfinstruct.errors import UserError
from selfinstruct.purposes import PAIRS_WAVE, VERIFY_WAVE
from selfinstruct.store import Store
from selfinstruct.types import Completion, Example, Message, Prompt, Screened
from tests.finished import KEPT, write_run
from tests.replayed import write_replayed

NARROW: dict[str, str | int | None] = {"split": None, "round": None, "fate": None}


def examples(run: Path, where: str = "", text: str = "", **more: Any) -> dict[str, Any]:
    narrow = {name: more.pop(name, None) for name in NARROW}
    how = {"sort": "", "limit": 20, "held_out": False, **more}
    return list_examples(run, where, text, narrow, **how)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    loud = Example("n", "\x1b[2J loud\n" + "z" * 100_000, "\r\x07", label="\u202eevil", round=2)
    with Store(folder, write=True) as store:
        store.commit_wave(2, 0, Screened((loud,), ()))
    return folder


@pytest.mark.parametrize(
    ("where", "narrow", "total"),
    [
        ("", {"split": "gate"}, 40),
        ("", {"fate": "accepted"}, 2),
        ("", {"round": 1}, 2),
        ("label=a or fate=accepted", {"round": 1}, 1),  # what was typed is one condition
        ("", {"fate": "rejected", "round": 2}, 0),
    ],
)
def test_options_narrow_an_expression(
    run: Path, where: str, narrow: dict[str, Any], total: int
) -> None:
    assert examples(run, where, **narrow)["total"] == total


def test_an_error_points_into_what_was_typed(run: Path) -> None:
    with pytest.raises(UserError, match=r"column 1 of the expression\)\n    labl=x\n    \^"):
        examples(run, "labl=x", split="gate")


def test_rows_are_printed_short_and_safe(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_examples(examples(run, "fate=accepted"))
    told = capsys.readouterr().out
    assert f"{KEPT.id}  round 1, accepted [charged twice] label_agreement 0.75\n" in told
    assert "  charged two times\n  → Sorry" in told
    assert "\\x1b[2J loud" in told
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(told)
    assert max(map(len, told.split("\n"))) < 150
    assert told.endswith("2 rows\n")


def test_held_out_rows_are_ids_and_labels(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_examples(examples(run, split="gate", limit=2))
    told = capsys.readouterr().out
    assert "gate, real [a]\n  (held out" in told
    assert "40 rows, 2 shown (--limit)" in told
    assert "ticket" not in told
    print_examples(examples(run, split="gate", limit=2, held_out=True))
    assert "gate ticket 0" in capsys.readouterr().out


def test_calls_have_a_cost_where_a_price_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = write_replayed(tmp_path / "plain")
    assert {call["cost"] for call in list_calls(plain, "", 20, held_out=False)["calls"]} == {None}
    budget = {"prices": {"m": {"input": 100.0, "output": 200.0}}, "currency": "EUR"}
    found = list_calls(write_replayed(tmp_path / "priced", budget), "tokens=15", 2, held_out=False)
    assert [call["cost"] for call in found["calls"]] == [pytest.approx(0.002)] * 2
    print_calls(found)
    told = capsys.readouterr().out
    assert "cost, EUR" in told
    assert "0.002000" in told
    assert "4 calls, the last 2 shown" in told


def test_a_call_tells_what_was_asked_and_what_became_of_it(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = call_story(run, "call")
    assert [made["reason"] for made in story["candidates"]] == [None, "too_similar"]
    print_call(story)
    told = capsys.readouterr().out
    for words in ("write a ticket", "charged \\x1b[2Jtwo times", "dropped as too_similar 0.9"):
        assert words in told
    print_call(call_story(write_replayed(tmp_path), "call-2"))
    assert "temperature 0.9, top_p 0.95, max_tokens 100" in capsys.readouterr().out


def test_a_judges_call_keeps_the_gate_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_replayed(tmp_path)
    print_call(call_story(folder, "judge"))
    assert "gate row" in (told := capsys.readouterr().out)
    assert "which is better" not in told
    print_call(call_story(folder, "judge", held_out=True))
    assert "which is better" in capsys.readouterr().out


def test_what_a_call_of_no_recipe_is_for_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"one": (1, 3), "two": (1, VERIFY_WAVE + 3), "three": (0, PAIRS_WAVE)}
    prompt = Prompt((Message("user", "well?"),), "judge/rubric.j2", "v1")
    with Store(tmp_path, write=True) as store:
        for key, place in places.items():
            store.begin_attempts(*place, "m", [(key, prompt, 0)])
            store.end_attempts({key: Completion("yes", "stop", 1, 1)})
    print_calls(list_calls(tmp_path, "", 20, held_out=True))
    told = capsys.readouterr().out
    rows = {line.split()[0]: line for line in told.splitlines()}
    assert " 3 " in rows["one"]
    assert " verification of wave 3 " in rows["two"]
    assert " pairs " in rows["three"]
    for key, words in (("one", "round 1, wave 3,"), ("two", "round 1, verification of wave 3,")):
        print_call(call_story(tmp_path, key, held_out=True))
        assert words in capsys.readouterr().out
    assert "000003" not in told


@pytest.mark.parametrize(("prefix", "message"), [("x", "is no call's id"), ("call-", "fits 3")])
def test_an_id_must_name_one_call(tmp_path: Path, prefix: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        call_story(write_replayed(tmp_path), prefix)


def test_a_long_answer_is_cut_for_people_alone(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = {**call_story(run, "call-1"), "text": "w" * 100_000}
    print_call(story)
    told = capsys.readouterr().out
    assert "(100,000 characters; --json has all)" in told
    assert told.count("w" * 50) * 50 <= LONG + 100
