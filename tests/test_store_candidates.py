import sqlite3
from pathlib import Path

import pytest

from selfinstruct.store import Store
from selfinstruct.types import Completion, Message, Prompt, Screened
from tests.ledgers import real_data, screened


def test_a_wave_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        assert store.wave(1, 0) is None
        store.commit_wave(1, 0, screened())
        store.commit_wave(1, 1, Screened())
        assert store.wave(1, 0) == screened()
        assert store.wave(1, 1) == Screened()
        assert store.screened(1) == screened()
        assert store.screened(2) == Screened()
        assert store.reasons(1) == {"too_similar": 1}
        assert list(store.rejections("too_similar")) == [(1, screened().rejected[0])]
        with pytest.raises(sqlite3.IntegrityError):
            store.commit_wave(1, 0, Screened())
        assert store.wave(1, 0) == screened()


def test_a_row_is_found_by_the_first_digits_of_its_id(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data())
        store.commit_wave(1, 0, screened())
        kept = screened().accepted[0]
        assert [row["id"] for row in store.find(kept.id[:6])] == [kept.id]
        assert store.find(real_data().gate[0].id)[0]["split"] == "gate"
        assert len(store.find("")) == 10
        assert store.find("%") == []


def test_what_was_measured_of_a_row_is_found_by_its_id(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.commit_wave(1, 0, screened())
        kept, dropped = screened().accepted[0], screened().rejected[0].what
        assert store.scores_of(kept.id) == list(screened().scores)
        assert store.scores_of(dropped.id) == []


def test_committed_waves_are_listed_in_order(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        assert store.waves() == []
        for place in ((2, 0), (1, 1), (1, 0)):
            store.commit_wave(*place, screened())
        assert store.waves() == [(1, 0), (1, 1), (2, 0)]


def test_the_rounds_that_anything_was_asked_for_have_calls_or_waves(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        assert store.rounds_asked() == []
        for place in ((2, 0), (4, 0), (4, 1)):
            store.commit_wave(*place, Screened())
        for index in (3, 1, 2):
            prompt = Prompt((Message("user", "ask"),), "few_shot/task", f"v{index}")
            store.begin_attempts(index, 0, "m", [(f"call-{index}", prompt, 0)])
        assert store.rounds_asked() == [1, 2, 3, 4]
        store.end_attempts({key: Completion("text", "stop") for key in ("call-3", "call-1")})
        found = {count: store.rounds_asked(count) for count in range(4)}
        assert found == {0: [1, 2, 3, 4], 1: [1, 2, 4], 2: [2, 4], 3: [2, 4]}
