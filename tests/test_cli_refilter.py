import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.refilter import refilter_command
from selfinstruct.config import override
from selfinstruct.errors import StoreError, UserError
from selfinstruct.store import Store
from tests.recorded import fill_round, labelled, real_rows, recorded_config, write_recorded

STRICTER = "filters.novelty.threshold=0.4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recorded(recorded_config(tmp_path_factory.mktemp("cli"), "label_first"))


def test_without_settings_it_says_that_the_stored_fates_hold(folder: Path) -> None:
    found = refilter_command(folder, [])
    assert (found["reproduces"], found["changed"], found["drift"]["count"]) == (True, [], 0)
    assert found["kept"] == {"before": 48, "after": 48}
    assert sum(found["moves"].values()) == 0


def test_a_change_is_told_as_one_object_of_plain_json(folder: Path) -> None:
    told = refilter_command(folder, [STRICTER], ["novelty.threshold=0.4,0.7,off"], 2)
    found = json.loads(json.dumps(told, allow_nan=False))
    assert found["changed"] == ["filters.novelty.threshold: 0.7 -> 0.4"]
    for name, one in found["reasons"].items():
        assert one["before"] >= 0, name
    sides = [
        found["kept"][side] + sum(one[side] for one in found["reasons"].values())
        for side in ("before", "after")
    ]
    with Store(folder) as store:
        stored = [store.screened(index) for index in (1, 2)]
    assert sides[0] == sum(len(one.accepted) + len(one.rejected) for one in stored)
    assert len(found["rows"]["dropped"]) == 2 < found["moves"]["dropped"]
    row = found["rows"]["dropped"][0]
    assert row["before"] == {"kept": True}
    assert row["after"]["threshold"] == 0.4 < row["after"]["value"]
    (curve,) = found["curves"]
    assert curve["present"] == 0.4
    assert [point["value"] for point in curve["points"]] == [0.4, 0.7, None]
    assert curve["points"][0]["fit"] == found["fit"]["after"]


def test_all_is_every_threshold_that_is_on(tmp_path: Path) -> None:
    generate = {"accept": 2, "recipe": "label_first", "prompts_per_wave": 1}
    small = write_recorded(recorded_config(tmp_path, "label_first", generate=generate), ("accept",))
    found = refilter_command(small, [], ["all"])
    paths = {one["path"] for one in found["curves"]}
    assert "filters.novelty.threshold" in paths
    assert "filters.novelty.response_threshold" not in paths


@pytest.mark.parametrize("text", ["abc", '"x"', "nan", "-1", "1e9999"])
def test_a_value_of_a_curve_is_a_number_or_off(folder: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"is no value of novelty\.threshold"):
        refilter_command(folder, [], [f"novelty.threshold={text}"])


def test_applied_it_begins_a_fork_that_the_run_command_goes_on_with(tmp_path: Path) -> None:
    cfg = recorded_config(
        tmp_path, "label_first", budget={"prices": {"m": {"input": 1, "output": 2}}}
    )
    source = write_recorded(cfg)
    found = refilter_command(source, [STRICTER], name="strict")
    made: dict[str, Any] = found["fork"]
    assert made["run"] == str(tmp_path / "strict")
    assert made["settings"] == ["name=strict", STRICTER]
    assert any(text.startswith("candidates of rounds 1") for text in made["again"])
    # Of the candidates fewer pass, so a round takes more calls than it did.
    with Store(source) as store:
        calls = len([call for call in store.calls() if call["round"] == 1])
    assert made["a_round"]["calls"]["value"] > calls
    other = override(cfg, made["settings"])
    with Store(tmp_path / "strict", write=True) as store:
        assert store.meta("identity") == other.identity
        assert store.waves() == []
        before = store.spent()["calls"]
        fill_round(store, other, real_rows(labelled), 1, ())
        assert store.spent()["calls"] > before
    assert refilter_command(tmp_path / "strict", [])["reproduces"]


def test_what_cannot_be_is_refused_before_anything_is_made(folder: Path) -> None:
    with pytest.raises(UserError, match="nothing to fork for"):
        refilter_command(folder, [], name="same")
    with pytest.raises(UserError, match="1 to 64 letters"):
        refilter_command(folder, [STRICTER], name="../up")
    with pytest.raises(UserError, match="no setting of a filter"):
        refilter_command(folder, ["generate.accept=3"], name="other")
    with pytest.raises(StoreError, match="no run at"):
        refilter_command(folder.parent / "nowhere", [])
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_a_run_that_another_process_writes_is_read(folder: Path) -> None:
    with Store(folder, write=True):
        assert refilter_command(folder, [])["reproduces"]
