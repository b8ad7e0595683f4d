"""Stored scores stand in for models. The rule of these tests reads a limit of the real config."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from selfinstruct.config import FiltersConfig, override
from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.refilter import read_record, replay, what_if
from selfinstruct.refilter.rules import NOT_MEASURED, Rule, from_scores, looked
from selfinstruct.store import Store
from selfinstruct.types import ROUND_FULL, Example, Rejection, Score, Screened, digest
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


AGREEMENT = Rule(
    lambda filters: least(filters) is not None,
    judge,
    "label_disagrees",
    ("unjudged",),
    (LIMIT,),
    LIMIT,
)
RULES = {"agreement": AGREEMENT}


def at(limit: float | None) -> FiltersConfig:
    novelty = FiltersConfig().novelty.model_copy(update={"response_threshold": limit})
    return FiltersConfig().model_copy(update={"novelty": novelty})


SURE, UNSURE, BEATEN, UNASKED, UNSCORED, UNSEEN = map(Example, "abcdef")
WAVES = [
    Screened(
        (SURE, UNSCORED),
        (
            Rejection(UNSURE, "label_disagrees", 0.2, 0.5),
            Rejection(BEATEN, "label_disagrees", 0.6, 0.5),  # another label had more
            Rejection(UNASKED, "unjudged"),
            Rejection(UNSEEN, "too_short", 1, 4),
        ),
        tuple(
            Score(row.id, "agreement", value, "model")
            for row, value in ((SURE, 0.9), (UNSURE, 0.2), (BEATEN, 0.6))
        ),
    )
]
STORED = looked(WAVES, RULES, at(0.5))
ALL = (SURE, UNSURE, BEATEN, UNASKED, UNSCORED, UNSEEN)


def reasons(verify: Verify) -> list[str | None]:
    found = verify(ALL).rejections
    return [found[at].reason if at in found else None for at in range(len(ALL))]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0.5, None, [None] * 6),
        (0.5, 0.5, [None, "label_disagrees", "label_disagrees", "unjudged", None, NOT_MEASURED]),
        (0.5, 0.2, [None, None, "label_disagrees", "unjudged", None, NOT_MEASURED]),
        (0.5, 0.7, [None, "label_disagrees", "label_disagrees", "unjudged", None, NOT_MEASURED]),
        (0.5, 1.0, [*["label_disagrees"] * 3, "unjudged", None, NOT_MEASURED]),
        (None, 0.5, [None, "label_disagrees", "label_disagrees", *[NOT_MEASURED] * 3]),
    ],
)
def test_a_fate_stands_unless_the_new_limit_says_otherwise_and_nothing_unseen_is_kept(
    before: float | None, after: float | None, expected: list[str | None]
) -> None:
    assert reasons(from_scores([STORED], at(before), at(after), RULES)) == expected


def test_what_stands_is_the_stored_rejection_and_what_moves_has_the_new_limit() -> None:
    same = from_scores([STORED], at(0.5), at(0.5), RULES)([UNSURE, BEATEN])
    assert same.rejections == {0: STORED.why[UNSURE.id], 1: STORED.why[BEATEN.id]}
    moved = from_scores([STORED], at(0.5), at(1.0), RULES)([SURE])
    assert moved.rejections == {0: Rejection(SURE, "label_disagrees", 0.9, 1.0)}


def test_the_first_rule_that_a_candidate_breaks_names_it() -> None:
    late = Rule(lambda _: True, lambda row, _score, _cfg: Rejection(row, "late"), "late")
    rules = {**RULES, "second": late}
    known = [looked(WAVES, rules, at(0.5))]
    found = from_scores(known, at(0.5), at(1.0), rules)([SURE, UNSCORED])
    assert found.rejections[0].reason == "label_disagrees"
    assert 1 not in found.rejections  # it was kept, so the second had let it through as well


def test_a_candidate_s_own_wave_comes_before_the_others() -> None:
    other = looked([Screened((UNSURE, UNSEEN))], RULES, at(0.5))
    found = from_scores([other, STORED], at(0.5), at(0.5), RULES)
    assert reasons(found)[1] is None
    assert reasons(found)[5] is None


def test_what_fell_to_a_row_of_its_wave_had_passed_the_models() -> None:
    scored = Score(SURE.id, "agreement", 0.9, "model")
    late = (Rejection(SURE, "duplicate"), Rejection(UNSURE, ROUND_FULL))
    waves = [Screened((), (*late, Rejection(UNSEEN, "duplicate")), (scored,))]
    found = looked(waves, RULES, at(0.5))
    assert found.passed == {(SURE.id, "agreement"), (UNSURE.id, "agreement")}


@pytest.mark.parametrize(
    ("reason", "scored", "expected"),
    [
        ("late", ["agreement", "second"], "late"),
        ("late", ["second"], "late"),  # the first gives no score to what it cannot tell of
        ("unjudged", ["agreement"], "unjudged"),  # so it is the second's, whose call failed
        ("unjudged", [], "unjudged"),
    ],
)
def test_who_fell_at_one_filter_had_passed_those_before_it(
    reason: str, scored: list[str], expected: str
) -> None:
    second = Rule(lambda _: True, lambda *_: None, "late", ("unjudged",))
    rules = {**RULES, "second": second}
    scores = tuple(Score(SURE.id, name, 0.9, "model") for name in scored)
    wave = Screened((), (Rejection(SURE, reason),), scores)
    known = [looked([wave], rules, at(0.5))]
    found = from_scores(known, at(0.5), at(0.5), rules)([SURE])
    assert found.rejections == {0: Rejection(SURE, expected)}
    # Without the filter at which it fell, all that is known is what those before it said.
    first = from_scores(known, at(0.5), at(0.5), RULES)([SURE])
    alone = not scored and reason == "unjudged"
    assert bool(first.rejections) == alone


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
