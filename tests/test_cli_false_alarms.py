"""What a plan says of filters beside their own control."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfinstruct.cli.false_alarms import (
    meanings,
    tell_false_alarms,
    tell_meanings,
    warn_of_false_alarms,
    warn_of_misses,
    warn_of_same_meanings,
)
from selfinstruct.cli.plan import plan_run
from selfinstruct.cli.plan_text import print_plan
from selfinstruct.config import Config, EmbeddingConfig
from selfinstruct.filters.embedding import Encoder, Vectors
from selfinstruct.types import Example, RealData

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan looks at the run of its name: there is none here."""
    monkeypatch.chdir(tmp_path)


def found(**changed: Any) -> dict[str, Any]:
    """Of 100 rows 70 fall, 3 by the run of words."""
    return {
        "rows": 100,
        "of": 100,
        "held_out": 50,
        "rejected": 70,
        "ngram": {"limit": 8, "rejected": 3},
        "rouge_l": {"limit": 0.6, "rejected": 69},
        "at": {"0.65": 40, "0.7": 4},
        "near_duplicate": 0.6,
        "remedy": 0.7,
        **changed,
    }


@pytest.mark.parametrize(
    ("alarms", "told"),
    [
        (
            found(),
            "70% of 100 real train rows would be dropped as near dev, gate or final: 3% by 8 words "
            "in a row, 69% by ROUGE-L 0.6",
        ),
        (found(ngram=None, rejected=69), "final: 69% by ROUGE-L 0.6"),
        (found(of=900), "70% of a sample of 100 of 900 real train rows would be dropped"),
        (found(rejected=0), "none of 100 real train rows would be dropped"),
        (found(ngram=None, rouge_l=None), None),
    ],
)
def test_the_share_of_each_rule_is_told(alarms: dict[str, Any], told: str | None) -> None:
    facts = tell_false_alarms(alarms)
    assert (told is None) == (facts == {})
    assert told is None or told in facts["contamination"]


REMEDY = "set filters.contamination.rouge_l=0.7, which drops 4%"


@pytest.mark.parametrize(
    ("alarms", "notes"),
    [
        (found(), [REMEDY]),
        (found(remedy=None), ["no limit up to 0.9 brings that to 5 %"]),
        (found(rouge_l={"limit": 0.6, "rejected": 5}), []),  # 5 % can be borne
        (found(rouge_l={"limit": 0.6, "rejected": 6}), [REMEDY]),
        (found(rouge_l=None, ngram={"limit": 5, "rejected": 6}), ["a longer run drops fewer"]),
        (found(near_duplicate=0.7), [REMEDY, "is below seeds.near_duplicate (0.7)"]),
        (found(near_duplicate=None), [REMEDY]),
        (
            found(near_duplicate=0.7, rouge_l={"limit": 0.6, "rejected": 1}),
            ["is below seeds.near_duplicate (0.7)"],
        ),
        (found(near_duplicate=0.7, rouge_l={"limit": 0.6, "rejected": 0}), []),
    ],
)
def test_too_many_false_alarms_and_limits_at_odds_are_warned_of(
    alarms: dict[str, Any], notes: list[str]
) -> None:
    said = warn_of_false_alarms(alarms)
    assert len(said) == len(notes)
    for sentence, part in zip(said, notes, strict=True):
        assert part in sentence


def test_a_plan_for_short_questions_names_the_limit_and_shows_no_held_out_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    things = [
        f"{first}{last}" for first in "bdfglm" for last in ("ark", "oon", "ill", "ate", "ink")
    ]
    with (tmp_path / "short.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "category"])
        rows.writerows([f"how can i get my {thing}", thing[1:]] for thing in things)
    shown = ["seeds.path=short.csv", "seeds.labels=[]", "seeds.near_duplicate=0.9"]
    own = [*shown, "seeds.max_per_label={}", "filters.contamination.rouge_l=0.6"]
    planned = json.loads(json.dumps(plan_run(CONFIGS / "banking77.yaml", own)))
    alarms = planned["contamination"]  # 5 of 6 words: ROUGE-L is 0.833
    assert alarms["rouge_l"] == {"limit": 0.6, "rejected": planned["data"]["train"]}
    assert (alarms["at"]["0.8"], alarms["at"]["0.85"]) == (planned["data"]["train"], 0)
    assert alarms["remedy"] == 0.85
    assert not any(thing in json.dumps(alarms) for thing in things)
    print_plan(planned)
    text = " ".join(capsys.readouterr().out.split())
    assert "set filters.contamination.rouge_l=0.85, which drops 0%" in text
    assert "(0.6) is below seeds.near_duplicate (0.9)" in text
    with_it = plan_run(CONFIGS / "banking77.yaml", [*own, "filters.contamination.rouge_l=0.85"])
    assert not [note for note in with_it["notes"] if "contamination" in note and "set " in note]


def test_a_plan_without_false_alarms_warns_of_nothing() -> None:
    planned = plan_run(CONFIGS / "quickstart.yaml", [])
    assert planned["contamination"]["rejected"] == 0
    assert not [note for note in planned["notes"] if "contamination" in note]


def common(share: float) -> Callable[[EmbeddingConfig], Encoder]:
    """Opens an encoder by which all texts have a cosine of `share`: one direction is common to
    them, as it is in the states of a language model.
    """
    apart = (1 / share - 1) ** 0.5

    def encode(texts: Sequence[str]) -> Vectors:
        own = apart * np.eye(len(texts))
        return np.hstack([np.ones((len(texts), 1)), own]).astype(np.float32)

    return lambda _: encode


def novelty(**settings: Any) -> Config:
    return Config.model_validate(
        {
            "seeds": {"path": "x"},
            "teacher": {"backend": "llamacpp", "name": "bundled"},
            "filters": {"novelty": settings},
        }
    )


def near_rows(threshold: float | None, share: float, rows: int = 21) -> dict[str, Any] | None:
    named = {} if threshold is None else {"embedding": {"model": "m", "threshold": threshold}}
    train = tuple(Example(f"Row number {n}") for n in range(rows))
    return meanings(novelty(**named), RealData(train, (), (), ()), common(share))


def test_how_near_in_meaning_real_rows_are_is_told_beside_the_threshold() -> None:
    found = near_rows(0.9, 0.757)
    assert found is not None
    assert found["same"] == 0
    assert [found[at] for at in ("median", "bearable", "most")] == pytest.approx([0.757] * 3)
    assert tell_meanings(found) == {
        "nearest meaning": "a real train question has a cosine of up to 0.76 (half of 21), 0.76 "
        "(95%), 0.76 (all of them) with its nearest other; candidates above 0.9 are dropped, as 0 "
        "of these would be"
    }
    assert warn_of_same_meanings(found) == []


def test_a_model_that_finds_real_rows_alike_is_noted_with_a_threshold_that_does_not() -> None:
    (note,) = warn_of_same_meanings(near_rows(0.4, 0.757))
    assert "a cosine above 0.4 with a known text, as 21 of 21 real train questions" in note
    assert "set filters.novelty.embedding.threshold=0.76, or name another model" in note
    assert warn_of_same_meanings(near_rows(0.76, 0.757)) == []


def test_of_a_model_that_tells_nothing_apart_no_threshold_is_named() -> None:
    """As the mean state of the bundled language model: its real rows came to 0.98 and more."""
    (note,) = warn_of_same_meanings(near_rows(0.9, 0.996))
    assert note.endswith("no threshold below 1 tells them apart: name a model that was trained to")


@pytest.mark.parametrize(("threshold", "rows"), [(None, 21), (0.4, 1), (0.4, 0)])
def test_without_a_model_or_two_rows_nothing_is_told_of_meaning(
    threshold: float | None, rows: int
) -> None:
    found = near_rows(threshold, 0.757, rows)
    assert (found, tell_meanings(found), warn_of_same_meanings(found)) == (None, {}, [])


def test_that_minhash_misses_some_is_noted() -> None:
    (note,) = warn_of_misses(novelty(minhash={}))
    assert "missed" in note
    assert "filters.novelty.minhash=null" in note
    assert warn_of_misses(novelty()) == []
