"""Numbers of a run by name, and limits that people set to them: `kept>=.3`, `dropped.refusal<=2%`.

For a pipeline that is to stop where a run is not what it was. What a student gains is tested
elsewhere, with its rows paired (`comparison`); a limit here holds a number and knows no chance.
"""

import difflib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.errors import UserError

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
LIMIT = re.compile(
    r"\s*([^\s<>=]+)\s*(>=|<=|>|<|=)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%?)\s*"
)
DROPPED = "dropped."
"""With a reason after it: the share of a round's candidates that were dropped for it."""

Measures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Limit:
    """`name` `sign` `value`, as in `kept >= 0.3`."""

    name: str
    sign: str
    value: float


@dataclass(frozen=True, slots=True)
class Held:
    """A limit beside what was measured, and whether it holds."""

    limit: Limit
    measured: float
    holds: bool


def read_limit(text: str) -> Limit:
    """`NAME SIGN NUMBER` in, where 30% is .3. Raises `UserError` for anything else."""
    found = LIMIT.fullmatch(text)
    if found is None:
        raise UserError(
            f"{text!r} is not NAME, one of {' '.join(SIGNS)}, and a number",
            next_step="for example 'kept>=.3' (in quotes, or the shell takes > for a file)",
        )
    name, sign, number, percent = found.groups()
    return Limit(name, sign, float(number) / (100 if percent else 1))


def hold(limits: Sequence[Limit], measures: Measures) -> list[Held]:
    """Each limit beside its measure. Raises `UserError` for a name that nothing was measured of.

    A reason that dropped nothing is a measure of 0, where a round has candidates at all.
    """
    return [_hold(limit, measures) for limit in limits]


def _hold(limit: Limit, measures: Measures) -> Held:
    measured = measures.get(limit.name)
    if measured is None and limit.name.startswith(DROPPED) and "candidates" in measures:
        measured = 0.0
    if measured is None:
        near = difflib.get_close_matches(limit.name, measures, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise UserError(
            f"this run has no number called {limit.name!r}",
            why="a limit on what was never measured would hold of everything",
            next_step=f"{meant}selfinstruct check RUN lists what there is",
        )
    return Held(limit, measured, SIGNS[limit.sign](measured, limit.value))


def measure(summary: Mapping[str, Any], index: int | None = None) -> dict[str, float]:
    """The numbers of a summary: those of the run, and those of one round, the newest that has
    generated unless `index` names one. Raises `UserError` for a round that is not there.
    """
    rounds = {entry["index"]: entry for entry in summary["rounds"] if entry["complete"]}
    if index is not None and index not in rounds:
        known = ", ".join(map(str, rounds)) or "none"
        raise UserError(f"round {index} has not generated its rows; those that have: {known}")
    chosen = index if index is not None else max(rounds, default=None)
    found = _of_run(summary)
    if chosen is not None:
        found |= {"round": chosen, **_of_round(rounds[chosen])}
    return {name: float(value) for name, value in found.items() if value is not None}


def _of_run(summary: Mapping[str, Any]) -> dict[str, float | None]:
    account = summary["account"]
    spent = {name: account[name] for name in ("calls", "tokens", "cost", "hours", "lost_calls")}
    champion = next(
        (one for one in summary["students"] if one["name"] == summary["champion"]), None
    )
    scored = champion["metrics"] if champion else {}
    return {
        **spent,
        "accepted_rounds": sum(entry["verdict"] == "accept" for entry in summary["rounds"]),
        "looks": summary["looks"],
        **{f"champion.{metric}": each["value"] for metric, each in scored.items()},
        **{f"final_gain.{name}": each["value"] for name, each in summary["final_gain"].items()},
    }


def _of_round(entry: Mapping[str, Any]) -> dict[str, float | None]:
    candidates = entry["accepted"] + sum(entry["rejected"].values())
    mixture, people = entry["mixture"], entry["review"]
    stands = (people or {}).get("acceptance") or {}
    return {
        "candidates": candidates,
        "accepted": entry["accepted"],
        "kept": entry["accepted"] / candidates if candidates else None,
        **{f"{DROPPED}{why}": n / candidates for why, n in entry["rejected"].items()},
        "unmet": len(entry["unmet"]),
        "synthetic_share": mixture["achieved_share"] if mixture else None,
        "alarms": sum(signal["alarm"] for signal in entry["signals"]),
        "stands": stands.get("value"),
        **{f"score.{name}": each["mean"] for name, each in entry["scores"].items()},
        **{f"gate.{name}": each["candidate"] for name, each in entry["metrics"].items()},
        **{f"gain.{name}": each["gain"] for name, each in entry["metrics"].items()},
        **{f"gain.{name}.low": each["low"] for name, each in entry["metrics"].items()},
    }
