"""One round of the loop, readable top to bottom: generate, mix, train, evaluate, decide.

Every stage is a value-in, value-out function of the kit; where it runs, and how its result is
remembered, is the business of `runs`. Each student is trained from the base, so a round that is not
accepted leaves nothing behind.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from selfinstruct.types import Checkpoint, Example, Mixture, Report, Screened, Split
from selfinstruct.verdict import Round, Verdict

Pool = tuple[Example, ...]


@dataclass(frozen=True)
class Kit:
    """The stages of a round; an int is the number of the round they work for."""

    generate: Callable[[int, Pool], Screened]
    mix: Callable[[int, Pool], Mixture]
    train: Callable[[int, Mixture], Checkpoint]
    evaluate: Callable[[int, Checkpoint, Split], Report]
    decide: Callable[[int, Report, Report], Verdict]


@dataclass(frozen=True)
class State:
    """What a round starts from: the champion with its gate report, the pool, and rounds in vain so
    far.
    """

    champion: Checkpoint
    report: Report
    pool: Pool = ()
    vain: int = 0


def start(kit: Kit) -> State:
    """Round 0, the control arm: a student of the real rows alone is the first champion."""
    champion = kit.train(0, kit.mix(0, ()))
    return State(champion, kit.evaluate(0, champion, "gate"))


def run_round(kit: Kit, state: State, index: int) -> Round:
    """A candidate student of the real rows, the pool and this round's rows, and the gate's verdict
    on it.
    """
    screened = kit.generate(index, state.pool)
    mixture = kit.mix(index, grow(state.pool, screened.accepted))
    candidate = kit.train(index, mixture)
    report = kit.evaluate(index, candidate, "gate")
    verdict = kit.decide(index, report, state.report)
    reasons = Counter(rejection.reason for rejection in screened.rejected)
    return Round(index, screened.accepted, reasons, mixture, candidate, report, verdict)


def advance(state: State, done: Round) -> State:
    """An accepted candidate is champion and its rows stay; otherwise champion and pool are as they
    were.
    """
    if done.verdict.outcome == "accept":
        return State(done.candidate, done.report, grow(state.pool, done.accepted))
    return replace(state, vain=state.vain + 1)


def grow(pool: Pool, accepted: Pool) -> Pool:
    """The pool with what is new appended; a row already there keeps its place."""
    by_id: dict[str, Example] = {}
    for example in (*pool, *accepted):
        by_id.setdefault(example.id, example)
    return tuple(by_id.values())
