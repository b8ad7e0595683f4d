"""What a change of filters would have kept and dropped, and whether the stored fates still hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.changes import Change
from selfinstruct.refilter.asking import RULES
from selfinstruct.refilter.fates import Moved, moved
from selfinstruct.refilter.record import Record
from selfinstruct.refilter.replay import Replayed, replay
from selfinstruct.refilter.rules import Rule
from selfinstruct.refilter.settings import changed_filters
from selfinstruct.types import Screened

Waves = Sequence[Screened]


@dataclass(frozen=True)
class WhatIf:
    """The waves of a run before and after a change, and the candidates that move.

    `drift` are the candidates whose stored fate a replay without any change does not give: the
    code has changed since, or the ledger. With a change, `before` is that replay and not what is
    stored, so that only what the change does is put down to it.
    """

    changes: Sequence[Change]
    before: Waves
    after: Waves
    moved: Sequence[Moved]
    drift: Sequence[Moved]
    unasked: int


def what_if(record: Record, overrides: Sequence[str], rules: Mapping[str, Rule] = RULES) -> WhatIf:
    """A run and `filters.*` settings in; what they change out, without any the check alone.

    Raises `UserError` for a setting that is no filter.
    """
    asked, changes = changed_filters(record.cfg, overrides, rules)
    again = replay(record, record.cfg.filters, rules)
    drift = [one for wave in again for one in _moves(wave, wave.stored, wave.found)]
    if not changes:
        stored, found = [wave.stored for wave in again], [wave.found for wave in again]
        return WhatIf(changes, stored, found, drift, drift, _unasked(again))
    other = replay(record, asked.filters, rules)
    moves = [
        one
        for was, now in zip(again, other, strict=True)
        for one in _moves(now, was.found, now.found)
    ]
    before, after = [wave.found for wave in again], [wave.found for wave in other]
    return WhatIf(changes, before, after, moves, drift, _unasked(other))


def _moves(wave: Replayed, before: Screened, after: Screened) -> list[Moved]:
    return moved((wave.round, wave.wave), before, after)


def _unasked(waves: Sequence[Replayed]) -> int:
    return sum(wave.unasked for wave in waves)
