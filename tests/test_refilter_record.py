from pathlib import Path

import pytest

from selfinstruct.errors import StoreError, UserError
from selfinstruct.refilter.record import read_record
from selfinstruct.store import Store
from selfinstruct.store.carry import Drop, prune
from selfinstruct.types import Screened
from tests.ledgers import real_data
from tests.recorded import recorded_config, write_recorded


def test_a_record_is_what_the_run_left(tmp_path: Path) -> None:
    cfg = recorded_config(tmp_path, "label_first")
    folder = write_recorded(cfg, ("accept", "reject", "accept"))
    with Store(folder) as store:
        record = read_record(store)
        assert record.cfg == cfg
        assert record.data == store.real_data()
        assert record.accepted == {1, 3}
        assert {index: len(waves) for index, waves in record.waves.items()} == {
            index: len([wave for at, wave in store.waves() if at == index]) for index in (1, 2, 3)
        }
        assert record.task.recipes == {"label_first": 1.0}
        assert record.task.target == "label_and_response"


class Busy(Store):
    """A ledger whose run goes on while its waves are read: its last round ends, and is accepted."""

    def wave(self, round_index: int, wave: int) -> Screened | None:
        with Store(self.folder, write=True) as writer:
            if writer.stage(2, "gate") is None:
                writer.commit_stage(2, "gate", {"verdict": {"outcome": "accept"}}, 1.0)
        return super().wave(round_index, wave)


def test_a_record_is_of_one_moment_while_the_run_goes_on(tmp_path: Path) -> None:
    folder = write_recorded(recorded_config(tmp_path, "label_first"), ("accept", "none"))
    prune(folder, Drop([(2, "gate")], 9, [], [], splits=False, meta=[]), {})
    with Busy(folder) as store:
        assert read_record(store).accepted == {1}
        assert store.results("gate").keys() == {1, 2}


def test_a_run_that_has_not_begun_is_told(tmp_path: Path) -> None:
    with Store(tmp_path / "r", write=True):
        pass
    with Store(tmp_path / "r") as store, pytest.raises(StoreError, match="has not begun"):
        read_record(store)


def test_a_run_without_candidates_is_told(tmp_path: Path) -> None:
    cfg = recorded_config(tmp_path, "label_first")
    with Store(tmp_path / "r", write=True) as store:
        store.freeze(real_data(), {"config": cfg.model_dump(mode="json")})
    with Store(tmp_path / "r") as store, pytest.raises(UserError, match="no candidates yet"):
        read_record(store)
