"""The tables that SQLite keeps by itself say what the rows say, however they came or went."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.rows import from_example
from selfinstruct.store import Store
from selfinstruct.store.carry import Drop, prune
from selfinstruct.store.database import connect
from selfinstruct.store.lookup import REVIEWED
from selfinstruct.types import Example, Message, Mixture, Rejection, Screened
from tests.finished import KEPT, write_run
from tests.golden_ledger import write_ledger
from tests.ledgers import real_data, screened


def known(folder: Path) -> list[dict[str, Any]]:
    with closing(connect(folder / "run.db", write=False)) as db:
        return db.execute("SELECT * FROM facts ORDER BY doc").fetchall()


def unnumbered(folder: Path) -> list[str]:
    """All facts but for the order they came in, which differs where splits came in theirs."""
    return sorted(json.dumps({**fact, "doc": None}) for fact in known(folder))


def holding(folder: Path, query: str) -> list[str]:
    with closing(connect(folder / "run.db", write=False)) as db:
        found = db.execute(
            "SELECT id FROM facts WHERE doc IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
            " ORDER BY doc",
            (query,),
        )
        return [row["id"] for row in found]


def test_every_row_has_its_facts_and_words(tmp_path: Path) -> None:
    write_run(tmp_path)
    facts = known(tmp_path)
    with Store(tmp_path) as store:
        rows = store.find("")
    assert sorted(fact["id"] for fact in facts) == sorted(row["id"] for row in rows)
    kept = next(fact for fact in facts if fact["id"] == KEPT.id)
    told = {name: kept[name] for name in ("round", "wave", "label", "prompt", "words", "reason")}
    assert told == {
        "round": 1,
        "wave": 0,
        "label": "charged twice",
        "prompt": "label_first/question@v1",
        "words": 10,
        "reason": None,
    }
    dropped = next(fact for fact in facts if fact["reason"] is not None)
    assert (dropped["value"], dropped["attempt"], dropped["words"]) == (0.9, "call-1", 5)
    assert holding(tmp_path, "text : charged") == [KEPT.id]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("one", 1), ("  two   words\n\n", 2), ("a\tb\r\nc", 3), ("a\x01b", 1)],
)
def test_words_are_counted_as_python_splits_them(tmp_path: Path, text: str, words: int) -> None:
    row = Example("", "", text, origin="synthetic", round=1)
    with Store(tmp_path, write=True) as store:
        store.commit_wave(1, 0, Screened((row,), ()))
    assert known(tmp_path)[0]["words"] == words


def test_turns_are_words_too_and_parents_are_not(tmp_path: Path) -> None:
    turns = (Message("user", "first"), Message("assistant", "second"))
    row = Example("third", response="fourth", turns=turns, parents=("aa11", "bb22"), round=1)
    why = Rejection(Example("fifth", parents=("aa11",)), "repeated_turn", "turn 3")
    with Store(tmp_path, write=True) as store:
        store.commit_wave(1, 0, Screened((row,), (why,)))
    assert holding(tmp_path, 'text : "first second fourth"') == [row.id]
    assert holding(tmp_path, 'text : "second first"') == []
    assert holding(tmp_path, "text : (first AND second AND third AND fourth)") == [row.id]
    assert holding(tmp_path, "text : aa11") == []
    assert holding(tmp_path, 'parents : "aa11"') == [row.id, why.what.id]
    assert [fact["value"] for fact in known(tmp_path)] == [None, "turn 3"]


def test_what_is_deleted_is_known_no_longer(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(real_data())
        store.commit_wave(1, 0, screened())
        store.commit_wave(2, 0, screened())
    prune(tmp_path, Drop([], 1, [], [], splits=True, meta=[]), {})
    assert {(fact["round"], fact["split"]) for fact in known(tmp_path)} == {(1, None)}
    kept = screened().accepted[0].id
    assert holding(tmp_path, "text : new") == [kept]
    assert holding(tmp_path, "text : question") == []


@pytest.mark.parametrize("version", [1, 3, 4])
def test_an_older_ledger_is_filled_as_if_it_had_been_written_now(
    tmp_path: Path, version: int
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    write_ledger(old / "run.db", version)
    with closing(sqlite3.connect(old / "run.db")) as db:
        real = db.execute("SELECT * FROM real ORDER BY split, position").fetchall()
        made = db.execute("SELECT * FROM candidates ORDER BY round, wave, position").fetchall()
        calls = db.execute("SELECT * FROM prompts").fetchall()
        asked = db.execute("SELECT key, round, wave, prompt, model FROM attempts").fetchall()
        stages = db.execute("SELECT * FROM stages ORDER BY rowid").fetchall()
    connect(old / "run.db", write=True).close()
    with closing(connect(new / "run.db", write=True)) as db:
        db.executemany("INSERT INTO prompts VALUES (?, ?, ?, ?, ?)", calls)
        db.executemany(
            "INSERT INTO attempts (key, round, wave, prompt, model, sample, state, started)"
            " VALUES (?, ?, ?, ?, ?, 0, 'done', 0.0)",
            asked,
        )
        db.executemany("INSERT INTO real VALUES (?, ?, ?, ?)", real)
        db.executemany("INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        db.executemany("INSERT INTO stages VALUES (?, ?, ?, ?)", stages)
    assert unnumbered(old) == unnumbered(new)
    assert {"label_first/question@v1"} <= {fact["prompt"] for fact in known(old)}
    assert len([fact for fact in known(old) if fact["wave"] == REVIEWED]) == (version == 4)
    for query in ("text : ticket", "text : charged"):
        assert sorted(holding(old, query)) == sorted(holding(new, query)) != []


def test_half_a_character_in_a_stored_row_harms_nothing(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "run.db", write=True)) as db:
        body = json.dumps({"instruction": "half \ud83d here \0 end", "origin": "real", "depth": 0})
        db.execute("INSERT INTO real VALUES ('train', 0, 'x', ?)", (body,))
    assert holding(tmp_path, "text : here") == ["x"]
    assert [fact["id"] for fact in known(tmp_path)] == ["x"]


def test_the_facts_of_a_mixture_go_with_its_stage(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.commit_mixture(1, Mixture((KEPT, KEPT), 0.5, 0.5), 1.0)
        assert store.times_mixed(1, [KEPT.id, "other"]) == 2
        assert store.mixture(1) == [KEPT.id]
    prune(tmp_path, Drop([(1, "mix")], 9, [], [], splits=False, meta=[]), {})
    with Store(tmp_path) as store:
        assert not store.mixed(1)


def test_edited_rows_come_and_go_with_the_review_of_their_round(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.commit_wave(1, 0, Screened((KEPT,), ()))
        for index, words in ((1, ("first wording", "second one")), (2, ("third wording",))):
            made = [replace(KEPT, input=each, parents=(KEPT.id,), round=index) for each in words]
            rows = [{"id": KEPT.id, "row": from_example(each)} for each in made]
            store.commit_stage(index, "review", {"edited": rows}, 1.0)
        found = store.examples("fate=edited", "wording").rows
        assert [(row["round"], row["row"]["input"]) for row in found] == [
            (1, "first wording"),
            (2, "third wording"),
        ]
        assert store.examples("text ~ 'SECOND'").total == 1
        assert store.examples("fate=accepted").total == 1
        assert [row["wave"] for row in store.find(found[1]["id"])] == [REVIEWED]
    assert len(holding(tmp_path, f'parents : "{KEPT.id}"')) == 3
    prune(tmp_path, Drop([(1, "review")], 9, [], [], splits=False, meta=[]), {})
    assert [fact["round"] for fact in known(tmp_path) if fact["wave"] == REVIEWED] == [2]
    assert len(holding(tmp_path, f'parents : "{KEPT.id}"')) == 1
    assert holding(tmp_path, "text : wording") == [found[1]["id"]]
