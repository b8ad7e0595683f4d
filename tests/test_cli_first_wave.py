"""What round 1 begins with, before anything is spent."""

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.first_wave import FirstWave, first_wave
from selfinstruct.config import Config
from selfinstruct.errors import UserError
from selfinstruct.seeds import read_real_data
from selfinstruct.task import settle

BILLING = Path(__file__).parents[1] / "seeds/billing.jsonl"


def wave_of(**generate: Any) -> FirstWave:
    cfg = Config.model_validate(
        {
            "seeds": {"path": str(BILLING)},
            "teacher": {"backend": "llamacpp", "name": "bundled"},
            "generate": {"prompts_per_wave": 4, "samples_per_prompt": 3, **generate},
        }
    )
    data = read_real_data(cfg.seeds, Path(), cfg.seed)
    return first_wave(cfg, data, settle(cfg, data))


def by(name: str, **generate: Any) -> FirstWave:
    return wave_of(program=f"tests.test_recipes_program:{name}", **generate)


def test_a_teacher_is_shown_prompts_and_gives_no_rows() -> None:
    found = wave_of()
    assert len(found.prompts) == 4
    assert found.program is None


def test_a_program_gives_rows_and_is_shown_no_prompt() -> None:
    found = by("labelled", recipe="program", quotas={"fee question": 12}, accept=12)
    assert found.prompts == []
    assert found.program is not None
    assert (found.program["rows"], found.program["rejected"]) == (12, {})
    first = found.program["first"]
    assert first["label"] == "fee question"
    assert first["instruction"].startswith("Name the intent")  # that of the real rows


def test_beside_a_teacher_its_own_rows_are_counted() -> None:
    found = by("labelled", recipes={"program": 1, "label_first": 1})
    assert len(found.prompts) == 2
    assert found.program is not None
    assert found.program["rows"] == 6


def test_rows_that_are_none_for_the_run_are_told_by_reason() -> None:
    found = by("sums", recipe="program")
    assert found.program is not None
    assert (found.program["rows"], found.program["rejected"]) == (0, {"unknown_label": 12})
    assert found.program["first"]["instruction"].startswith("Add ")


def test_a_program_that_cannot_serve_is_told_before_a_run() -> None:
    with pytest.raises(UserError, match="the rules divide by nothing"):
        by("breaks", recipe="program")
