import json
from pathlib import Path

import pytest

from selfinstruct.prompting import Source, Template
from selfinstruct.registry import Chosen, Ref, Used, Wording
from selfinstruct.store import Store
from selfinstruct.summary import read_summary, summarise
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Prompt,
    Rejection,
    Score,
    Screened,
)
from tests.finished import real_data, write_run


def test_the_gain_of_a_metric_where_lower_is_better_is_positive_when_it_falls(
    tmp_path: Path,
) -> None:
    write_run(tmp_path)
    nll = read_summary(tmp_path)["rounds"][0]["metrics"]["nll"]
    assert nll["candidate"] < nll["champion"]
    assert nll["gain"] == pytest.approx(nll["champion"] - nll["candidate"])
    assert 0 < nll["low"] <= nll["high"]


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
