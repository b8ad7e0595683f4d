"""Stored scores stand in for models. The rule of these tests reads a limit of the real config."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from selfinstruct.config import FiltersConfig, override
from selfinstruct.filters.screen import Verified
from selfinstruct.refilter import read_record, replay, what_if
from selfinstruct.refilter.rules import NOT_MEASURED, Rule, from_scores
from selfinstruct.store import Store
from selfinstruct.types import Example, Rejection, Score, digest
from tests.recorded import real_rows, recorded_config, unanswered, write_recorded

LIMIT = "filters.novelty.response_threshold"
"""A limit that no text without a response can break: a stand-in for that of a model's filter."""


def least(filters: FiltersConfig) -> float | None:
    return filters.novelty.response_threshold


def judge(example: Example, score: Score, filters: FiltersConfig) -> Rejection | None:
    limit = least(filters)
    if limit is None or score.value >= limit:
        return None
    return Rejection(example, "label_disagrees", score.value, limit)


AGREEMENT = Rule(lambda filters: least(filters) is not None, judge, (LIMIT,), LIMIT)
RULES = {"agreement": AGREEMENT}


def at(limit: float | None) -> FiltersConfig:
    novelty = FiltersConfig().novelty.model_copy(update={"response_threshold": limit})
    return FiltersConfig().model_copy(update={"novelty": novelty})


SURE, UNSURE, UNSEEN = Example("a"), Example("b"), Example("c")
SCORES = [
    Score(SURE.id, "agreement", 0.9, "model"),
    Score(UNSURE.id, "agreement", 0.2, "model"),
    Score(UNSEEN.id, "another", 0.9, "model"),
]


@pytest.mark.parametrize(
    ("limit", "reasons"),
    [
        (None, {}),
        (0.0, {2: NOT_MEASURED}),
        (0.2, {2: NOT_MEASURED}),
        (0.5, {1: "label_disagrees", 2: NOT_MEASURED}),
        (1.0, {0: "label_disagrees", 1: "label_disagrees", 2: NOT_MEASURED}),
    ],
)
def test_a_stored_score_meets_the_new_limit_and_none_is_never_kept(
    limit: float | None, reasons: dict[int, str]
) -> None:
    found = from_scores(SCORES, at(limit), RULES)([SURE, UNSURE, UNSEEN]).rejections
    assert {position: item.reason for position, item in found.items()} == reasons
    assert all(item.value in ("agreement", 0.2, 0.9) for item in found.values())


def test_the_first_rule_that_a_candidate_breaks_names_it() -> None:
    never = Rule(lambda _: True, lambda row, _score, _cfg: Rejection(row, "never"), ())
    scores = [*SCORES, Score(SURE.id, "second", 0.0, "judge")]
    found = from_scores(scores, at(0.5), {**RULES, "second": never})([SURE, UNSURE])
    assert [found.rejections[i].reason for i in (0, 1)] == ["never", "label_disagrees"]


def measured(examples: Sequence[Example]) -> Verified:
    """A model's filter as it would run: a number of the words, at least 0.5."""
    scores = tuple(
        Score(row.id, "agreement", int(digest(row.id)[:2], 16) / 255, "model") for row in examples
    )
    pairs = enumerate(zip(examples, scores, strict=True))
    found = {position: judge(row, score, at(0.5)) for position, (row, score) in pairs}
    return Verified({k: why for k, why in found.items() if why is not None}, scores)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cfg = recorded_config(tmp_path_factory.mktemp("verified"), "label_first")
    cfg = override(cfg, [f"{LIMIT}=0.5"])
    return write_recorded(cfg, ("accept", "reject"), measured, real_rows(unanswered))


def test_the_fates_that_a_model_gave_are_given_again_without_it(folder: Path) -> None:
    with Store(folder) as store:
        record = read_record(store)
        waves = replay(record, record.cfg.filters, RULES)
    reasons = [item.reason for wave in waves for item in wave.stored.rejected]
    assert "label_disagrees" in reasons
    for wave in waves:
        assert wave.found.accepted == wave.stored.accepted
        assert wave.found.rejected == wave.stored.rejected


def test_a_lower_limit_lets_in_what_had_been_measured_and_a_higher_one_drops(folder: Path) -> None:
    with Store(folder) as store:
        record = read_record(store)
        looser = what_if(record, [f"{LIMIT}=0.3"], RULES)
        stricter = what_if(record, [f"{LIMIT}=0.8"], RULES)
    assert {one.before and one.before.reason for one in looser.moved if one.kind == "kept"} >= {
        "label_disagrees"
    }
    fallen = [one.after.why for one in stricter.moved if one.kind == "dropped" and one.after]
    assert {(why.reason, why.threshold) for why in fallen if why} >= {("label_disagrees", 0.8)}
    assert all(0.5 <= float(why.value or 0) < 0.8 for why in fallen if why and why.value)


def test_candidates_that_another_filter_kept_from_the_model_are_not_measured(folder: Path) -> None:
    with Store(folder) as store:
        record = read_record(store)
        found = what_if(record, ["filters.heuristics.min_words=0"], RULES)
    unknown = [one.after for one in found.moved if one.kind == "unknown"]
    assert {fate.reason for fate in unknown if fate} == {NOT_MEASURED}
    assert found.unasked == 0
