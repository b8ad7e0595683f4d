import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from selfinstruct.cli.ablate import ablate_command, foreseen, print_ablation
from selfinstruct.errors import StoreError, UserError
from selfinstruct.store import Store
from selfinstruct.tuning.ablation import Work
from selfinstruct.types import Example, RealData
from tests.recorded import real_rows, unanswered, write_recorded
from tests.test_tuning_ablation import NOVELTY, ablation_config


def quiet() -> Console:
    return Console(file=io.StringIO())


def printed(found: dict[str, Any]) -> str:
    out = io.StringIO()
    print_ablation(Console(file=out, width=160, highlight=False), found)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_an_ablation_ends_in_one_object_that_the_ledger_keeps(
    tiny_base: Path, tmp_path: Path
) -> None:
    folder = write_recorded(ablation_config(tmp_path, tiny_base), data=real_rows(unanswered))
    err = io.StringIO()
    names = ["novelty.threshold", "heuristics.banned_words"]
    found = ablate_command(folder, names, 1, Console(file=err), 0.9)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    with Store(folder) as store:
        assert store.meta("ablation") == found
    assert found["metrics"] == ["nll", "accuracy"]
    novelty, words = found["filters"]
    assert (novelty["name"], novelty["trained"]) == (NOVELTY, True)
    assert novelty["effects"].keys() == {"nll", "accuracy"}
    assert (words["trained"], words["effects"]) == (False, {})
    assert "arm 2/2 train" in err.getvalue()
    assert "arm 1/2 · 1 more to train, about " in err.getvalue()
    assert "2 students: 2 pools, one of them with all filters, x 1 seed(s); how long is not" in (
        err.getvalue()
    )
    text = printed(found)
    assert "novelty.threshold" in text
    assert "not trained, since the rows are the same without: heuristics.banned_words" in text
    assert "4 dev rows are fewer than 20" in text
    assert "one seed cannot see a training's luck" in text


def found(**changes: Any) -> dict[str, Any]:
    def effect(value: float, without: float, verdict: str) -> dict[str, Any]:
        gain = {"value": without - value, "low": 0.01, "high": 0.3}
        scores = {"value": value, "without": without, "gain": gain}
        return {"metric": "nll", **scores, "adjusted": 0.013, "verdict": verdict}

    def told(name: str, unknown: int, **effects: Any) -> dict[str, Any]:
        counts = {
            "off": [f"{name}=null"],
            "alone": 31,
            "new": 20,
            "gone": 7,
            "unknown": unknown,
            "differing": [14, 12, 13],
        }
        return {"name": name, **counts, "trained": bool(effects), "effects": effects}

    return {
        "run": "runs/t",
        "dev_rows": 40,
        "steps": 60,
        "seeds": 3,
        "real": 100,
        "synthetic": 90,
        "filters": [
            told("filters.novelty.threshold", 4, nll=effect(2.0, 2.2, "better")),
            told("filters.heuristics.echo", 0),
            told("filters.heuristics.min_words", 9),
        ],
        "failures": [{"filter": None, "seed": 2, "failure": "out of memory"}],
        "warning": "",
        **changes,
    }


def test_people_read_what_each_filter_gains_and_what_was_not_trained() -> None:
    text = printed(found())
    for words in (
        "40 dev rows: students of 100 real + 90 synthetic rows, 60 steps, 3 seed(s)",
        "drops 31 alone; without it +20, -7 ",
        "13 of 90 rows drawn differ",
        "+0.200 [+0.010, +0.300]",
        "0.013",
        "helps",
        "novelty.threshold pays for itself: it helps NLL, nats/token\n",
        "gap: all filters, seed 2: out of memory",
        "not trained, since the rows are the same without: heuristics.echo\n",
        "novelty.threshold: 4 candidates more were never asked on or measured\n",
        "heuristics.min_words: 9 candidates more were never asked on or measured, so there is "
        "nothing to train on",
    ):
        assert words in text
    assert "one seed" not in text


def test_what_to_do_follows_what_was_found() -> None:
    told = found()
    told["filters"][0]["effects"]["nll"]["verdict"] = "worse"
    text = printed(told)
    assert "novelty.threshold hurts NLL, nats/token; try a run without it: " in text
    assert "selfinstruct refilter runs/t filters.novelty.threshold=null --apply NAME" in text
    assert "no detectable difference" not in text
    told["filters"][0]["effects"]["nll"]["verdict"] = "inconclusive"
    text = printed(told)
    assert "no detectable difference is not proof of none: novelty.threshold may be worth" in text
    assert "│ no detectable difference │" in text
    assert "hurts" not in text


def test_what_it_will_take_is_told_before_it_begins() -> None:
    assert foreseen(Work(0, 0, 9.0), 3).startswith("nothing to train")
    assert foreseen(Work(9, 0, 9.0), 3).endswith("all of them are trained already")
    assert foreseen(Work(9, 9, 100.0), 3) == (
        "9 students: 3 pools, one of them with all filters, x 3 seed(s); about 15 min 0 s, at "
        "1 min 40 s each. Each is kept: stopped, the same command goes on"
    )
    assert "3 seed(s), 5 of them already; about 6 min 40 s" in foreseen(Work(9, 4, 100.0), 3)
    assert "how long is not known" in foreseen(Work(9, 4, None), 3)


def test_a_filter_of_whose_rows_none_were_drawn_is_told() -> None:
    told = found()
    told["filters"][0]["differing"] = [0, 0, 0]
    words = "novelty.threshold: none of its rows were drawn; a larger --share draws more"
    assert words in printed(told)
    assert words not in printed(found())


def test_with_nothing_trained_there_is_no_table() -> None:
    text = printed(found(filters=[], failures=[]))
    assert text == ""


def test_what_cannot_be_compared_is_refused_before_any_training(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        ablate_command(tmp_path / "nowhere", [], 1, quiet())
    assert not (tmp_path / "nowhere").exists()
    data = real_rows(unanswered)
    few = RealData(data.train, (Example("x", "y", label="a"),), data.gate, data.final)
    folder = write_recorded(ablation_config(tmp_path, "none"), ("accept",), data=few)
    with pytest.raises(UserError, match="1 dev row"):
        ablate_command(folder, [], 1, quiet())
    with Store(folder, write=True), pytest.raises(StoreError, match="is in use by process"):
        ablate_command(folder, [], 1, quiet())
