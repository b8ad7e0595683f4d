"""A run's ledger as plain data, read once: what every chart and page of a report is made from.

Reads only, and takes a run as far as it has come: what is not there yet, or was not recorded by the
version that wrote it, is empty or None.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from selfinstruct import rows
from selfinstruct.disk.files import read_jsonl
from selfinstruct.settled import STAGE, settled
from selfinstruct.store import Store
from selfinstruct.summary import Summary, summarise
from selfinstruct.types import Example, RealData, Rejection, Screened
from selfinstruct.verdict import Signal, Verdict


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a teacher; `seconds` from the moment its wave was sent out, None if unanswered.

    `template` tells questions from answers.
    """

    round: int
    template: str
    state: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class StageTime:
    """A finished stage, its kind (generate, mix, train ...) and its seconds."""

    round: int
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """One round, 0 being the control arm that learns from real rows alone.

    `mixture` is None where there is none yet, or its file is gone; of `losses`, one an optimiser
    step, those that were no number are NaN.
    """

    index: int
    waves: tuple[Screened, ...] = ()
    mixed: Mapping[str, Any] | None = None
    mixture: tuple[Example, ...] | None = None
    losses: tuple[float, ...] = ()
    signals: tuple[Signal, ...] = ()
    verdict: Verdict | None = None
    failed: bool = False
    """Whether its student came to numbers that are none, and was rejected without a verdict."""
    reviewed: Screened | None = None
    """The candidates as people left them, None where they had no say."""

    @property
    def student(self) -> str:
        """The name of the student this round trains."""
        return f"round-{self.index}" if self.index else "real-only"

    @property
    def accepted(self) -> tuple[Example, ...]:
        """The rows kept, in order."""
        if self.reviewed is not None:
            return self.reviewed.accepted
        return tuple(row for wave in self.waves for row in wave.accepted)

    @property
    def rejected(self) -> tuple[Rejection, ...]:
        """The candidates dropped, in order."""
        if self.reviewed is not None:
            return self.reviewed.rejected
        return tuple(item for wave in self.waves for item in wave.rejected)


@dataclass(frozen=True, slots=True)
class Facts:
    """A run so far; `rounds[0]` is the control arm, `config` None for a run of an older version."""

    name: str
    summary: Summary
    data: RealData
    rounds: tuple[RoundFacts, ...]
    calls: tuple[Call, ...]
    stages: tuple[StageTime, ...]
    config: Mapping[str, Any] | None = None
    sweep: Mapping[str, Any] | None = None

    @property
    def bootstrap_rounds(self) -> tuple[RoundFacts, ...]:
        """The rounds that asked a teacher."""
        return self.rounds[1:]

    @property
    def synthetic(self) -> tuple[Example, ...]:
        """Every synthetic row that any round kept, whatever its gate said."""
        return tuple(row for each in self.bootstrap_rounds for row in each.accepted)

    def setting(self, *keys: str) -> Any:
        """A value of the config, such as `setting("filters", "novelty", "threshold")`, or None."""
        found: Any = self.config
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found


def gather(folder: Path) -> Facts:
    """The facts of a run's folder. Raises `StoreError` where no run is or none has begun."""
    with Store(folder) as store, store.snapshot():
        summary = summarise(store)
        data = store.real_data()
        assert data is not None  # else there is no summary
        # A stopped generation has waves and calls, but no stage yet.
        calls = store.calls()
        begun = {stage["round"] for stage in store.stages()} | {call["round"] for call in calls}
        return Facts(
            name=folder.resolve().name,
            summary=summary,
            data=data,
            rounds=tuple(_round(store, index) for index in range(max(begun, default=0) + 1)),
            calls=tuple(map(_call, calls)),
            stages=tuple(
                StageTime(stage["round"], stage["stage"].split(" ")[0], stage["seconds"])
                for stage in store.stages()
            ),
            config=store.meta("config"),
            sweep=store.meta("sweep"),
        )


def _round(store: Store, index: int) -> RoundFacts:
    diverged = store.stage(index, "diverged")
    train = store.stage(index, "train") or diverged or {}
    signals = [
        signal
        for stage in ("labels", "watch")
        for signal in (store.stage(index, stage) or {}).get("signals", ())
    ]
    gate = store.stage(index, "gate")
    waves = takewhile(lambda wave: wave is not None, (store.wave(index, n) for n in count()))
    mixed = store.stage(index, "mix")
    return RoundFacts(
        index,
        waves=tuple(wave for wave in waves if wave is not None) if index else (),
        mixed=mixed,
        mixture=_mixture(store.folder / "rounds" / str(index) / "mixture.jsonl") if mixed else None,
        losses=tuple(math.nan if loss is None else loss for loss in train.get("losses") or ()),
        signals=tuple(map(rows.to_signal, signals)),
        verdict=rows.to_verdict(gate["verdict"]) if gate else None,
        failed=diverged is not None,
        reviewed=settled(store, index) if store.stage(index, STAGE) is not None else None,
    )


def _mixture(path: Path) -> tuple[Example, ...] | None:
    if not path.exists():
        return None
    return tuple(rows.to_example(row) for _, row in read_jsonl(path))


def _call(row: Mapping[str, Any]) -> Call:
    ended = row["ended"]
    return Call(
        row["round"],
        row["template"],
        row["state"],
        row["prompt_tokens"],
        row["completion_tokens"],
        None if ended is None else max(0.0, ended - row["started"]),
    )
