"""What a changed setting leaves standing of a run: the one table from settings to stages.

Pure: it is told what was finished, and reads no ledger. A part is what one kind of stage makes;
what follows from it falls with it. From the second round on everything hangs on the verdicts before
it, through the pool and the champion, so that a verdict that may change takes all later rounds
along.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from selfinstruct import stats
from selfinstruct.changes import Change
from selfinstruct.config import Config, RoundsConfig
from selfinstruct.errors import UserError
from selfinstruct.task import steps_of_an_arm
from selfinstruct.types import Exam

Part = Literal[
    "splits",
    "guard rows",
    "candidates",
    "labels",
    "control's mixture",
    "mixtures",
    "control",
    "students",
    "answers",
    "likelihoods",
    "guard scores",
    "guard tasks",
    "watch",
    "verdicts",
    "end",
]
Place = tuple[int, str]
"""A finished stage in the ledger: its round and its name."""

EXAMS: Mapping[Exam, Part] = {
    "gate": "answers",
    "final": "answers",
    "dev": "likelihoods",
    "general": "guard scores",
    "lm_eval": "guard tasks",
}
STUDENTS: tuple[Part, ...] = ("control", "students")
STUDENT_OF: Mapping[str, tuple[Part, ...]] = {"base": (), "real-only": ("control",)}
"""Students by name to the training behind them; all others are candidates of a round."""

PART_OF: Mapping[str, Part] = {"labels": "labels", "watch": "watch", "gate": "verdicts"}
"""Stages of a round that are a part of their own."""

TOUCHES: Mapping[str, tuple[Part, ...]] = {
    "seed": ("splits",),
    "seeds.": ("splits",),
    "task.": ("candidates", "mixtures", *STUDENTS, *EXAMS.values()),
    "task.target": ("guard rows", "candidates", "mixtures", *STUDENTS, *EXAMS.values()),
    "teacher.": ("candidates",),
    "generate.": ("candidates",),
    "filters.": ("candidates",),
    "prompts.": ("candidates",),
    "prompts.judge/pairwise": ("verdicts",),
    "privacy.": ("candidates", "verdicts"),  # a judge reads rows too
    "privacy.outputs": ("candidates",),
    "licenses.": ("splits",),  # a real row may come in or fall
    "mixture.synthetic_share": ("mixtures",),
    "mixture.unit": ("mixtures",),
    "mixture.on_shortage": ("mixtures",),
    "mixture.repeat": ("control's mixture", "mixtures"),
    "mixture.max_rows": ("control's mixture", "mixtures"),
    "student.": STUDENTS,
    "student.name": ("mixtures", *STUDENTS, *EXAMS.values()),  # its tokens may size a mixture
    "evaluate.": ("answers",),
    "evaluate.max_new_tokens": ("answers", "labels"),
    "gate.": ("verdicts",),
    "guard.path": ("guard rows",),
    "guard.rows": ("guard rows", "guard tasks"),
    "guard.margin": ("verdicts",),
    "guard.lm_eval": ("guard tasks",),
    "guard.lm_eval_path": ("guard tasks",),
    "watch.enabled": ("labels", "watch"),
    "watch.band": ("labels", "watch"),
    "watch.draws": ("watch",),
    "watch.max_rows": ("watch",),
    "watch.label_rows": ("labels",),
    "watch.block": ("verdicts",),
    "judge.": ("verdicts",),
    "rounds.max": ("end",),
    "rounds.patience": ("end",),
}
"""Identity field, or a section with its dot for all others of it, to the parts it goes into."""

SIZES = (
    "generate.accept",
    "mixture.max_rows",
    "mixture.repeat",
    "mixture.synthetic_share",
)
"""Fields that may change the optimiser steps of every student, the control's among them."""

ALSO: Mapping[str, str] = {
    **dict.fromkeys(SIZES, "every student, where it changes how many steps one is trained for"),
    "rounds.max": "every verdict, unless gate.horizon is open",
}
"""What else a changed field may go into, in words: `touched` goes by the values."""

NAMES: Mapping[str, str] = {
    "generate": "candidates",
    "review": "review",
    "labels": "labels",
    "mix": "mixture",
    "train": "training",
    "evaluate": "scores on",
    "watch": "watch",
    "gate": "verdict",
}
"""Stages of a round as people read them, in the order of the loop."""

FOLLOWS: Mapping[Part, tuple[Part, ...]] = {
    "splits": ("guard rows", "candidates", "control's mixture", "answers", "likelihoods"),
    "guard rows": ("guard scores",),
    "candidates": ("labels", "mixtures"),
    "control's mixture": ("control",),
    "mixtures": ("students", "watch"),
    "control": ("labels", "watch", "verdicts"),
    "students": ("watch", "verdicts"),
    "answers": ("verdicts",),
    "likelihoods": ("watch",),
    "labels": ("end",),  # they block no verdict
    "guard scores": ("verdicts",),
    "guard tasks": ("verdicts",),
    "watch": ("verdicts",),
    "verdicts": ("end",),
    "end": (),
}
"""Part to the parts that are made from it."""


def parts_of(field: str) -> tuple[Part, ...]:
    """The parts that a field always goes into; `ALSO` says what may join them. Raises `KeyError`
    for a field that the table does not cover.
    """
    return TOUCHES[field] if field in TOUCHES else TOUCHES[f"{field.partition('.')[0]}."]


def touched(change: Change, before: Config, after: Config, real_rows: int) -> tuple[Part, ...]:
    """The parts that a changed field goes into; `real_rows` is the size of train.

    Raises `KeyError` for a field that the table does not cover, which a test keeps from happening.
    """
    field = change.field
    parts = parts_of(field)
    if field in SIZES and steps_of_an_arm(before, real_rows) != steps_of_an_arm(after, real_rows):
        parts += STUDENTS
    if field == "rounds.max" and _alpha(before) != _alpha(after):  # shared over the rounds
        parts += ("verdicts",)
    if after.generate.focus is not None and falling(parts) & {"control", "likelihoods"}:
        parts += ("candidates",)  # they are aimed by the champion's scores on dev
    return parts


def _alpha(cfg: Config) -> float:
    rounds = cfg.rounds.max if cfg.gate.horizon == "fixed" else None
    return stats.alpha_of_round(cfg.gate.alpha, 1, rounds)


def falling(parts: Iterable[Part]) -> frozenset[Part]:
    """These parts and all that follows from them."""
    found: set[Part] = set()
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting += FOLLOWS[part]
    return frozenset(found)


@dataclass(frozen=True)
class Reuse:
    """What stands: the stages of no part in `gone`, up to and including round `last`."""

    gone: frozenset[Part]
    last: int

    def keeps(self, place: Place) -> bool:
        """Whether a finished stage stands. A sweep never does: it stays with its own run."""
        index, stage = place
        return index <= self.last and not self.gone & _parts_of(index, stage)

    @property
    def candidates(self) -> int:
        """The last round whose candidates stand, of a round under way those there are."""
        return 0 if "candidates" in self.gone else self.last


def reuse(
    changes: Iterable[Change],
    before: Config,
    after: Config,
    real_rows: int,
    outcomes: Sequence[str],
) -> Reuse:
    """What these changes leave of a run; `outcomes` are its verdicts, from round 1 on.

    The end never stands: whatever changes, `final` is another run's final.
    """
    parts = [part for each in changes for part in touched(each, before, after, real_rows)]
    gone = falling([*parts, "end"])
    if "control" in gone and after.filters.quality.depends_on_students:  # who chose round 1's rows
        gone = falling([*gone, "candidates"])
    last = 1 if "verdicts" in gone else _last(outcomes, after.rounds)
    return Reuse(gone, last)


def _last(outcomes: Sequence[str], cfg: RoundsConfig) -> int:
    """The round at which a run with these verdicts is, or would have stopped."""
    vain = 0
    for index, outcome in enumerate(outcomes[: cfg.max], start=1):
        vain = 0 if outcome == "accept" else vain + 1
        if vain >= cfg.patience:
            return index
    return min(len(outcomes) + 1, cfg.max)


def _parts_of(index: int, stage: str) -> set[Part]:
    match stage.split(" "):
        case (
            ["generate"] | ["review"] | ["calibrate", _]
        ):  # what a filter's model made of real rows
            return {"candidates"}
        case ["mix"]:
            return {"mixtures" if index else "control's mixture"}
        case ["train"]:
            return {"students" if index else "control"}
        case ["fold" | "suspects", *_]:  # trained as the control is, on parts of its mixture
            return {"control"}
        case [("labels" | "watch" | "gate") as kind]:
            return {PART_OF[kind]}
        case ["evaluate", student, "on", exam] if exam != "final":
            asked = {part for name, part in EXAMS.items() if name == exam}
            return asked.union(STUDENT_OF.get(student, ("students",)))
    return {"end"}


def name_stages(places: Iterable[Place]) -> list[str]:
    """Stages in a person's words, one kind after the other, each with its rounds.

    Sweeps are left out, which no run does again; and the end is `final`.
    """
    rounds: dict[str, dict[str, set[int]]] = {kind: {} for kind in NAMES}
    final = False
    for index, stage in places:
        kind, _, rest = stage.partition(" ")
        exam = rest.rpartition(" ")[2]
        if kind == "finish" or exam == "final":
            final = True
        elif kind in NAMES:
            name = f"{NAMES[kind]} {exam}".rstrip()
            rounds[kind].setdefault(name, set()).add(index)
    told = [f"{name} of {_rounds(found)}" for by in rounds.values() for name, found in by.items()]
    return [*told, *(["final"] if final else [])]


def _rounds(found: Iterable[int]) -> str:
    """Such as `rounds 0, 1 and 2`; round 0 is the control's."""
    *most, last = map(str, sorted(found))
    return f"rounds {', '.join(most)} and {last}" if most else f"round {last}"


def refusal(folder: str, told: Sequence[str]) -> UserError:
    """The run was begun with other settings; `told` says of each what it would do again."""
    return UserError(
        "\n".join([f"{folder} was begun with other settings:", *(f"  {line}" for line in told)]),
        why="its finished stages would not all fit the new ones",
        next_step="go back to the old settings; or keep what still fits, in a run beside this one,"
        " with the same command and --fork OTHER; or start anew with name=OTHER",
    )


def consequence(change: Change, before: Config, after: Config, real_rows: int) -> str:
    """A change, and what of a run would be done again for it."""
    return f"{change} ({tell_again(touched(change, before, after, real_rows))})"


def tell_again(parts: Iterable[Part]) -> str:
    """What a change of these parts does again, such as `again: watch, what follows, final`."""
    again = [part for part in dict.fromkeys(parts) if part != "end"]
    if "splits" in again:
        return "all of it again"
    told = [*again, "what follows", "final"] if again else ["final"]
    return f"again: {', '.join(told)}"
