"""The doubt whether new rows have their labels, on the tiny student and a real ledger."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.progress import Progress
from selfinstruct.stages import doubting
from selfinstruct.store import Store
from selfinstruct.types import Example, RealData
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")


def labelled(split: str, count: int) -> tuple[Example, ...]:
    return tuple(
        Example("Name it.", f"{split} text {n}", "reply", label="ab"[n % 2]) for n in range(count)
    )


def freeze(store: Store) -> None:
    rest = (labelled("gate", 6), labelled("final", 3))
    store.freeze(RealData(labelled("train", 12), labelled("dev", 14), *rest))


MADE = tuple(labelled("made", 13))
TARGET: dict[str, Any] = {"task": {"system": "Sort.", "target": "label"}}


def test_the_control_is_asked_once_for_new_and_dev_rows_and_it_is_told(
    tiny_base: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        freeze(store)
        here = setting(tiny_base, store, heard.append, **TARGET, watch={"label_rows": 12})
        (signal,) = doubting.doubt(here, 1, MADE, here.base)
        assert (signal.name, signal.of) == ("label_agreement", "synthetic")
        assert (heard[-1].stage, heard[-1].done, heard[-1].total) == ("labels", 24, 24)
        assert "real-only finds the one asked for in" in heard[-1].note
        stored = store.stage(1, "labels")
        assert stored is not None
        assert sum(each["rows"] for each in stored["by_label"]) == 12
        heard.clear()
        assert doubting.doubt(here, 1, MADE, here.base) == (signal,)
        assert heard == []


@pytest.mark.parametrize(
    "sections",
    [
        {**TARGET, "watch": {"enabled": False}},
        {**TARGET, "watch": {"label_rows": 0}},
        {**TARGET, "filters": {"quality": {"label_agreement": {"by": "champion"}}}},
        {"task": {"system": "Sort.", "target": "response"}},
    ],
)
def test_nobody_looks_where_it_is_off_or_would_say_nothing(
    tiny_base: Path, tmp_path: Path, sections: dict[str, Any]
) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        freeze(store)
        here = setting(tiny_base, store, heard.append, **sections)
        assert doubting.doubt(here, 1, MADE, here.base) == ()
        assert heard == []
        assert store.stage(1, "labels") is None


def test_rows_without_a_label_are_not_looked_at(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        freeze(store)
        here = setting(tiny_base, store, **TARGET)
        plain = tuple(replace(row, label=None) for row in MADE)
        assert doubting.doubt(here, 1, plain, here.base) == ()
        assert store.stage(1, "labels") is None


def test_a_run_that_ended_before_there_was_this_doubt_stays_as_it_is(
    tiny_base: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        freeze(store)
        here = setting(tiny_base, store, heard.append, **TARGET)
        store.commit_stage(0, "finish", {}, 1.0)
        assert doubting.doubt(here, 1, MADE, here.base) == ()
        assert heard == []


def test_the_same_dev_rows_are_asked_in_every_round(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        freeze(store)
        here = setting(tiny_base, store, **TARGET, watch={"label_rows": 10})
        first, second = (doubting.doubt(here, index, MADE, here.base) for index in (1, 2))
        assert [signal.real for signal in first] == [signal.real for signal in second]
