import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.config import Config, parse_config
from selfinstruct.contents import contents
from selfinstruct.errors import UserError
from selfinstruct.types import Checkpoint

BASE = Checkpoint("base", "b", None, "digest of the folder")
PLUGIN = """def score(example, reply):
    return {}

def teach(requests):
    return {}

def make_test(example):
    return "{}"
"""
RULES = """PRICE = {}

def make(wish, count, rng):
    return PRICE
"""


def write_plugin(
    folder: Path, score: int = 0, teach: int = 0, make_test: int = 0, price: int = 0
) -> None:
    """Forgotten by Python, so that it is read again, as another process would."""
    (folder / "own_code.py").write_text(PLUGIN.format(score, teach, make_test))
    (folder / "own_rules.py").write_text(RULES.format(price))
    for name in ("own_code", "own_rules"):
        sys.modules.pop(name, None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write_plugin(tmp_path)
    (tmp_path / "schema.json").write_text("{}")
    (tmp_path / "form.json").write_text("{}")
    (tmp_path / "record.json").write_text("{}")
    (tmp_path / "texts.txt").write_text("a text")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/one.yaml").write_text("task: one")
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    (tmp_path / "judge.gguf").write_bytes(b"GGUF")
    (tmp_path / "script.jsonl").write_text("{}")
    (tmp_path / "grades").write_text("{}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "sentences").mkdir()
    (tmp_path / "sentences/modules.json").write_text("[]")
    return tmp_path


def config(**sections: Any) -> Config:
    tree = {
        "seeds": {"path": "x"},
        "teacher": {"backend": "program", "name": "own_code:teach"},
        "student": {"name": "model.gguf"},
        "evaluate": {"metrics": ["own_code:score"], "json_schema": "schema.json"},
        "filters": {
            "format": {"json_schema": "form.json"},
            "executable": {"check": "own_code:make_test"},
            "novelty": {"embedding": {"model": "sentences"}},
            "quality": {"rubric": {"model": {"backend": "scripted", "name": "grades"}}},
        },
        "guard": {"lm_eval_path": "tasks"},
        "generate": {
            "records": {"json_schema": "record.json"},
            "backtranslate": {"path": "texts.txt"},
            "program": "own_rules:make",
        },
        "judge": {"model": {"backend": "llamacpp", "name": "judge.gguf"}},
    }
    return parse_config({**tree, **sections})


CHANGES: dict[str, Callable[[Path], object]] = {
    "evaluate.metrics": lambda here: write_plugin(here, score=1),
    "evaluate.json_schema": lambda here: (here / "schema.json").write_text("true"),
    "filters.format.json_schema": lambda here: (here / "form.json").write_text("true"),
    "filters.executable.check": lambda here: write_plugin(here, make_test=1),
    "generate.backtranslate.path": lambda here: (here / "texts.txt").write_text("another"),
    "filters.novelty.embedding.model": lambda here: (here / "sentences/2").write_text("more"),
    "generate.program": lambda here: write_plugin(here, price=1),  # a table beside the function
    "generate.records.json_schema": lambda here: (here / "record.json").write_text("true"),
    "guard.lm_eval_path": lambda here: (here / "tasks/two.yaml").write_text("task: two"),
    "student.name": lambda here: (here / "model.gguf").write_bytes(b"GGUF, another"),
    "teacher.name": lambda here: write_plugin(here, teach=1),
    "judge.model.name": lambda here: (here / "judge.gguf").write_bytes(b"GGUF, another"),
    "filters.quality.rubric.model.name": lambda here: (here / "grades").write_text("[]"),
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_of_content_shows_in_its_field_alone(here: Path, field: str) -> None:
    before = contents(config(), BASE)
    assert before.keys() == CHANGES.keys() <= config().identity.keys()
    CHANGES[field](here)
    after = contents(config(), BASE)
    assert {key for key in before if before[key] != after[key]} == {field}


@pytest.mark.usefixtures("here")
def test_what_is_not_here_has_no_content() -> None:
    served = {"backend": "openai", "name": "m", "base_url": "http://127.0.0.1:1/v1"}
    plain: dict[str, Any] = {
        name: {} for name in ("generate", "evaluate", "filters", "guard", "judge")
    }
    plain["student"] = {"name": "someone/never-fetched"}
    assert contents(config(**plain, teacher=served), BASE) == {}
    gone = {"backend": "scripted", "name": "gone.jsonl"}
    assert contents(config(**plain, teacher=gone), BASE) == {}
    script = {"backend": "scripted", "name": "script.jsonl"}
    assert contents(config(**plain, teacher=script), BASE).keys() == {"teacher.name"}


@pytest.mark.usefixtures("here")
def test_a_students_folder_has_been_read_for_its_base() -> None:
    found = contents(config(student={"name": "folder"}), BASE)
    assert found["student.name"] == BASE.digest


@pytest.mark.usefixtures("here")
def test_a_function_that_is_gone_is_told() -> None:
    with pytest.raises(UserError, match="own_code has no function scores"):
        contents(config(evaluate={"metrics": ["own_code:scores"]}), BASE)
