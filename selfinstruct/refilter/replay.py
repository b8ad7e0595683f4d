"""A run's committed waves once more: the stored answers read and screened, under any filters."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from selfinstruct.aiming.goals import goals, keep
from selfinstruct.aiming.yields import Place, by_aim
from selfinstruct.config import FiltersConfig
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import screen
from selfinstruct.generate import Course, draw_wave, material_of
from selfinstruct.refilter.answers import Recorded, name_unasked
from selfinstruct.refilter.asking import RULES
from selfinstruct.refilter.record import Record
from selfinstruct.refilter.rules import Rule, from_scores, looked
from selfinstruct.round import Pool, grow
from selfinstruct.setting import aim_of
from selfinstruct.settled import as_settled, settled
from selfinstruct.types import Screened


@dataclass(frozen=True, slots=True)
class Replayed:
    """One wave: what became of its candidates when it was made, and what becomes of them now.

    `unasked` counts the calls that it would make now and never made.
    """

    round: int
    wave: int
    stored: Screened
    found: Screened
    unasked: int = 0


def replay(
    record: Record, filters: FiltersConfig, rules: Mapping[str, Rule] = RULES
) -> list[Replayed]:
    """Every committed wave of the run under these filters, in order.

    A round that is full keeps no more, as when it was made; what would have fitted has the reason
    `round_full`. Which rounds leave their rows in the pool is what the gate said then.
    """
    done: list[Replayed] = []
    stored_pool: Pool = ()
    pool: Pool = ()
    for index in record.waves:
        waves = _replay_round(record, index, filters, rules, (stored_pool, pool))
        done += waves
        if index in record.accepted:
            stored_pool = grow(stored_pool, settled(record.store, index).accepted)
            found = Screened(
                _accepted(wave.found for wave in waves),
                tuple(item for wave in waves for item in wave.found.rejected),
            )
            pool = grow(pool, as_settled(record.store, index, found).accepted)
    return done


def kept(waves: Iterable[Replayed]) -> Pool:
    """Every row that a replay accepts in any round, once."""
    return grow((), _accepted(wave.found for wave in waves))


def _replay_round(
    record: Record,
    index: int,
    filters: FiltersConfig,
    rules: Mapping[str, Rule],
    pools: tuple[Pool, Pool],
) -> list[Replayed]:
    """The waves of one round; `pools` are the one it had and the one it would have.

    What the teacher was shown were rows of the first; what a candidate must differ from are those
    of the second.
    """
    stored_pool, pool = pools
    data, cfg = record.data, record.cfg
    focus = record.focus.get(index, {})
    aim = aim_of(cfg, data, record.task, index, stored_pool, focus, record.prompts, record.store)
    indexes = Indexes.build(data.train, pool, (*data.dev, *data.gate, *data.final), filters)
    waves = record.waves[index]
    in_round = looked(waves, rules, cfg.filters)
    course = Course(aim, cfg.generate, cfg.filters.max_children)
    done: list[Replayed] = []
    accepted = Counter[Place]()
    wanted = goals(cfg.generate)
    for number, stored in enumerate(waves):
        place = (index, number)
        ask = Recorded(record.replies, place, _named(stored), record.reply, record.hidden)
        material = material_of(aim, course, indexes, filters)
        drafts = draw_wave(ask, material, aim, cfg.generate, course)
        known = (looked([stored], rules, cfg.filters), in_round)
        verify = from_scores(known, cfg.filters, filters, rules)
        screened = screen(name_unasked(drafts), indexes, filters, verify)
        found = keep(screened, wanted, accepted)
        done.append(Replayed(index, number, stored, found, ask.unasked))
        accepted.update(map(by_aim, found.accepted))
        course.add(stored)
    return done


def _accepted(waves: Iterable[Screened]) -> Pool:
    return tuple(row for wave in waves for row in wave.accepted)


def _named(wave: Screened) -> frozenset[str]:
    """The calls that the candidates of a wave came from."""
    rows = (*wave.accepted, *(item.what for item in wave.rejected))
    return frozenset(row.attempt for row in rows if row.attempt is not None)
