from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from selfinstruct.errors import StoreError, UserError
from selfinstruct.export.facts import read_facts
from selfinstruct.export.student import Student, champion_of, model_card, shown_base
from selfinstruct.store import Store
from tests.exported import DATA, MIXED, write_exported


def open_champion(
    run: Path, outcomes: Any = ("accept", "reject"), **more: Any
) -> tuple[Any, Student]:
    with Store(write_exported(run, outcomes, **more)) as store:
        facts = read_facts(store)
        return facts, champion_of(store, facts)


def test_the_champion_comes_with_its_files_and_its_rows(tmp_path: Path) -> None:
    _, student = open_champion(tmp_path / "t")
    assert (student.name, student.round, student.steps) == ("round-1", 1, 3)
    assert list(student.files) == ["adapter_model.safetensors"]
    assert student.files["adapter_model.safetensors"].read_bytes() == b"round-1"
    assert len(student.rows) == len(DATA.train) + MIXED


def test_a_changed_adapter_is_refused_and_a_missing_one_named(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    weights = run / "rounds/1/adapter/adapter_model.safetensors"
    weights.write_bytes(b"poison")
    with Store(run) as store:
        facts = read_facts(store)
        with pytest.raises(StoreError, match="incomplete or damaged"):
            champion_of(store, facts)
        weights.unlink()
        weights.with_name("manifest.json").unlink()
        weights.parent.rmdir()
        with pytest.raises(UserError, match="the adapter of round-1 is not in"):
            champion_of(store, facts)


def test_the_card_is_read_by_huggingface_hub_and_claims_no_gate_score(tmp_path: Path) -> None:
    facts, student = open_champion(tmp_path / "t", student={"name": "bundled"})
    card: Any = ModelCard(model_card(student, facts, ["x"]))
    data = card.data.to_dict()
    assert data["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert data["library_name"] == "peft"
    assert (data["license"], data["license_name"]) == ("other", "several")  # MIT rows, Apache base
    results = data["model-index"][0]["results"]
    assert [each["dataset"]["name"] for each in results] == ["final rows of t"]
    assert results[0]["metrics"][0]["verified"] is False


def test_a_control_says_so_first_and_is_held_to_no_guard(tmp_path: Path) -> None:
    facts, student = open_champion(tmp_path / "t", ("inconclusive",))
    card = model_card(student, facts, ["x"])
    lines = [line for line in card.split("\n---\n", 1)[1].split("\n") if line]
    assert lines[1].startswith("> **This is the control**")
    assert lines[3].startswith("> **Not shown to help.**")
    assert "held to no guard" in card


def test_a_champion_of_an_unfinished_run_has_no_unflattered_score(tmp_path: Path) -> None:
    facts, student = open_champion(tmp_path / "t", ("accept", None))
    card = model_card(student, facts, ["x"])
    assert "The run is not finished" in card
    assert "there is no unflattered score yet" in card
    assert "model-index" not in card


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bundled", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("org/model", "org/model"),
        ("/home/me/model", "model"),
        ("~/model", "model"),
    ],
)
def test_no_folder_of_this_machine_is_told(tmp_path: Path, name: str, shown: str) -> None:
    facts, student = open_champion(tmp_path / "t", student={"name": name})
    assert shown_base(facts) == shown
    assert "/home/me" not in model_card(student, facts, ["x"])
