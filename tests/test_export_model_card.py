from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from selfinstruct.export.model_card import model_card
from tests.exported import open_champion


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
