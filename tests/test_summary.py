import json
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.prompting import Source, Template
from selfinstruct.registry import Chosen, Ref, Used, Wording
from selfinstruct.store import Store
from selfinstruct.summary import estimate, gain, read_summary, reports, summarise
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Prompt,
    Rejection,
    Report,
    Score,
    Screened,
)
from tests.finished import GATE, real_data, report, write_run


def test_a_finished_run_in_one_object(tmp_path: Path) -> None:
    write_run(tmp_path)
    found = json.loads(json.dumps(read_summary(tmp_path), allow_nan=False))
    assert found["schema_version"] == 1
    assert (found["state"], found["champion"]) == ("finished", "round-1")
    assert found["data"]["gate"] == GATE
    assert found["spent"] == {"calls": 1, "prompt_tokens": 50, "completion_tokens": 20}
    assert [student["name"] for student in found["students"]] == ["base", "real-only", "round-1"]
    (entry,) = found["rounds"]
    assert (entry["index"], entry["verdict"], entry["accepted"]) == (1, "accept", 1)
    assert entry["rejected"] == {"too_similar": 1}
    assert entry["scores"] == {"label_agreement": {"n": 1, "mean": 0.75}}
    assert found["quality"] == {"rubric": None, "likelihood": None, "suspects": None}
    accuracy = entry["metrics"]["accuracy"]
    assert (accuracy["base"], accuracy["champion"], accuracy["candidate"]) == (0.05, 0.5, 0.95)
    assert 0 < accuracy["low"] < accuracy["gain"] < accuracy["high"]


def test_the_gain_of_a_metric_where_lower_is_better_is_positive_when_it_falls(
    tmp_path: Path,
) -> None:
    write_run(tmp_path)
    nll = read_summary(tmp_path)["rounds"][0]["metrics"]["nll"]
    assert nll["candidate"] < nll["champion"]
    assert nll["gain"] == pytest.approx(nll["champion"] - nll["candidate"])
    assert 0 < nll["low"] <= nll["high"]


def test_a_run_without_an_accept_keeps_the_control_as_champion(tmp_path: Path) -> None:
    write_run(tmp_path, right=21)
    found = read_summary(tmp_path)
    assert found["rounds"][0]["verdict"] == "inconclusive"
    assert found["champion"] == "real-only"


def test_a_run_that_is_still_going_can_be_read(tmp_path: Path) -> None:
    write_run(tmp_path / "whole")
    with Store(tmp_path / "whole") as whole, Store(tmp_path / "half", write=True) as half:
        data = whole.real_data()
        assert data is not None
        half.freeze(data)
        half.commit_stage(0, "train", {"name": "real-only", "digest": "c"}, 1.0)
        found = read_summary(tmp_path / "half")
        assert (found["state"], found["champion"]) == ("incomplete", "real-only")
        assert found["rounds"] == []
        assert reports(half, "gate") == {}


def test_a_run_that_has_not_begun_says_so(tmp_path: Path) -> None:
    with Store(tmp_path, write=True), pytest.raises(StoreError, match="has not begun"):
        read_summary(tmp_path)


def test_an_accuracy_has_a_wilson_interval() -> None:
    found = estimate(report("d", 20), "accuracy")
    assert found.value == 0.5
    assert found.low == pytest.approx(0.352, abs=1e-3)
    assert found.high == pytest.approx(0.648, abs=1e-3)


def test_gain_is_a_test_on_its_own() -> None:
    verdict = gain(report("d", 26), report("c", 20), "accuracy")
    assert (verdict.wins, verdict.losses, verdict.alpha) == (6, 0, 0.05)
    assert verdict.outcome == "accept"


def test_every_metric_of_a_report_has_an_interval() -> None:
    answers = ("",) * 40
    scores = {
        "accuracy": tuple(float(n % 4 == 0) for n in range(40)),
        "nll": tuple(1.0 + n / 40 for n in range(40)),
    }
    made = Report("d", "dev", tuple(map(str, range(40))), scores, answers)
    found = {metric: estimate(made, metric) for metric in made.scores}
    assert found.keys() == scores.keys()
    assert found["accuracy"].value == 0.25
    assert found["accuracy"].low == pytest.approx(0.1419, abs=5e-5)  # Wilson, 10 of 40
    assert found["accuracy"].high == pytest.approx(0.4019, abs=5e-5)
    assert found["nll"].value == pytest.approx(1.4875)
    assert found["nll"].low < 1.4875 < found["nll"].high


def test_a_round_knows_what_came_of_each_prompt_that_shares_its_recipe(tmp_path: Path) -> None:
    used = []
    for number, weight in ((7, 0.7), (8, 0.3)):
        template = Template("r/q.j2", {"r/q.j2": Source(f"text {number}", "")})
        chosen = Chosen(Ref("r/q.j2", str(number)), template, "registry", number)
        used.append(Used(chosen, weight))
    made = [Example(f"row {n}", source="recipe:r", arm=f"r/q@{7 + n % 2}") for n in range(6)]
    scores = tuple(Score(row.id, "rubric", 2.0 + n, "judge") for n, row in enumerate(made[:3]))
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data(), {"prompts": Wording(tuple(used)).to_rows()})
        for n, each in enumerate(used):
            version = each.chosen.template.version
            prompt = Prompt((Message("user", f"write {n}"),), "r/q.j2", version)
            store.begin_attempts(1, 0, "m", [(f"k{n}", prompt, 0)])
            store.end_attempts({f"k{n}": Completion("x", "stop", 30 * (n + 1), 0)})
        dropped = tuple(Rejection(row, "echo") for row in made[4:])
        store.commit_wave(1, 0, Screened(tuple(made[:4]), dropped, scores))
        store.commit_stage(1, "generate", {"accepted": 4}, 1.0)
        found = json.loads(json.dumps(summarise(store), allow_nan=False))
    assert [(p["told"], p["weight"]) for p in found["prompts"]] == [("r/q@7", 0.7), ("r/q@8", 0.3)]
    seven, eight = found["rounds"][0]["prompt_arms"]
    assert (seven["arm"], seven["weight"], seven["kept"], seven["candidates"]) == (
        "r/q@7",
        0.7,
        2,
        3,
    )
    assert (seven["tokens"], eight["tokens"]) == (15.0, 30.0)
    assert seven["share"]["low"] < 2 / 3 < seven["share"]["high"]
    rubric = seven["scores"]["rubric"]
    assert (rubric["n"], rubric["mean"]) == (2, 3.0)
    assert 2.0 <= rubric["low"] <= 3.0 <= rubric["high"] <= 4.0
    (pair,) = found["rounds"][0]["rivals"]
    assert (pair["arm"], pair["other"], pair["verdict"]) == ("r/q@7", "r/q@8", "inconclusive")
    assert (pair["difference"]["value"], pair["prompts"]) == (0.0, [1, 1])
    assert eight["scores"]["rubric"] == {"n": 1, "mean": 3.0, "low": None, "high": None}


def test_a_round_knows_its_arms_and_what_a_kept_row_of_each_cost(tmp_path: Path) -> None:
    prompts = [Prompt((Message("user", f"write {n}"),), "r/question.j2", "v1") for n in range(2)]
    rows = [Example(f"row {n}", label="ab"[n % 2], source="recipe:r") for n in range(4)]
    dropped = tuple(Rejection(row, "echo") for row in rows[3:])
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data())
        for wave, prompt in enumerate(prompts):
            store.begin_attempts(1, wave, "m", [(f"k{wave}", prompt, 0)])
            store.end_attempts({f"k{wave}": Completion("x", "stop", 30, 10)})
        store.commit_wave(1, 0, Screened(tuple(rows[:3]), dropped))
        store.commit_stage(1, "generate", {"accepted": 3}, 1.0)
        (entry,) = summarise(store)["rounds"]
    worst, best = entry["arms"]
    assert (worst["label"], worst["kept"], worst["candidates"]) == ("b", 1, 2)
    assert (best["label"], best["kept"], best["share"]["value"]) == ("a", 2, 1.0)
    assert (best["recipe"], best["version"], best["request"]) == ("r", "v1", "")
    assert (best["tokens"], worst["tokens"]) == (10.0, 20.0)  # one call of 40 in this wave, halved
    assert entry["unmet"] == []  # an older run does not know
