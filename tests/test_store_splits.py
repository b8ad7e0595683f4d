import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from selfinstruct.types import Completion, Message, Prompt, Screened
from tests.ledgers import real_data

PROMPT = Prompt((Message("user", "write"),), "a/b", "v1")


def test_the_splits_are_frozen_and_come_back(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        assert store.real_data() is None
        store.freeze(real_data())
        assert store.real_data() == real_data()
        store.commit_stage(0, "mix", {}, 1.0)
        with pytest.raises(sqlite3.IntegrityError):
            store.freeze(real_data())
        assert store.real_data() == real_data()


def test_until_a_run_has_begun_its_splits_may_be_others(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data(), {"guard": [1]})
        fewer = replace(real_data(), train=real_data().train[:1])
        store.freeze(fewer, {"guard": []})
        assert (store.real_data(), store.meta("guard")) == (fewer, [])


class Overtaken(Store):
    """A reader whose splits another process freezes anew while it reads them."""

    def meta(self, key: str) -> Any:
        found = super().meta(key)
        if key == "data":
            with Store(self.folder, write=True) as writer:
                writer.freeze(replace(real_data(), train=real_data().train[:1], duplicates=9))
        return found


def test_splits_are_read_as_they_were_at_one_moment(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data())
    with Overtaken(tmp_path) as reader:
        assert reader.real_data() == real_data()


def ask(store: Store) -> None:
    store.begin_attempts(1, 0, "m", [("k", PROMPT, 0)])


def fail(store: Store) -> None:
    ask(store)
    store.end_attempts({"k": Completion("", "error", error="connection refused")})


def answer(store: Store) -> None:
    ask(store)
    store.end_attempts({"k": Completion("yes", "stop")})


@pytest.mark.parametrize(
    ("work", "begun"),
    [
        (lambda _: None, False),
        (ask, False),  # it is asked again in any case
        (fail, False),
        (answer, True),
        (lambda store: store.commit_wave(1, 0, Screened()), True),
        (lambda store: store.commit_stage(0, "mix", {}, 1.0), True),
        (lambda store: store.set_meta("forked_from", {"run": "other"}), True),
    ],
)
def test_a_run_has_begun_when_something_hangs_on_its_splits(
    tmp_path: Path, work: Callable[[Store], None], begun: bool
) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data())
        work(store)
        assert store.has_begun() == begun


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
