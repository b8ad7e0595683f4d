from collections.abc import Iterator
from dataclasses import replace

import pytest

from selfinstruct.refilter import Record, read_record, what_if
from selfinstruct.refilter.fates import fit
from selfinstruct.store import Store
from selfinstruct.types import Rejection
from tests.recorded import recorded_config, write_recorded

STRICTER = "filters.novelty.threshold=0.4"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    cfg = recorded_config(tmp_path_factory.mktemp("whatif"), "self_instruct")
    with Store(write_recorded(cfg)) as store:
        yield read_record(store)


def test_without_a_change_nothing_moves(record: Record) -> None:
    found = what_if(record, [])
    assert (found.changes, found.moved, found.drift, found.unasked) == ([], [], [], 0)
    stored = [wave for waves in record.waves.values() for wave in waves]
    assert list(found.before) == stored


def test_what_moves_accounts_for_the_difference(record: Record) -> None:
    found = what_if(record, [STRICTER])
    accepted = [sum(len(wave.accepted) for wave in side) for side in (found.before, found.after)]
    kinds = [one.kind for one in found.moved]
    assert accepted[0] - kinds.count("dropped") + kinds.count("kept") == accepted[1]
    assert fit(found.after) < fit(found.before)
    assert {one.after.why.threshold for one in found.moved if one.after and one.after.why} >= {0.4}


def test_a_fate_that_no_longer_holds_is_told_apart_from_what_a_change_does(record: Record) -> None:
    """As if a version that knew another rule had made the run."""
    *before, last = record.waves[2]
    row = last.accepted[0]
    older = replace(
        last,
        accepted=last.accepted[1:],
        rejected=(*last.rejected, Rejection(row, "rule_that_is_gone")),
    )
    drifted = replace(record, waves={**record.waves, 2: [*before, older]})
    alone = what_if(drifted, [])
    assert [one.row.id for one in alone.drift] == [row.id]
    assert alone.moved == alone.drift
    changed = what_if(drifted, [STRICTER])
    assert [one.row.id for one in changed.drift] == [row.id]
    whole = what_if(record, [STRICTER])
    assert (changed.before, changed.after) == (whole.before, whole.after)
    assert changed.moved == whole.moved
