import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.chat import conversation
from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.export.facts import Facts, read_facts
from selfinstruct.export.formats import (
    TRAINING,
    Format,
    as_jsonl,
    file_name,
    require_fit,
    tabulate,
)
from selfinstruct.export.lines import Line, lines_of
from selfinstruct.seeds import read_examples
from selfinstruct.store import Store
from selfinstruct.types import Example, Message
from tests.exported import HOSTILE, write_exported

TALK = Example(
    "And now?",
    response="Now it is paid.",
    label="fee",
    turns=(Message("user", "Hello, é 你"), Message("assistant", "Yes?")),
    origin="synthetic",
    round=1,
    attempt="call-1",
    license="MIT",
)


def pool(tmp_path: Path, *extra: Example, target: str = "label_and_response") -> Any:
    task = {"target": target, "system": "Be kind."}
    with Store(write_exported(tmp_path / "t", extra=extra, task=task)) as store:
        facts = read_facts(store)
        return lines_of(store, facts, "pool", None), facts


def write(tmp_path: Path, lines: tuple[Line, ...], facts: Facts, form: Format) -> Path:
    path = tmp_path / file_name("pool", form)
    path.write_bytes(as_jsonl(tabulate(lines, facts, form).rows))
    return path


def test_jsonl_is_read_back_as_the_same_rows(tmp_path: Path) -> None:
    lines, facts = pool(tmp_path, TALK)
    path = write(tmp_path, lines, facts, "jsonl")
    read = read_examples(SeedsConfig(path=str(path)), tmp_path)
    rows = [line.row for line in lines]
    assert [row.id for row in read.examples] == [row.id for row in rows]
    for field in ("license", "source", "label", "turns", "instruction", "input", "response"):
        want = [
            getattr(row, field) or getattr(back, field)
            for row, back in zip(rows, read.examples, strict=True)
        ]
        assert [getattr(row, field) for row in read.examples] == want


@pytest.mark.parametrize("form", TRAINING)
@pytest.mark.parametrize("target", ["response", "label_and_response", "label"])
def test_what_is_read_back_teaches_the_very_conversation_that_the_student_learns(
    tmp_path: Path, form: Format, target: Any
) -> None:
    lines, facts = pool(tmp_path, TALK, target=target)
    path = write(tmp_path, lines, facts, form)
    read = read_examples(SeedsConfig(path=str(path)), tmp_path)
    theirs = [conversation(row, "response", "Be kind.") for row in read.examples]
    assert theirs == [conversation(line.row, target, "Be kind.") for line in lines]


@pytest.mark.parametrize("form", ["jsonl", *TRAINING])
def test_datasets_reads_the_same_rows(tmp_path: Path, form: Format) -> None:
    import datasets

    lines, facts = pool(tmp_path, TALK, HOSTILE)
    path = write(tmp_path, lines, facts, form)
    found = datasets.load_dataset(
        "json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert list(found) == list(tabulate(lines, facts, form).rows)


def test_the_same_rows_are_the_same_bytes_and_each_has_every_key(tmp_path: Path) -> None:
    lines, facts = pool(tmp_path, TALK)
    once = as_jsonl(tabulate(lines, facts, "jsonl").rows)
    assert once == as_jsonl(tabulate(lines, facts, "jsonl").rows)
    keys = {tuple(json.loads(line)) for line in once.decode().split("\n") if line}
    assert len(keys) == 1
    assert "你".encode() in once


def test_lone_surrogates_are_replaced_and_counted_and_nothing_else_changes(tmp_path: Path) -> None:
    lines, facts = pool(tmp_path, HOSTILE)
    table = tabulate(lines, facts, "jsonl")
    row = json.loads(as_jsonl(table.rows).decode().strip().split("\n")[6])
    assert table.replaced == 1
    assert row["id"] == HOSTILE.id
    assert row["response"] == HOSTILE.response.replace("\ud800", "\ufffd")
    assert (row["input"], row["label"], row["license"]) == (
        HOSTILE.input,
        HOSTILE.label,
        HOSTILE.license,
    )


@pytest.mark.parametrize("form", TRAINING)
def test_rejects_are_not_to_be_trained_on(form: Format) -> None:
    with pytest.raises(UserError, match="a form to train on"):
        require_fit("rejects", form)
    require_fit("rejects", "parquet")
    require_fit("pool", form)
