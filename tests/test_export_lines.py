import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.apart import set_apart
from selfinstruct.config import ContaminationConfig
from selfinstruct.errors import StoreError, UserError
from selfinstruct.export.facts import read_facts
from selfinstruct.export.lines import (
    What,
    champion_round,
    columns,
    learned_rows,
    lines_of,
    mixture_of,
)
from selfinstruct.store import Store
from selfinstruct.types import Example
from tests.exported import DATA, MIXED, made, write_exported

HELD_OUT = {row.id for row in (*DATA.dev, *DATA.gate, *DATA.final)}


@pytest.mark.parametrize(
    ("what", "index", "wanted"),
    [
        ("pool", None, (*made(1), *made(2))),
        ("pool", 2, made(2)),
        ("mixture", None, (*DATA.train, *made(1)[:MIXED])),  # the champion's
        ("mixture", 2, (*DATA.train, *made(2)[:MIXED])),
        ("mixture", 0, DATA.train),
    ],
)
def test_rows_come_in_order_and_none_is_held_out(
    tmp_path: Path, what: What, index: int | None, wanted: tuple[Example, ...]
) -> None:
    with Store(write_exported(tmp_path / "t")) as store:
        lines = lines_of(store, read_facts(store), what, index)
    assert tuple(line.row for line in lines) == wanted
    assert not HELD_OUT & {line.row.id for line in lines}


def test_rows_bring_where_they_come_from(tmp_path: Path) -> None:
    with Store(write_exported(tmp_path / "t")) as store:
        facts = read_facts(store)
        first = columns(lines_of(store, facts, "pool", None)[0], facts)
        real = columns(lines_of(store, facts, "mixture", None)[0], facts)
    assert first == {
        "id": made(1)[0].id,
        "origin": "synthetic",
        "label": "refund",
        "kind": None,
        "round": 1,
        "gate": "accept",
        "person": None,
        "recipe": "label_first",
        "template": "label_first/question.j2",
        "prompt_version": "v1",
        "attempt": "call-1",
        "request": None,
        "parents": [DATA.train[0].id],
        "depth": 1,
        "license": "MIT",
        "source": "recipe:label_first",
        "group": None,
        "scores": [{"name": "rubric", "value": 4.0, "source": "judge", "detail": "fine"}],
    }
    assert (real["origin"], real["round"], real["gate"], real["attempt"]) == ("real", 0, None, None)


def test_rejects_bring_what_dropped_them_and_no_personal_data(tmp_path: Path) -> None:
    with Store(write_exported(tmp_path / "t")) as store:
        facts = read_facts(store)
        lines = lines_of(store, facts, "rejects", 1)
        found = [columns(line, facts) for line in lines]
    named = ("reason", "value", "value_text", "threshold", "threshold_text", "neighbour")
    assert [tuple(row[name] for name in named) for row in found] == [
        ("too_similar", 0.9, None, 0.7, None, DATA.train[0].id),
        ("contaminated", None, "gate 0 about", 8.0, None, DATA.gate[0].id),
        ("personal_data", None, "email", None, None, None),
    ]
    assert lines[2].row.input == "I am [EMAIL_1]"


def test_the_control_is_champion_where_nothing_was_accepted(tmp_path: Path) -> None:
    with Store(write_exported(tmp_path / "t", ("reject",))) as store:
        facts = read_facts(store)
        assert champion_round(facts) == 0
        assert learned_rows(store, facts) == frozenset()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_text("{"), "cannot be read"),
        (lambda path: path.write_text(path.read_text().replace("train 1", "x")), "does not hold"),
        (lambda path: path.write_text(path.read_text().split("\n", 1)[1]), "does not hold"),
    ],
)
def test_a_mixture_that_is_not_what_was_trained_on_is_refused(
    tmp_path: Path, change: Callable[[Path], object], told: str
) -> None:
    run = write_exported(tmp_path / "t")
    change(run / "rounds/1/mixture.jsonl")
    with Store(run) as store, pytest.raises(StoreError, match=told):
        lines_of(store, read_facts(store), "mixture", None)


def test_what_the_file_says_beside_the_words_counts_for_nothing(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    path = run / "rounds/1/mixture.jsonl"
    rows = [{**json.loads(line), "license": "CC0-1.0"} for line in path.read_text().splitlines()]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with Store(run) as store:
        lines = lines_of(store, read_facts(store), "mixture", None)
    assert {line.row.license for line in lines} == {"MIT"}


def test_a_held_out_row_that_was_kept_is_damage_and_leaves_in_no_export(tmp_path: Path) -> None:
    leaked = DATA.gate[1]
    run = write_exported(tmp_path / "t", extra=[leaked])
    with Store(run) as store, pytest.raises(StoreError, match="which is a held-out row"):
        lines_of(store, read_facts(store), "pool", None)


@pytest.mark.parametrize(("what", "index"), [("pool", 0), ("pool", 3), ("mixture", 9)])
def test_a_round_that_is_not_there_is_named(tmp_path: Path, what: What, index: int) -> None:
    with Store(write_exported(tmp_path / "t")) as store, pytest.raises(UserError) as error:
        lines_of(store, read_facts(store), what, index)
    assert f"no {what} of round {index}" in str(error.value)


@pytest.mark.parametrize(
    ("outcomes", "index", "found", "told"),
    [
        (("reject",), None, 0, "real-only learned from, the control"),
        (("reject",), None, 0, "since no round of this run was accepted"),
        (("reject",), None, 0, "There are others: --round 1 (REJECTED)."),
        (("reject",), 1, 1, "round-1 learned from, which its gate calls REJECTED"),
        (("reject",), 1, 1, "the champion is real-only. There are others: --round 0 (the control)"),
        (("accept", "inconclusive"), None, 1, "It is champion, the last that was accepted"),
        (("accept", "inconclusive"), None, 1, "--round 0 (the control), --round 2 (INCONCLUSIVE)"),
        (("accept", None), 2, 2, "round-2 learned from, which its gate calls NOT JUDGED YET"),
    ],
)
def test_whose_mixture_it_is_and_why_is_told(
    tmp_path: Path, outcomes: tuple[Any, ...], index: int | None, found: int, told: str
) -> None:
    with Store(write_exported(tmp_path / "t", outcomes)) as store:
        whose = mixture_of(read_facts(store), index)
    assert whose.round == found
    assert told in whose.why


def test_the_pool_is_without_the_stress_set_and_what_is_near_to_it(tmp_path: Path) -> None:
    words = "my card was charged twice for the yearly plan and nobody answers my"
    apart, near = (replace(made(1)[0], input=f"{words} {end}") for end in ("mails", "calls"))
    with Store(write_exported(tmp_path / "t", extra=[apart, near]), write=True) as store:
        whole = {line.row.id for line in lines_of(store, read_facts(store), "pool", None)}
        set_apart(store, [apart], ContaminationConfig())
        facts = read_facts(store)
        left = {line.row.id for line in lines_of(store, facts, "pool", None)}
    assert whole - left == {apart.id, near.id}
    assert facts.apart == {apart.id}
