from pathlib import Path

import pytest

from selfinstruct.cli.replay import print_replay, replay_command
from selfinstruct.config import ModelConfig
from selfinstruct.errors import UserError
from selfinstruct.models.scripted import Scripted
from selfinstruct.types import Model
from tests.replayed import write_replayed


def says(*answers: str) -> Model:
    return Scripted(answers, "new")


def test_old_and_new_stand_side_by_side_with_their_words_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_replayed(tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.suffix == ".db"}
    found = replay_command(
        folder, "call-1", None, ["temperature=.2"], None, None, dry_run=False,
        open_=lambda _: says("answer \x1b[2J moves"),
    )  # fmt: skip
    assert before == {path: path.read_bytes() for path in before}
    (pair,) = found["calls"]
    assert (pair["old"]["text"], found["same"]) == ("answer call-1 stays", 0)
    print_replay(found)
    told = capsys.readouterr().out
    for words in (
        "[-call-1 stays-]",
        "[+\\x1b[2J moves+]",
        "temperature 0.2",
        "Nothing was written",
    ):
        assert words in told
    assert "\x1b[2J" not in told


def test_a_round_is_asked_again_without_the_judges_calls(tmp_path: Path) -> None:
    folder = write_replayed(tmp_path)
    settings = ["temperature=0", "top_p=1", "max_tokens=9"]
    opened: list[ModelConfig] = []

    def open_(cfg: ModelConfig) -> Model:
        opened.append(cfg)
        return says("a", "answer call-1 stays", "c", "d")

    found = replay_command(folder, None, 1, settings, "other", None, dry_run=False, open_=open_)
    assert [pair["id"] for pair in found["calls"]] == ["call-0", "call-1", "call-2", "old-1"]
    assert (found["same"], opened[0].name) == (1, "other")
    few = replay_command(folder, None, 1, settings, None, 2, dry_run=True)
    assert [pair["id"] for pair in few["calls"]] == ["call-0", "call-1"]


def test_a_dry_run_opens_nothing_and_says_what_it_may_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = {"prices": {"m": {"input": 100.0, "output": 200.0}}, "currency": "EUR"}
    folder = write_replayed(tmp_path, budget)

    def never(_: ModelConfig) -> Model:
        raise AssertionError("opened")

    found = replay_command(folder, "call-1", None, [], None, None, dry_run=True, open_=never)
    assert found["calls"][0]["new"] is None
    assert found["estimate"]["likely_cost"] == pytest.approx(0.002)
    print_replay(found)
    told = capsys.readouterr().out
    assert "not asked; about 15 tokens" in told
    assert "at most" in told
    assert "EUR" in told


@pytest.mark.parametrize(
    ("call", "index", "message"),
    [
        (None, None, "give the id of a call, or --round"),
        ("call-1", 1, "give the id of a call, or --round"),
        ("nope", None, "is no call's id"),
        ("call-", None, "fits 3 calls"),
        (None, 7, "has no answered calls"),
    ],
)
def test_what_to_ask_has_to_be_plain(
    tmp_path: Path, call: str | None, index: int | None, message: str
) -> None:
    folder = write_replayed(tmp_path)
    with pytest.raises(UserError, match=message):
        replay_command(folder, call, index, [], None, None, dry_run=True)
