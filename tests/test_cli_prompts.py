"""What `prompts` answers, as objects."""

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.prompts import (
    commit_prompt,
    copy_prompt,
    diff_prompts,
    history_of,
    label_prompt,
    list_prompts,
    show_prompt,
    uses_of,
)
from selfinstruct.errors import UserError
from tests.own_prompts import QUESTION, question, write


def entry(folder: Path, name: str = QUESTION) -> dict[str, Any]:
    found = json.loads(json.dumps(list_prompts(folder)))
    (each,) = [each for each in found["prompts"] if each["name"] == name]
    return dict(each)


def test_a_prompt_goes_from_shipped_to_edited_to_committed_to_labelled(tmp_path: Path) -> None:
    shipped = entry(tmp_path)
    assert (shipped["origin"], shipped["number"], shipped["asked"]) == ("shipped", None, True)
    path = Path(copy_prompt(tmp_path, QUESTION)["path"])
    assert entry(tmp_path)["version"] == shipped["version"]
    path.write_text(question("Say"), encoding="utf-8")
    assert (entry(tmp_path)["origin"], entry(tmp_path)["number"]) == ("folder", None)
    first = commit_prompt(tmp_path, QUESTION, "mine")
    assert (first["number"], first["new"], first["before"]) == (1, True, f"{QUESTION}@shipped")
    assert first["diff"].keys() == {f"{QUESTION}.j2", "aim.j2"}
    again = commit_prompt(tmp_path, QUESTION, "mine again")
    assert (again["number"], again["new"], again["diff"]) == (1, False, {})
    moved = label_prompt(tmp_path, f"{QUESTION}@1", "production", "first")
    assert (moved["moved"], moved["before"], moved["number"]) == (True, None, 1)
    assert not label_prompt(tmp_path, f"{QUESTION}@1", "production", "")["moved"]
    found = entry(tmp_path)
    assert (found["number"], found["versions"], found["labels"]) == (1, 1, {"production": 1})
    told = [(each["kind"], each["message"]) for each in history_of(tmp_path, QUESTION)["entries"]]
    assert told == [("version", "mine"), ("label", "first")]
    shown = show_prompt(tmp_path, f"{QUESTION}@production")
    assert (shown["number"], shown["labels"], shown["message"]) == (1, ["production"], "mine")
    assert shown["sources"] == {f"{QUESTION}.j2": question("Say")}
    assert shown["told_values"] == ["demos", "order", "shown"]


@pytest.mark.parametrize("text", ["{{ lable }}", "{% if %}", "{% include 'am.j2' %}"])
def test_what_cannot_be_asked_cannot_be_committed(tmp_path: Path, text: str) -> None:
    write(tmp_path, QUESTION, f"\n{text}")
    with pytest.raises(UserError, match=r"question\.j2:2: "):
        commit_prompt(tmp_path, QUESTION, "")
    assert not (tmp_path / ".registry").exists()
    assert "question.j2:2: " in entry(tmp_path)["fault"]


def test_a_snippet_may_use_what_its_includers_have_and_is_committed_by_itself(
    tmp_path: Path,
) -> None:
    write(tmp_path, "tone", "{{ whatever }}")
    assert commit_prompt(tmp_path, "tone", "")["number"] == 1
    assert not entry(tmp_path, "tone")["asked"]
    write(tmp_path, "aim", '{% include "tone.j2" %}')
    assert {"name": QUESTION, "direct": False} in uses_of(tmp_path, "tone")["used_by"]


def test_two_prompts_are_compared_by_their_own_words(tmp_path: Path) -> None:
    found = diff_prompts(tmp_path, "label_first/answer", "evolve/answer")
    assert found["diff"] == {}
    found = diff_prompts(tmp_path, QUESTION, "label_first/answer")
    assert list(found["diff"]) == [f"{QUESTION} → label_first/answer"]
    assert diff_prompts(tmp_path, QUESTION, f"{QUESTION}@shipped")["diff"] == {}


def test_a_copy_never_goes_over_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, QUESTION, "mine")
    with pytest.raises(UserError, match="is there already"):
        copy_prompt(tmp_path, QUESTION)
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("../x", "is no name of a prompt"),
        ("label_first/qestion", f"did you mean {QUESTION}?"),
        (QUESTION, "has no history yet"),
    ],
)
def test_a_history_that_is_none_says_why(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UserError) as raised:
        history_of(tmp_path, text)
    assert complaint in str(raised.value)


def test_what_was_committed_and_deleted_is_listed(tmp_path: Path) -> None:
    path = write(tmp_path, "tone", "Kindly.")
    commit_prompt(tmp_path, "tone", "")
    assert list_prompts(tmp_path)["unused"] == ["tone"]
    path.unlink()
    assert (entry(tmp_path, "tone")["origin"], entry(tmp_path, "tone")["versions"]) == (None, 1)


def test_a_registry_that_was_edited_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, QUESTION, question("A"))
    commit_prompt(tmp_path, QUESTION, "why")
    journal = tmp_path / ".registry/history" / f"{QUESTION}.jsonl"
    journal.write_text(journal.read_text(encoding="utf-8").replace('"why"', '"oh"'), "utf-8")
    found = list_prompts(tmp_path)
    assert (len(found["faults"]), found["prompts"]) == (1, [])
