"""Filters that ask models, as far as their settings only compare what was measured: from the scores
in the ledger to a verdict, without the model.

To connect such a filter, put its rule here under the name its scores have, in the order in which
the filters ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.types import Example, Rejection, Score

NOT_MEASURED = "not_measured"
"""The reason of a candidate that a filter would look at and no model has measured: it is unknown,
and never kept. The value is the name of the score that is missing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter over one score: whether it is on, and why a candidate with this score falls.

    `settings` are the paths of those that only compare, such as
    `filters.quality.label_agreement.least`; others change what is measured. `switch` is the path
    of what is None where the filter is off.
    """

    is_on: Callable[[FiltersConfig], bool]
    judge: Callable[[Example, Score, FiltersConfig], Rejection | None]
    settings: tuple[str, ...]
    switch: str = ""


RULES: Mapping[str, Rule] = {}
"""The name of a score to the filter that decides by it."""

ASKING = ("filters.quality.",)
"""Where the settings of the filters lie that ask models. All others are functions of the words."""


def from_scores(
    scores: Iterable[Score], filters: FiltersConfig, rules: Mapping[str, Rule]
) -> Verify:
    """A `Verify` that asks no model: what the rules say of the stored scores, the first breach of
    each candidate. Of two scores of one name and row the later one counts.
    """
    known = {(score.id, score.name): score for score in scores}
    on = {name: rule for name, rule in rules.items() if rule.is_on(filters)}

    def verify(examples: Sequence[Example]) -> Verified:
        why = {at: _breach(example) for at, example in enumerate(examples)}
        found = {at: rejection for at, rejection in why.items() if rejection is not None}
        return Verified(found)

    def _breach(example: Example) -> Rejection | None:
        for name, rule in on.items():
            score = known.get((example.id, name))
            if score is None:
                return Rejection(example, NOT_MEASURED, name)
            rejection = rule.judge(example, score, filters)
            if rejection is not None:
                return rejection
        return None

    return verify
