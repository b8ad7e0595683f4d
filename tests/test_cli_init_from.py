import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.init_from import LARGE, look_at
from selfinstruct.errors import UserError
from tests.test_cli_init import TEXTS, put

SAID = {"role": "assistant", "content": "We look."}


def asked(text: str, *more: dict[str, Any], role: str = "user") -> dict[str, Any]:
    return {"messages": [*more, {"role": role, "content": text}, SAID]}


def test_what_reads_a_file_is_settled_with_its_reasons(tmp_path: Path) -> None:
    rows = [
        {
            "message": f"<p>{text}</p>" if n % 3 == 0 else text,
            "topic": ("late parcel", "Late Parcel", "fee")[n % 3],
            "answer": "" if n < 4 else f"We look for {n}.",
        }
        for n, text in enumerate(TEXTS)
    ]
    found = look_at(put(tmp_path, "a.csv", rows))
    assert found.settings == {
        "columns": {"input": "message", "label": "topic", "response": "answer"},
        "instruction": "Name the topic of this message, then write the reply.",
        "html": "text",
        "rename_labels": {"late parcel": "Late Parcel"},
        "require": ["response"],
    }
    assert found.reasons["html"].startswith("10 of 30 rows hold HTML")
    assert found.reasons["require"].startswith("of 30 rows 4 have no response")
    assert (len(found.read.examples), found.read.incomplete) == (26, 4)
    assert found.after.html == 0


def test_conversations_are_mended_and_what_cannot_be_is_skipped(tmp_path: Path) -> None:
    talks = [asked(text) for text in TEXTS]
    talks[3] = asked(TEXTS[3], SAID)
    talks[5] = asked("x", role="tool")
    found = look_at(put(tmp_path, "a.jsonl", talks))
    assert found.settings == {"mend_turns": True, "skip_bad": True}
    assert found.reasons["mend_turns"].startswith("in 1 conversations")
    assert found.reasons["skip_bad"].startswith("1 of 30 rows cannot be used")
    assert (found.read.mended, found.read.skipped, len(found.read.examples)) == (1, 1, 29)


def test_rows_that_are_sound_need_no_settings(tmp_path: Path) -> None:
    rows = [{"instruction": text, "response": "We look."} for text in TEXTS]
    assert look_at(put(tmp_path, "a.jsonl", rows)).settings == {}


def test_replies_that_most_rows_lack_are_not_required(tmp_path: Path) -> None:
    rows = [
        {"text": text, "label": ("a", "b")[n % 2], "reply": "We look." if n < 5 else ""}
        for n, text in enumerate(TEXTS)
    ]
    assert "require" not in look_at(put(tmp_path, "a.csv", rows)).settings


def test_an_encoding_is_proposed_with_the_line_that_shows_it(tmp_path: Path) -> None:
    rows = [{"text": f"{text} für 5 £", "label": ("a", "b")[n % 2]} for n, text in enumerate(TEXTS)]
    file = put(tmp_path, "a.csv", rows)
    file.write_bytes(file.read_text(encoding="utf-8").encode("cp1252"))
    found = look_at(file)
    assert found.settings["encoding"] == "cp1252"
    assert "kunder nost für 5 £,a'. Is that right?" in found.reasons["encoding"]
    named = look_at(file, "latin-1")
    assert named.settings["encoding"] == "latin-1"
    file.write_bytes(b"text,label\n\x81\x9d,a\n")
    with pytest.raises(UserError, match=r"a\.csv:2: not UTF-8"):
        look_at(file)


def test_a_first_line_that_is_a_row_is_refused(tmp_path: Path) -> None:
    rows = [{"where is it": text, "late": ("late", "lost")[n % 2]} for n, text in enumerate(TEXTS)]
    with pytest.raises(UserError, match="'late' also stands in its own column, 15 times") as caught:
        look_at(put(tmp_path, "a.csv", rows))
    assert "text,label" in caught.value.next_step


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": 1, "parts": [{"body": "a"}]}], "put those of 'parts' there, each with role"),
        ([{"id": 1, "n": 2}], "name the columns text, label and response"),
    ],
)
def test_where_nothing_says_which_column_is_the_text_people_are_asked(
    tmp_path: Path, rows: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        look_at(put(tmp_path, "a.jsonl", rows * 2))
    assert words in caught.value.next_step


def test_an_empty_file_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n")
    with pytest.raises(UserError, match="holds no rows"):
        look_at(tmp_path / "a.csv")


def test_held_out_rows_of_a_large_file_are_capped(tmp_path: Path) -> None:
    rows = [
        {"text": f"the {n} parcels", "label": ("a", "b", "c", "d")[n % 4]} for n in range(LARGE + 1)
    ]
    found = look_at(put(tmp_path, "a.csv", rows))
    assert found.settings["max_per_label"] == {"dev": 25, "gate": 100, "final": 25}


def test_one_instruction_for_all_becomes_the_task(tmp_path: Path) -> None:
    rows = [{"instruction": "Answer.", "input": text, "output": "We look."} for text in TEXTS]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found = look_at(tmp_path / "a.json")
    assert found.settings == {"columns": {"instruction": "input"}}
    assert found.proposal.instruction == "Answer."
    assert [row.instruction for row in found.read.examples] == TEXTS


def test_short_texts_that_chain_into_one_group_are_held_to_more(tmp_path: Path) -> None:
    rows = [{"text": f"parcel {n} is late", "label": ("a", "b")[n % 2]} for n in range(30)]
    found = look_at(put(tmp_path, "a.csv", rows))
    assert found.settings["near_duplicate"] == 0.75
    assert found.reasons["near_duplicate"].startswith("at 0.7 30 of 30 rows chain into one")


def test_conversations_that_all_begin_with_a_greeting_are_read(tmp_path: Path) -> None:
    talks = [asked(text, SAID) for text in TEXTS]
    found = look_at(put(tmp_path, "a.jsonl", talks))
    assert (found.settings, found.read.mended) == ({"mend_turns": True}, 30)
