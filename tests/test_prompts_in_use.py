"""A project's own file of every prompt that filters and judges ask by is what their model reads."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.prompting import shipped_sources
from selfinstruct.recipes import FORMS as ASKED_BY_RECIPES
from selfinstruct.runs import Run
from selfinstruct.wording import FORMS
from tests import recording
from tests.own_prompts import write
from tests.small_run import Bench, write_seeds

pytestmark = pytest.mark.usefixtures("one_thread")

MODEL = {"backend": "program", "name": "tests.recording:answer"}
ALL_PASS = {"k": 2, "least": None}
LABELLED: dict[str, Any] = {
    "judge": {"model": MODEL},
    "filters": {
        "quality": {
            "label_agreement": {"by": "teacher", **ALL_PASS},
            "rubric": {"rows": 5, "on_failure": "go_on"},
        }
    },
}
PLAIN: dict[str, Any] = {
    "generate": {"recipe": "self_instruct", "accept": 2, "prompts_per_wave": 2, "stall": 0},
    "filters": {
        "quality": {"self_consistency": {"k": 2, "least": 0.0}, "round_trip": {"least": 0}}
    },
}
WHERE = {
    "quality/label.j2": "labelled",
    "quality/rubric.j2": "labelled",
    "judge/pairwise.j2": "labelled",
    "quality/answer.j2": "plain",
    "quality/instruction.j2": "plain",
}
"""Every prompt that no recipe asks by, and the run that asks it."""


def own(name: str) -> str:
    """What the file of a project says that the shipped one does not."""
    return f"(worded by us: {name})"


def write_own(folder: Path, name: str) -> None:
    before, end, after = shipped_sources()[name].text.rpartition("{% endcall %}")
    write(folder, name.removesuffix(".j2"), f"{before}{own(name)}\n{end}{after}")


def write_plain(path: Path) -> Path:
    rows = [json.loads(line) for line in write_seeds(path).read_text().splitlines()]
    plain = [{"instruction": row["input"], "response": row["response"]} for row in rows]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in plain))
    return path


@pytest.fixture(scope="module")
def heard(
    tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, list[str]]]:
    """By run, everything that any of its models was asked; all prompts are the project's own."""
    found = {}
    for kind, sections in {"labelled": LABELLED, "plain": PLAIN}.items():
        folder = tmp_path_factory.mktemp(kind)
        seeds = (write_seeds if kind == "labelled" else write_plain)(folder / "seeds.jsonl")
        for name in WHERE:
            write_own(folder / "prompts", name)
        recording.HEARD.clear()
        cfg = Bench(tiny_base, seeds, folder).config(teacher=MODEL, rounds={"max": 1}, **sections)
        Run(cfg, folder).execute()
        found[kind] = list(recording.HEARD)
    yield found
    recording.HEARD.clear()


def test_every_prompt_that_no_recipe_asks_has_its_row() -> None:
    by_recipes = {form.name for forms in ASKED_BY_RECIPES.values() for form in forms}
    assert WHERE.keys() == FORMS.keys() - by_recipes


@pytest.mark.parametrize("name", WHERE)
def test_a_projects_own_words_reach_the_model(heard: dict[str, list[str]], name: str) -> None:
    told = {kind: sum(own(name) in text for text in texts) for kind, texts in heard.items()}
    assert told[WHERE[name]] > 0
    assert sum(count > 0 for count in told.values()) == 1


def test_no_model_is_asked_in_the_words_that_were_replaced(heard: dict[str, list[str]]) -> None:
    """What a shipped file says last stands before ours, in every question."""
    last = "Reply with one digit and nothing else: 1, 2, 3, 4 or 5.\n"
    graded = [text for text in heard["labelled"] if last.strip() in text]
    assert graded
    assert all(own("quality/rubric.j2") in text for text in graded)
