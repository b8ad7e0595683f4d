"""How many accepted rows a round wants of what, and which candidates are still wanted.

A round's rows are shared out into goals, of which each row has one: the request it was made for,
the quota of its label, or the rest. No goal takes more than its count, so that a round is full when
all are met, and a teacher that finds one easy cannot use up the places of the others.
"""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from selfinstruct.aiming.yields import Place
from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.types import QUOTA_FULL, ROUND_FULL, Example, Rejection, Screened


@dataclass(frozen=True, slots=True)
class Goal:
    """So many accepted rows for a request, of a label, or with neither: the rest."""

    count: int
    request: str = ""
    label: str | None = None

    @property
    def is_rest(self) -> bool:
        """Whether it takes what no request and no quota asks for."""
        return not self.request and self.label is None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A quota or a request that a round ended without: rows asked for, and those there are."""

    label: str | None
    request: str
    asked: int
    got: int


_FREE = "leave generate.dialogue.scenarios out, so that labels are the scenarios, or "

Goals = Mapping[tuple[str, str | None], Goal]
"""Every goal of a round by its request and its label; `("", None)` is the rest."""


def goals(cfg: GenerateConfig) -> Goals:
    """Requests and quotas of a config, then the rest; together their counts are `accept`."""
    asked = [Goal(each.count, each.ask, each.label) for each in cfg.requests]
    asked += [Goal(count, label=label) for label, count in sorted(cfg.quotas.items())]
    rest = Goal(cfg.accept - sum(goal.count for goal in asked))
    return {(goal.request, goal.label): goal for goal in (*asked, rest)}


def goal_of(row: Example | Place, wanted: Goals) -> Goal:
    """The one goal that a row, or all that was asked for as it was, counts for: its request, else
    its label's quota, else the rest.
    """
    places = ((row.request, row.label), (row.request, None), ("", row.label), ("", None))
    return next(wanted[place] for place in places if place in wanted)


def missing(wanted: Goals, accepted: Mapping[Place, int]) -> dict[Goal, int]:
    """The goals that are not met yet, with the rows that each still lacks; `accepted` counts those
    there are by what they were asked for.
    """
    got = Counter[Goal]()
    for place, rows in accepted.items():
        got[goal_of(place, wanted)] += rows
    return {goal: goal.count - got[goal] for goal in wanted.values() if goal.count > got[goal]}


def keep(wave: Screened, wanted: Goals, accepted: Mapping[Place, int]) -> Screened:
    """A wave without what is accepted beyond a goal, in slot order; `accepted` counts the round's
    rows before it. The others passed the filters and are rejected all the same, as not needed.
    """
    lacks = missing(wanted, accepted)
    kept: list[Example] = []
    late: list[Rejection] = []
    for row in wave.accepted:
        goal = goal_of(row, wanted)
        if lacks.get(goal, 0) > 0:
            lacks[goal] -= 1
            kept.append(row)
        else:
            full = not any(lacks.values())
            late.append(Rejection(row, ROUND_FULL if full else QUOTA_FULL))
    return replace(wave, accepted=tuple(kept), rejected=(*wave.rejected, *late))


def unmet(wanted: Goals, accepted: Mapping[Place, int]) -> tuple[Unmet, ...]:
    """The quotas and requests that a round did not fill; the rest was nobody's aim."""
    lacks = missing(wanted, accepted)
    return tuple(
        Unmet(goal.label, goal.request, goal.count, goal.count - lacks[goal])
        for goal in lacks
        if not goal.is_rest
    )


def check_goals(
    cfg: GenerateConfig, labels: Sequence[str], takes_label: Mapping[str, bool]
) -> None:
    """Raises `UserError` for what no round can reach: a label that no seed has, more rows than
    `accept`, rows that nothing asks for.

    `takes_label` says of each of the run's recipes whether it can be asked for a label.
    """
    named = [("generate.quotas", label) for label in cfg.quotas]
    named += [("generate.requests", each.label) for each in cfg.requests if each.label is not None]
    for where, label in named:
        _require_label(where, label, labels)
    if named and not any(takes_label.values()):
        raise UserError(
            f"{named[0][0]} asks for a label, and {' and '.join(takes_label)} cannot",
            next_step=f"{_FREE * ('dialogue' in takes_label)}use recipe label_first, or say it in "
            "words in generate.requests",
        )
    _check_counts(cfg, labels, all(takes_label.values()))


def _require_label(where: str, label: str, labels: Sequence[str]) -> None:
    if label in labels:
        return
    if not labels:
        raise UserError(
            f"{where} asks for the label {label!r}, but no seed has a label",
            next_step="add labels to the seeds, or say it in words in generate.requests",
        )
    near = difflib.get_close_matches(label, labels, n=1)
    some = f"{', '.join(labels[:5])}{', ...' if len(labels) > 5 else ''}"
    raise UserError(
        f"{where} asks for the label {label!r}, which no training row has",
        next_step=f"did you mean {near[0]!r}?" if near else f"known: {some}",
    )


def _check_counts(cfg: GenerateConfig, labels: Sequence[str], only_labels: bool) -> None:
    rest = goals(cfg)["", None].count
    if rest < 0:
        raise UserError(
            f"quotas and requests want {cfg.accept - rest} rows a round, and generate.accept is "
            f"{cfg.accept}",
            next_step=f"set generate.accept={cfg.accept - rest}, or want less",
        )
    if not (labels and only_labels and set(labels) <= set(cfg.quotas)):
        return
    if rest > 0:
        raise UserError(
            f"every label has a quota, and {rest} of generate.accept={cfg.accept} rows belong to "
            "none",
            next_step=f"set generate.accept={cfg.accept - rest}, or leave a label without a quota",
        )
    anywhere = any(each.label is None for each in cfg.requests)
    if anywhere and not any(cfg.quotas.values()):
        raise UserError(
            "every label has a quota of 0, so a request without a label has none to be drawn",
            next_step="give it a label, or take quotas away",
        )
