import json
import sqlite3
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from tests.ledgers import real_data


def test_the_splits_are_frozen_and_come_back(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        assert store.real_data() is None
        store.freeze(real_data())
        assert store.real_data() == real_data()
        with pytest.raises(sqlite3.IntegrityError):
            store.freeze(real_data())


def test_a_changed_split_is_noticed(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data())
    db = sqlite3.connect(tmp_path / "run.db")
    body = json.dumps({"instruction": "another", "response": "x"})
    db.execute("UPDATE real SET body = ? WHERE split = 'gate' AND position = 0", (body,))
    db.commit()
    db.close()
    with Store(tmp_path) as store, pytest.raises(StoreError, match="frozen splits"):
        store.real_data()


def test_the_splits_and_what_the_run_is_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        with pytest.raises(TypeError):
            store.freeze(real_data(), {"identity": {"seed": 1}, "guard": object()})
        assert store.real_data() is None
        store.freeze(real_data(), {"identity": {"seed": 1}})
        assert (store.real_data(), store.meta("identity")) == (real_data(), {"seed": 1})
        with pytest.raises(TypeError):
            store.update_meta({"identity": {"seed": 2}, "config": object()})
        assert store.meta("identity") == {"seed": 1}
