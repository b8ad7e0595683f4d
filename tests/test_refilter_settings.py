from typing import Annotated

import pytest
from pydantic import Field

from selfinstruct.changes import Change
from selfinstruct.config import override, parse_config
from selfinstruct.config.section import Count, Positive, Section, Share
from selfinstruct.errors import UserError
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import screen
from selfinstruct.refilter.rules import Rule
from selfinstruct.refilter.settings import (
    Number,
    changed_filters,
    numbers,
    require_answerable,
    switches,
)
from selfinstruct.types import Drafts, Example

CFG = parse_config({"seeds": {"path": "x"}, "teacher": {"backend": "scripted", "name": "none"}})


class Judged(Section):
    least: Share | None = 0.5


class Others(Section):
    judged: Judged | None = Judged()
    unjudged: Judged | None = None
    words: tuple[str, ...] = ("a",)
    no_words: tuple[str, ...] = ()
    on: bool = True
    out: bool = False
    many: Positive = 10
    few: Count | None = None
    size: Annotated[float, Field(gt=0)] = 1.5
    name: str = "x"


def test_what_switches_a_filter_off_is_none_or_false_or_no_words() -> None:
    assert switches(Others(), "") == {"judged": None, "words": [], "on": False}


def test_every_switch_is_a_setting_the_config_takes_and_leaves_nothing_on() -> None:
    settings = [
        f"{path}={'[]' if off == [] else str(off).lower()}"
        for path, off in switches(CFG.filters).items()
    ]
    settings = [text.replace("=none", "=null") for text in settings]
    bare = override(CFG, settings).filters
    assert switches(bare) == {}
    rows = tuple(
        Example(text, response="As an AI, I cannot.") for text in ("", "a", "a b", "a b c")
    )
    indexes = Indexes.build((), (), rows, bare)
    reasons = [item.reason for item in screen(Drafts(rows), indexes, bare).rejected]
    assert set(reasons) <= {"duplicate"}


def test_numbers_know_their_bounds_and_whether_they_can_be_off() -> None:
    found = numbers(CFG.filters)
    assert found["filters.novelty.threshold"] == Number(
        "filters.novelty.threshold", 0.7, 0.7, whole=False, optional=True, low=0, high=1
    )
    assert found["filters.heuristics.min_words"] == Number(
        "filters.heuristics.min_words", 4, 4, whole=True, optional=True, low=0, high=None
    )
    ngram = found["filters.contamination.ngram"]
    assert (ngram.low, ngram.high, ngram.whole) == (1, None, True)
    assert "filters.heuristics.refusals" not in found
    assert "filters.heuristics.banned_words" not in found


def test_numbers_lie_in_sections_that_are_on() -> None:
    assert list(numbers(Others(), "")) == ["judged.least", "many", "few", "size"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["filters.novelty.treshold=0.5"], "did you mean threshold"),
        (["filters.novelty.threshold=2"], "less than or equal to 1"),
        (["generate.accept=5"], "generate.accept is no setting of a filter"),
        (["budget.max_calls=5"], "budget.max_calls is no setting of a filter"),
        (["filters.novelty.threshold=0.5", "seed=1"], "seed is no setting of a filter"),
        (["filters"], "not key.path=value"),
    ],
)
def test_what_cannot_be_answered_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        changed_filters(CFG, overrides, {})


def test_a_change_is_told_and_none_is_none() -> None:
    same, nothing = changed_filters(CFG, ["filters.novelty.threshold=0.7"], {})
    assert (same, nothing) == (CFG, [])
    asked, changes = changed_filters(CFG, ["filters.novelty.threshold=0.5"], {})
    assert asked.filters.novelty.threshold == 0.5
    assert [str(change) for change in changes] == ["filters.novelty.threshold: 0.7 -> 0.5"]


@pytest.mark.parametrize(
    ("setting", "answered"), [("filters.quality.least=0.9", True), ("filters.quality.by=x", False)]
)
def test_of_filters_that_ask_models_only_what_compares_can_be_changed(
    setting: str, answered: bool
) -> None:
    rules = {"a": Rule(lambda _: True, lambda *_: None, "a", settings=("filters.quality.least",))}
    change = Change(setting.partition("=")[0], 1, 2)
    if answered:
        require_answerable(change, rules)
    else:
        with pytest.raises(UserError, match=r"one of filters\.quality\.least"):
            require_answerable(change, rules)
