"""One round of the loop, readable top to bottom: generate, review, doubt, mix, train, evaluate,
watch, decide.

Every stage is a value-in, value-out function of the kit; where it runs, and how its result is
remembered, is the business of `runs`. Each student is trained from the base, so a round that is not
accepted leaves nothing behind.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from selfinstruct.errors import DivergedError
from selfinstruct.types import Checkpoint, Example, Mixture, Screened
from selfinstruct.verdict import Exams, FailedRound, Round, Signal, Verdict

Pool = tuple[Example, ...]
Signals = tuple[Signal, ...]


@dataclass(frozen=True)
class Standing:
    """Whom a candidate is held to: the champion, the base it must not fall behind, the control."""

    champion: Exams
    base: Exams
    control: Exams


@dataclass(frozen=True)
class Kit:
    """The stages of a round; an int is the number of the round they work for.

    `train` and `evaluate` raise `DivergedError` for a student that is no numbers.
    """

    generate: Callable[[int, Pool, Checkpoint], Screened]
    review: Callable[[int, Pool, Checkpoint, Screened], Screened]
    doubt: Callable[[int, Pool, Checkpoint], Signals]
    mix: Callable[[int, Pool], Mixture]
    train: Callable[[int, Mixture], Checkpoint]
    evaluate: Callable[[int, Checkpoint], Exams]
    watch: Callable[[int, Mixture, Exams, Exams], Signals]
    decide: Callable[[int, Exams, Standing, Signals], Verdict]


@dataclass(frozen=True)
class State:
    """What a round starts from: the champion, the control arm, the scores that count, the pool, and
    rounds in vain so far.
    """

    champion: Checkpoint
    control: Checkpoint
    standing: Standing
    pool: Pool = ()
    vain: int = 0


def start(kit: Kit, base: Checkpoint) -> State:
    """Round 0, the control arm: a student of the real rows alone is the first champion.

    Raises `DivergedError` where there is none: no round has anything to be held to.
    """
    of_base = kit.evaluate(0, base)
    control = kit.train(0, kit.mix(0, ()))
    of_control = kit.evaluate(0, control)
    return State(control, control, Standing(of_control, of_base, of_control))


def run_round(kit: Kit, state: State, index: int) -> Round | FailedRound:
    """A candidate student of the real rows, the pool and this round's rows, and the gate's verdict
    on it.
    """
    generated = kit.generate(index, state.pool, state.champion)
    screened = kit.review(index, state.pool, state.champion, generated)
    doubts = kit.doubt(index, screened.accepted, state.control)
    reasons = Counter(rejection.reason for rejection in screened.rejected)
    mixture = kit.mix(index, grow(state.pool, screened.accepted))
    try:
        candidate = kit.train(index, mixture)
        exams = kit.evaluate(index, candidate)
    except DivergedError as error:
        return FailedRound(index, screened.accepted, reasons, mixture, error.what)
    signals = doubts + kit.watch(index, mixture, exams, state.standing.control)
    verdict = kit.decide(index, exams, state.standing, signals)
    return Round(index, screened.accepted, reasons, mixture, candidate, exams, signals, verdict)


def advance(state: State, done: Round | FailedRound) -> State:
    """An accepted candidate is champion and its rows stay; otherwise champion and pool are as they
    were.
    """
    if isinstance(done, Round) and done.verdict.outcome == "accept":
        standing = replace(state.standing, champion=done.exams)
        pool = grow(state.pool, done.accepted)
        return State(done.candidate, state.control, standing, pool)
    return replace(state, vain=state.vain + 1)


def grow(pool: Pool, accepted: Pool) -> Pool:
    """The pool with what is new appended; a row already there keeps its place."""
    by_id: dict[str, Example] = {}
    for example in (*pool, *accepted):
        by_id.setdefault(example.id, example)
    return tuple(by_id.values())
