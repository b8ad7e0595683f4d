"""Filters that ask models, as far as their settings only compare what was measured: from the scores
in the ledger to a verdict, without the model. The rules themselves are in `asking`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.types import ROUND_FULL, Example, Rejection, Score, Screened

NOT_MEASURED = "not_measured"
"""The reason of a candidate that a filter would look at and no model has measured: it is unknown,
and never kept. The value is the name of the score that is missing."""


Judge = Callable[[Example, Score, FiltersConfig], Rejection | None]
"""Why a score fails under these filters, None where it passes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter that goes by one score: whether it is on, and why a score fails it.

    `reason` is that of a candidate whose score fails, `unscored` are those of candidates that got
    no score, as where a call failed. `settings`
    are the paths of those that only compare, such as `filters.quality.label_agreement.least`;
    others change what is measured. `switch` is the path of what is None where the filter is off.
    """

    is_on: Callable[[FiltersConfig], bool]
    judge: Judge
    reason: str
    unscored: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    switch: str = ""


ASKING = ("filters.quality.",)
"""Where the settings of the filters lie that ask models. All others are functions of the words."""


@dataclass(frozen=True)
class Looked:
    """What models came to of the candidates of some waves: scores by id and name, why one fell, the
    ids and rules of those that passed, and all ids of which anything is known.
    """

    scores: Mapping[tuple[str, str], Score]
    why: Mapping[str, Rejection]
    passed: frozenset[tuple[str, str]]
    ids: frozenset[str]


NOTHING = Looked({}, {}, frozenset(), frozenset())


def looked(waves: Iterable[Screened], rules: Mapping[str, Rule], was: FiltersConfig) -> Looked:
    """The stored waves and the filters they were screened by in; of two scores of one name and row
    the later one counts.

    Who was accepted has passed every filter that was on, and so has who was measured and fell for
    a reason that no model gives: to a row of the same wave, or since the round was full. Who fell
    at one has passed those before it.
    """
    each = list(waves)
    scores = {(one.id, one.name): one for wave in each for one in wave.scores}
    measured = {id_ for id_, _ in scores}
    on = {name: rule for name, rule in rules.items() if rule.is_on(was)}
    why: dict[str, Rejection] = {}
    through = {row.id: list(on) for wave in each for row in wave.accepted}
    for item in (item for wave in each for item in wave.rejected):
        id_ = item.what.id
        owner = [name for name, rule in on.items() if _is_of(item, rule, (id_, name) in scores)]
        if owner:
            why[id_] = item
            through.setdefault(id_, list(on)[: list(on).index(owner[0])])
        elif id_ in measured or item.reason == ROUND_FULL:
            through.setdefault(id_, list(on))
    passed = frozenset((id_, name) for id_, names in through.items() for name in names)
    return Looked(scores, why, passed, frozenset(through).union(measured))


def _is_of(item: Rejection, rule: Rule, scored: bool) -> bool:
    return item.reason == rule.reason if scored else item.reason in rule.unscored


def from_scores(
    stored: Sequence[Looked],
    before: FiltersConfig,
    after: FiltersConfig,
    rules: Mapping[str, Rule],
) -> Verify:
    """A `Verify` that asks no model: what it said under the filters `before`, as far as the scores
    say the same under those of `after`.

    The first of `stored` that knows a candidate counts, so that its own wave comes before the
    others. A candidate that a filter had not looked at is `NOT_MEASURED`.
    """
    on = {name: rule for name, rule in rules.items() if rule.is_on(after)}

    def verify(examples: Sequence[Example]) -> Verified:
        why = {at: breach(example) for at, example in enumerate(examples)}
        return Verified({at: found for at, found in why.items() if found is not None})

    def breach(example: Example) -> Rejection | None:
        known = next((each for each in stored if example.id in each.ids), NOTHING)
        each = (_apply(rule, name, example, known, before, after) for name, rule in on.items())
        return next((found for found in each if found is not None), None)

    return verify


def _apply(
    rule: Rule,
    name: str,
    example: Example,
    known: Looked,
    before: FiltersConfig,
    after: FiltersConfig,
) -> Rejection | None:
    score, why = known.scores.get((example.id, name)), known.why.get(example.id)
    was_on = rule.is_on(before)
    if score is None:
        if was_on and why is not None and _is_of(why, rule, scored=False):
            return why
        passed = was_on and (example.id, name) in known.passed
        return None if passed else Rejection(example, NOT_MEASURED, name)
    then = rule.judge(example, score, before) if was_on else None
    now = rule.judge(example, score, after)
    if then != now:
        return now
    # The score may not be all that it went by; where it makes no difference, the fate stands.
    return why if why is not None and _is_of(why, rule, scored=True) else None
