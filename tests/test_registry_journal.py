"""Histories: lines that stay, and what is noticed when they do not."""

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.prompting import Source, Template
from selfinstruct.registry.journal import (
    Move,
    Version,
    alone,
    append,
    journal_of,
    load_version,
    names_in,
    read_journal,
    store_sources,
    unclaimed,
)


def version(number: int, **sources: str) -> Version:
    return Version(number, "0" * 12, sources, "why", "me", "2026-11-30T00:00:00Z")


def move(number: int, before: int | None = None) -> Move:
    return Move("production", number, before, "", "me", "2026-11-30T00:00:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = journal_of(tmp_path, "weiß/a.j2")
    for entry in (version(1), move(1), version(2), move(2, 1)):
        append(path, entry)
    return path


def test_what_was_added_is_read_in_order(path: Path, tmp_path: Path) -> None:
    assert read_journal(path) == (version(1), move(1), version(2), move(2, 1))
    assert names_in(tmp_path) == ["weiß/a.j2"]
    assert read_journal(path.with_name("none.jsonl")) == ()
    first = json.loads(path.read_text(encoding="utf-8").split("\n")[0])
    assert {key: value for key, value in first.items() if key != "seal"} == asdict(version(1))


def lines(change: Callable[[list[str]], object]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        rows = text.split("\n")
        change(rows)
        return "\n".join(rows)

    return changed


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lines(lambda rows: rows.pop(0)), 1),
        (lines(lambda rows: rows.pop(1)), 2),
        (lines(lambda rows: rows.insert(1, rows.pop(2))), 2),
        (lambda text: text.replace('"why"', '"because"', 1), 1),
        (lambda text: text.replace('"before": 1', '"before": 2'), 4),
        (lambda text: text.replace('"number": 2', '"number": 3', 1), 3),
        (lambda text: text[:-9], 4),
        (lambda text: text[:-1], 4),
        (lambda text: text + "<<<<<<< HEAD\n", 5),
        (lambda text: text + "[]\n", 5),
        (lambda text: text + '{"kind": "other", "seal": ""}\n', 5),
        (lambda text: text + "\n", 5),
        (lambda text: text.replace("{", "[" * 100_000, 1), 1),
    ],
)
def test_an_edited_history_is_refused_at_its_line(
    path: Path, change: Callable[[str], str], line: int
) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(StoreError) as raised:
        read_journal(path)
    assert str(raised.value).startswith(f"{path}:{line}: ")
    assert "git checkout" in raised.value.next_step


def test_a_history_that_is_no_text_is_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(StoreError, match="cannot be read"):
        read_journal(path)


def test_a_version_is_loaded_as_it_was_and_never_otherwise(tmp_path: Path) -> None:
    sources = {"a.j2": Source("one\n", "x"), "b.j2": Source("two", "y")}
    template = Template("a.j2", sources)
    stored = version(1, **store_sources(tmp_path, template))
    found = load_version(tmp_path, "a.j2", stored)
    assert found.version == template.version
    assert unclaimed(tmp_path, [stored]) == []
    assert len(unclaimed(tmp_path, [])) == 2
    file = Path(found.sources["b.j2"].file)
    file.write_text("changed")
    with pytest.raises(StoreError, match="was edited"):
        load_version(tmp_path, "a.j2", stored)
    file.unlink()
    with pytest.raises(StoreError, match="is gone"):
        load_version(tmp_path, "a.j2", stored)


def add_moves(folder: str) -> None:
    path = journal_of(Path(folder), "a.j2")
    for _ in range(10):
        with alone(Path(folder)):
            append(path, move(len(read_journal(path)) + 1))


def test_of_two_that_add_at_once_no_line_is_lost(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(add_moves, [str(tmp_path)] * 3))
    found = read_journal(journal_of(tmp_path, "a.j2"))
    assert [entry.number for entry in found] == list(range(1, 31))
