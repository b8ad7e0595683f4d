"""Rows with where they come from: what `pool`, `mixture` and `rejects` hold, in order.

Real rows are those of train alone. A row of dev, gate or final never leaves a run, and one that
should stand in a mixture is taken for damage.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from selfinstruct.aiming.yields import recipe_of
from selfinstruct.apart import without_stress
from selfinstruct.disk.files import read_jsonl
from selfinstruct.errors import StoreError, UserError
from selfinstruct.export.facts import Facts
from selfinstruct.privacy import Finder, hide_in_row
from selfinstruct.rows import to_example
from selfinstruct.store import Store
from selfinstruct.trained import round_of
from selfinstruct.types import Example, Rejection, Score, digest

What = Literal["pool", "mixture", "rejects"]
OUTCOMES = {
    "accept": "ACCEPTED",
    "reject": "REJECTED",
    "inconclusive": "INCONCLUSIVE",
    "none": "NOT JUDGED YET",
}
PERSONAL = "personal_data"
"""The reason of candidates whose words could be somebody's; they leave with placeholders."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row that is exported, why it was dropped if it was, and what was measured of it."""

    row: Example
    scores: tuple[Score, ...] = ()
    why: Rejection | None = None
    round: int = 0
    """The round whose candidate it was; of a real row 0."""


def lines_of(store: Store, facts: Facts, what: What, index: int | None) -> tuple[Line, ...]:
    """The lines of one kind; `index` is a round, None for all (of a mixture: the champion's).

    The pool is without what is set apart as a stress set, and what is too near to that.
    Raises `UserError` where there are none, or no such round, and `StoreError` where a mixture is
    not what was trained on.
    """
    known = facts.mixed if what == "mixture" else tuple(facts.rounds)
    if index is not None and index not in known:
        raise UserError(
            f"{facts.name} has no {what} of round {index}",
            next_step=f"rounds: {', '.join(map(str, known)) or 'none'}",
        )
    if what == "mixture":
        found = mixture_lines(store, facts, champion_round(facts) if index is None else index)
    else:
        rounds = facts.rounds if index is None else {index: facts.rounds[index]}
        found = _free(store, facts, rounds) if what == "pool" else _dropped(facts, rounds)
    if not found:
        raise UserError(
            f"{facts.name} has no rows for {what}",
            why=f"{len(facts.apart)} rows are its stress set, and what is too near to one is left "
            "out of the pool"
            if what == "pool" and facts.apart
            else "",
            next_step="selfinstruct status RUN says how far it is",
        )
    return found


def champion_round(facts: Facts) -> int:
    """The round whose student is champion, 0 for the control.

    Raises `UserError` where there is no champion yet.
    """
    name = facts.summary["champion"]
    if name is None:
        raise UserError(
            f"{facts.name} has no champion yet", next_step="selfinstruct run CONFIG goes on"
        )
    return round_of(name)


@dataclass(frozen=True, slots=True)
class Whose:
    """The round whose mixture it is, and why that one, as a sentence of plain text."""

    round: int
    why: str


def mixture_of(facts: Facts, index: int | None) -> Whose:
    """Whose mixture is meant: the champion's where no round is named.

    Raises `UserError` where there is no champion yet.
    """
    gates = facts.gates
    champion = facts.summary["champion"]
    of = champion_round(facts) if index is None else index
    who = "real-only" if of == 0 else f"round-{of}"
    judged = (
        "the control, which learned from the real rows alone"
        if of == 0
        else f"which its gate calls {OUTCOMES[gates.get(of, 'none')]}"
    )
    told = f"The rows that the student {who} learned from, {judged}."
    if index is None:
        why = (
            "It is champion, since no round of this run was accepted."
            if of == 0
            else "It is champion, the last that was accepted."
        )
    else:
        why = f"Asked for by --round {of}; the champion is {champion or 'none yet'}."
    others = [
        f"--round {each} ({OUTCOMES[gates.get(each, 'none')] if each else 'the control'})"
        for each in facts.mixed
        if each != of
    ]
    more = f" There are others: {', '.join(others)}." if others else ""
    return Whose(of, f"{told} {why}{more}")


def mixture_lines(store: Store, facts: Facts, index: int) -> tuple[Line, ...]:
    """The rows that the student of a round learned from, in their order, copies among them.

    The file gives the order, the ledger the rows and their digest.
    """
    stored = store.stage(index, "mix")
    if stored is None:
        raise UserError(f"{facts.name} has no mixture of round {index} yet")
    path = store.folder / "rounds" / str(index) / "mixture.jsonl"
    try:
        ids = [to_example(row).id for _, row in read_jsonl(path)]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _changed(store, f"cannot be read: {error}") from None
    if digest(ids) != stored["digest"]:
        raise _changed(store, "does not hold the rows that were trained on")
    known = {line.row.id: line for line in _kept(facts, facts.rounds)}
    known |= {row.id: Line(row) for row in facts.data.train}
    if missing := [id_ for id_ in ids if id_ not in known]:
        raise _changed(store, f"holds {missing[0]}, no row of train and none that was kept")
    return tuple(known[id_] for id_ in ids)


def learned_rows(store: Store, facts: Facts) -> frozenset[str]:
    """The ids of all synthetic rows in the mixture of a student that was, or may yet become,
    champion.
    """
    rounds = [index for index, outcome in facts.gates.items() if outcome in ("accept", "none")]
    mixed = [index for index in rounds if store.stage(index, "mix") is not None]
    lines = (line for index in mixed for line in mixture_lines(store, facts, index))
    return frozenset(line.row.id for line in lines if line.row.origin == "synthetic")


def columns(line: Line, facts: Facts) -> dict[str, Any]:
    """Where a row comes from, every key always there; of a dropped one also what dropped it.

    `value` and `threshold` are numbers; where a filter says words instead, they stand in
    `value_text` and `threshold_text`, so that a column has one type.
    """
    row = line.row
    template, version = facts.prompts.get(row.attempt or "", (None, None))
    found = {
        "id": row.id,
        "origin": row.origin,
        "label": row.label,
        "kind": row.kind,
        "round": line.round,
        "gate": facts.gates.get(line.round) if row.origin == "synthetic" else None,
        "person": facts.said.of(row.id),
        "recipe": recipe_of(row) or None,
        "template": template,
        "prompt_version": version,
        "attempt": row.attempt,
        "request": row.request or None,
        "parents": list(row.parents),
        "depth": row.depth,
        "license": row.license or None,
        "source": row.source or None,
        "group": row.group,
        "scores": [
            {
                "name": one.name,
                "value": one.value if math.isfinite(one.value) else None,
                "source": one.source,
                "detail": one.detail,
            }
            for one in line.scores
        ],
    }
    return found if line.why is None else {**found, **_measured(line.why)}


def _measured(why: Rejection) -> dict[str, Any]:
    found: dict[str, Any] = {"reason": why.reason}
    for name, value in (("value", why.value), ("threshold", why.threshold)):
        number = isinstance(value, int | float) and math.isfinite(value)
        found[name] = float(value) if number and value is not None else None
        found[f"{name}_text"] = None if number or value is None else str(value)
    return {**found, "neighbour": why.neighbour}


def _free(store: Store, facts: Facts, rounds: Iterable[int]) -> tuple[Line, ...]:
    """What of it is no stress set."""
    lines = _kept(facts, rounds)
    free = {row.id for row in without_stress(store, [each.row for each in lines], facts.data.train)}
    return tuple(line for line in lines if line.row.id in free)


def _kept(facts: Facts, rounds: Iterable[int]) -> tuple[Line, ...]:
    """What any of the rounds kept, each row once; of the rest of the run nothing."""
    found: dict[str, Line] = {}
    for index in rounds:
        scores = _by_id(facts.rounds[index].scores)
        for row in facts.rounds[index].accepted:
            found.setdefault(row.id, Line(row, tuple(scores.get(row.id, ())), None, index))
    held_out = {row.id for row in (*facts.data.dev, *facts.data.gate, *facts.data.final)}
    if leaked := held_out & found.keys():
        raise StoreError(
            f"{facts.name} kept {min(leaked)}, which is a held-out row",
            why="no held-out row is exported",
            next_step="selfinstruct doctor RUN",
        )
    return tuple(found.values())


def _dropped(facts: Facts, rounds: Iterable[int]) -> tuple[Line, ...]:
    finder = Finder.of(facts.cfg.privacy)
    found = []
    for index in rounds:
        scores = _by_id(facts.rounds[index].scores)
        for why in facts.rounds[index].rejected:
            row = hide_in_row(why.what, finder) if why.reason == PERSONAL else why.what
            found.append(Line(row, tuple(scores.get(why.what.id, ())), why, index))
    return tuple(found)


def _by_id(scores: Sequence[Score]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for one in scores:
        found.setdefault(one.id, []).append(one)
    return found


def _changed(store: Store, why: str) -> StoreError:
    return StoreError(
        f"{store.folder}: the file of a mixture {why}",
        next_step=f"restore it from a copy; look with: selfinstruct doctor {store.folder}",
    )
