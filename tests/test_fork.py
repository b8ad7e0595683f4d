"""A run begun from another: what it keeps, what it does again, and that both come to the same."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.audit import audit
from selfinstruct.errors import StoreError, UserError
from selfinstruct.files import digest_tree
from selfinstruct.fork import Settings, fork
from selfinstruct.lock import lock
from selfinstruct.runs import Run
from selfinstruct.store import Store
from selfinstruct.summary import read_summary
from selfinstruct.types import Progress, Request
from tests.scripted_teacher import answer
from tests.small_run import Bench, write_seeds

pytestmark = pytest.mark.usefixtures("one_thread")

ASKED: list[int] = []
"""How many requests each call of the teacher below brought it."""


def counting(requests: Sequence[Request]) -> Iterator[str]:
    """The scripted teacher, which a test asks how often it was asked."""
    ASKED.append(len(requests))
    yield from answer(requests)


TEACHER = {"backend": "program", "name": "tests.test_fork:counting"}


@pytest.fixture(scope="module")
def bench(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """With a finished run `t` of two rounds, which nobody writes to."""
    out = tmp_path_factory.mktemp("forks")
    found = Bench(tiny_base, write_seeds(out / "seeds.jsonl"), out)
    Run(found.config(teacher=TEACHER)).execute()
    return found


def forked(bench: Bench, name: str, **sections: Any) -> tuple[Run, dict[str, Any]]:
    run, about = Run(bench.config(**{"teacher": TEACHER, **sections})).fork(name)
    assert about is not None
    return run, about


def comparable(outcome: dict[str, Any]) -> dict[str, Any]:
    """What two runs of the same settings share, whatever they had paid for and looked at before."""
    for entry in outcome["rounds"]:
        if entry["gate"]:
            entry["gate"].pop("look")
    return {key: value for key, value in outcome.items() if key != "spent"}


CHANGES: dict[str, dict[str, Any]] = {
    "gate": {"gate": {"alpha": 0.5, "min_gain": 0.0, "min_rows": 2}},
    "mixture": {"mixture": {"synthetic_share": 0.4}},
    "filters": {"filters": {"heuristics": {"max_response_words": 7}}},
}
MORE_CHANGES: dict[str, dict[str, Any]] = {
    "repeat": {"mixture": {"synthetic_share": 0.25, "repeat": 2}},
    "evaluate": {"evaluate": {"max_new_tokens": 6, "metrics": ["exact_match"]}},
    "guard": {"guard": {"rows": 5}},
    "no guard": {"guard": {"path": None}},
    "watch": {"watch": {"band": 0.5}},
    "no watch": {"watch": {"enabled": False}},
    "more rounds": {"rounds": {"max": 3, "patience": 3}},
    "less patience": {"rounds": {"max": 2, "patience": 1}},
    "task": {"task": {"system": "Answer kindly."}},
    "seed": {"seed": 1},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_fork_comes_to_what_a_run_begun_anew_comes_to(
    bench: Bench, tiny_base: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    run, _ = forked(bench, tmp_path.name, **change)
    run.execute()
    anew = Bench(tiny_base, bench.seeds, tmp_path)
    Run(anew.config(**{"teacher": TEACHER, **change})).execute()
    assert comparable(bench.outcome(tmp_path.name)) == comparable(anew.outcome())
    assert [finding for finding in audit(run.folder) if not finding.ok] == []


@pytest.mark.slow
@pytest.mark.parametrize("change", MORE_CHANGES.values(), ids=MORE_CHANGES)
def test_so_it_does_whatever_has_changed(
    bench: Bench, tiny_base: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    test_a_fork_comes_to_what_a_run_begun_anew_comes_to(bench, tiny_base, tmp_path, change)
