from pathlib import Path

import pytest

from selfinstruct.store import Store
from selfinstruct.store.books import LAST, TICK_S
from selfinstruct.types import Completion, Message, Prompt


def prompt(words: str) -> Prompt:
    return Prompt((Message("user", words),), "t", "v")


def counts(calls: int, read: int, written: int) -> dict[str, int]:
    return {"calls": calls, "prompt_tokens": read, "completion_tokens": written}


def test_spending_is_told_by_model_and_counts_calls_that_failed_or_are_out(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "a", [(key, prompt(key), 0) for key in ("k1", "k2", "k3")])
        store.begin_attempts(1, 0, "b", [("k4", prompt("k4"), 0)])
        store.end_attempts({"k1": Completion("x", "stop", 10, 5)})
        store.end_attempts({"k2": Completion("", "error", 7, 0, error="cut")})
        found = store.books()
        assert store.spending() == found.spent
        assert store.left_open(["k1", "k3", "k5"]) == {"k3"}
        assert store.left_open([]) == frozenset()
    assert found.spent == {"a": counts(3, 17, 5), "b": counts(1, 0, 0)}
    assert (dict(found.lost), set(found.open)) == ({}, {"k3", "k4"})


def test_a_call_that_is_asked_again_adds_to_what_its_first_try_cost(tmp_path: Path) -> None:
    again = [("k1", prompt("k1"), 0)]
    with Store(tmp_path, write=True) as store:
        for read in (7, 8):
            store.begin_attempts(1, 0, "a", again)
            store.end_attempts({"k1": Completion("", "error", read, 1)})
        store.begin_attempts(1, 0, "a", again)
        store.end_attempts({"k1": Completion("x", "stop", 10, 5)})
    with Store(tmp_path) as store:
        assert store.books().lost == {"a": counts(2, 15, 2)}
        assert store.books().spent == {"a": counts(3, 25, 7)}
        assert store.spent() == counts(1, 10, 5)


def test_the_densest_prompt_is_that_of_a_models_own_answers(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        assert store.densest_prompt("a") is None
        calls = [(key, prompt(key * 10), 0) for key in ("k", "l", "m")]
        store.begin_attempts(1, 0, "a", calls)
        assert store.densest_prompt("a") is None
        written = len('[{"role": "user", "content": "kkkkkkkkkk"}]')
        store.end_attempts({"k": Completion("x", "stop", 12, 5)})
        store.end_attempts({"l": Completion("x", "stop", 6, 5)})
        store.end_attempts({"m": Completion("", "error", 24, 0)})
        assert store.densest_prompt("a") == pytest.approx(12 / written)
        assert store.densest_prompt("b") is None


def test_the_names_of_a_model_are_those_of_its_last_answers(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:

        def answer(model: str, names: list[str]) -> None:
            keys = [f"{model} {len(names)} {n}" for n in range(len(names))]
            store.begin_attempts(1, 0, model, [(key, prompt(key), 0) for key in keys])
            told = [Completion("x", "stop", 1, 1, name) for name in names]
            store.end_attempts(dict(zip(keys, told, strict=True)))

        answer("a", ["m-1", "m-2", "m-1", ""])
        answer("b", ["m-9"])
        assert list(store.served_lately("a")) == ["m-1", "m-2"]
        answer("a", ["m-3"] * LAST)
        assert list(store.served_lately("a")) == ["m-3"]
        assert list(store.served_lately("c")) == []


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_time_worked_adds_up_over_processes_and_stands_still_between_them(tmp_path: Path) -> None:
    clock = Clock()
    with Store(tmp_path, write=True, now=clock) as store:
        clock.now += 50
        store.commit_stage(0, "train", {}, 50.0)
        assert store.worked() == 50
    clock.now += 1000
    with Store(tmp_path, now=clock) as reader:
        clock.now += 1
        assert reader.worked() == 50
    with Store(tmp_path, write=True, now=clock) as store:
        clock.now += 7
        assert store.worked() == 57


def test_a_stage_that_is_killed_has_worked_all_the_same(tmp_path: Path) -> None:
    clock = Clock()
    with Store(tmp_path, write=True, now=clock) as store:
        for _ in range(100):  # a stage of 100 s that never ends
            clock.now += 1
            store.tick()
    with Store(tmp_path) as store:
        assert 100 - TICK_S < store.worked() <= 100


def test_a_run_older_than_the_clock_begins_with_its_finished_stages(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.commit_stage(0, "mix", {}, 20.0)
        store.commit_stage(0, "train", {}, 400.0)
        store._db.execute("DELETE FROM meta WHERE key = 'worked_s'")
    with Store(tmp_path) as store:
        assert store.worked() == 420
