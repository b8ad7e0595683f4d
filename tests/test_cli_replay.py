from pathlib import Path

import pytest

from selfinstruct.cli.replay import Changes, replay_command
from selfinstruct.cli.replay_text import print_replay
from selfinstruct.config import ModelConfig
from selfinstruct.errors import UserError
from selfinstruct.model import Model
from selfinstruct.models.scripted import Scripted
from selfinstruct.prompting import shipped
from selfinstruct.store import Store
from selfinstruct.types import digest
from tests.recorded import recorded_config, write_recorded
from tests.replayed import write_replayed


@pytest.fixture(scope="module")
def asked_by_labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cfg = recorded_config(tmp_path_factory.mktemp("runs"), "label_first")
    return write_recorded(cfg, ["accept"])


def own_question(out: Path, name: str, words: str) -> Path:
    """A prompt folder whose question begins with these words in place of `Write`."""
    source = shipped("label_first/question.j2").sources["label_first/question.j2"].text
    before, _, after = source.rpartition("Write")
    path = out / name / "label_first/question.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{words}{after}")
    return out / name


def never(_: ModelConfig) -> Model:
    raise AssertionError("opened")


def says(*answers: str) -> Model:
    return Scripted(answers, "new")


def test_old_and_new_stand_side_by_side_with_their_words_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_replayed(tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.suffix == ".db"}
    found = replay_command(
        folder, "call-1", None, Changes(["temperature=.2"]), None, dry_run=False,
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

    found = replay_command(
        folder, None, 1, Changes(settings, "other"), None, dry_run=False, open_=open_
    )
    assert [pair["id"] for pair in found["calls"]] == ["call-0", "call-1", "call-2", "old-1"]
    assert (found["same"], opened[0].name) == (1, "other")
    few = replay_command(folder, None, 1, Changes(settings), 2, dry_run=True)
    assert [pair["id"] for pair in few["calls"]] == ["call-0", "call-1"]


def test_a_dry_run_opens_nothing_and_says_what_it_may_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = {"prices": {"m": {"input": 100.0, "output": 200.0}}, "currency": "EUR"}
    folder = write_replayed(tmp_path, budget)

    found = replay_command(folder, "call-1", None, Changes(), None, dry_run=True, open_=never)
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
        replay_command(folder, call, index, Changes(), None, dry_run=True)


def test_a_round_is_asked_by_another_version_of_one_prompt(
    asked_by_labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = own_question(asked_by_labels.parent, "ask", "Please write")
    changes = Changes(prompt="label_first/question@working", prompts=prompts)
    dry = replay_command(asked_by_labels, None, 1, changes, 3, dry_run=True, open_=never)
    assert (len(dry["calls"]), dry["summary"]) == (3, None)
    print_replay(dry)
    told = capsys.readouterr().out
    assert told.count("[+Please write+]") == 3
    assert "turns that stay" in told
    found = replay_command(asked_by_labels, None, 1, changes, 3, dry_run=False)
    asked = {pair["prompt"].partition("@")[0] for pair in found["calls"]}
    assert asked == {"label_first/question.j2"}
    assert found["prompt"]["origin"] == "folder"
    for side in found["summary"].values():
        assert side["round"]["asked"] == side["round"]["read"] == 3
    assert found["summary"]["old"]["round"]["unknown"] == 0
    print_replay(found)
    told = capsys.readouterr().out
    assert "answers read whole" in told
    assert "kept by the filters" in told


def test_an_answer_that_stays_leaves_the_round_as_it_was(asked_by_labels: Path) -> None:
    found = replay_command(asked_by_labels, None, 1, Changes(), None, dry_run=False)
    assert found["same"] == len(found["calls"])
    old, new = (found["summary"][name] for name in ("old", "new"))
    assert old == new
    with Store(asked_by_labels) as store:
        kept = store.examples("round=1 and (fate=accepted or reason=round_full)").total
    assert old["round"]["kept"] == kept


@pytest.mark.parametrize(
    ("prompt", "words", "message"),
    [
        ("label_first/question", "{{ tone }}", r"question\.j2:11: unknown variable 'tone'"),
        ("label_first/question", "{{ order.tone }}", r"question\.j2:11: .* order\.tone"),
        ("label_first/question", "{{ order.label | nope }}", r"question\.j2:11: No filter"),
        ("label_first/question@7", "Write", "has no version yet"),
        ("few_shot/ask", "Write", "no answered calls that few_shot/ask asked"),
    ],
)
def test_a_prompt_that_cannot_be_written_costs_nothing(
    asked_by_labels: Path, prompt: str, words: str, message: str
) -> None:
    prompts = own_question(asked_by_labels.parent, digest(words), words)
    changes = Changes(prompt=prompt, prompts=prompts)
    with pytest.raises(UserError, match=message):
        replay_command(asked_by_labels, None, 1, changes, None, dry_run=False, open_=never)


def test_a_prompt_is_found_where_the_runs_config_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prompts = own_question(tmp_path, "mine", "Kindly write")
    cfg = recorded_config(tmp_path, "label_first", prompts={"folder": prompts.name})
    folder = write_recorded(cfg, ["accept"])
    changes = Changes(prompt="label_first/question")
    (pair, *_) = replay_command(folder, None, 1, changes, 1, dry_run=True)["calls"]
    assert "Kindly write" in pair["messages"][-1]["content"]
