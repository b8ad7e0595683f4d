"""What `prompts` answers, as people read it."""

import io
from pathlib import Path

from rich.console import Console

from selfinstruct.cli import prompts as verbs
from selfinstruct.cli import prompts_text as text
from tests.own_prompts import QUESTION, question, write


def console() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=140, highlight=False), out


def test_words_that_changed_are_marked_without_colours_where_nobody_looks(tmp_path: Path) -> None:
    write(tmp_path, QUESTION, question("Say"))
    verbs.commit_prompt(tmp_path, QUESTION, "")
    write(tmp_path, QUESTION, question("Tell \x1b[2J me"))
    to, out = console()
    found = verbs.diff_prompts(tmp_path, f"{QUESTION}@1", QUESTION)
    text.print_diff(to, found["diff"])
    assert "[-Say-]{+Tell \\x1b[2J me+} {{ order.label }}" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_an_empty_line_that_went_is_seen() -> None:
    to, out = console()
    text.print_diff(to, {"a": [{"op": "removed", "text": "\n"}, {"op": "same", "text": "x"}]})
    assert "[-¶-]\nx" in out.getvalue()


def test_the_list_tells_what_is_in_use(tmp_path: Path) -> None:
    write(tmp_path, QUESTION, question("A"))
    verbs.commit_prompt(tmp_path, QUESTION, "")
    write(tmp_path, QUESTION, question("B"))
    verbs.commit_prompt(tmp_path, QUESTION, "")
    verbs.label_prompt(tmp_path, f"{QUESTION}@1", "production", "")
    write(tmp_path, QUESTION, question("A"))
    write(tmp_path, "label_first/answer", '{% call turn("user") %}{{ text }}{% endcall %}')
    write(tmp_path, "records/text", "{% if %}")
    to, out = console()
    text.print_list(to, verbs.list_prompts(tmp_path))
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in out.getvalue().splitlines()}
    assert lines[QUESTION].startswith("v1 of 2 ")
    assert lines[QUESTION].endswith("production v1")
    assert lines["label_first/answer"].startswith("not committed ")
    assert lines["records/text"] == "at fault"
    assert lines["records/record"].startswith("shipped ")
    assert lines["aim"].endswith("snippet")
    assert "records/text.j2:1: " in out.getvalue()


def test_a_prompt_and_its_history_are_told(tmp_path: Path) -> None:
    write(tmp_path, QUESTION, question("A"))
    verbs.commit_prompt(tmp_path, QUESTION, "for a reason")
    verbs.label_prompt(tmp_path, f"{QUESTION}@1", "production", "")
    to, out = console()
    text.print_prompt(to, verbs.show_prompt(tmp_path, QUESTION))
    text.print_prompt(to, verbs.show_prompt(tmp_path, "label_first/answer"))
    text.print_history(to, verbs.history_of(tmp_path, QUESTION))
    shown = out.getvalue()
    assert f"{QUESTION}@1 (production)" in shown
    assert "is told demos, order, shown" in shown
    assert "label_first/answer@shipped 7148792de769" in shown
    assert "A {{ order.label }}" in shown
    assert "for a reason" in shown
    assert "production: v1" in shown


def test_who_includes_a_snippet_is_told(tmp_path: Path) -> None:
    to, out = console()
    text.print_uses(to, verbs.uses_of(tmp_path, "aim"))
    text.print_uses(to, verbs.uses_of(tmp_path, QUESTION))
    assert f"{QUESTION}\n" in out.getvalue()
    assert f"nothing includes {QUESTION}" in out.getvalue()
