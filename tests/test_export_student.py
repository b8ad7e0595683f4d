from pathlib import Path

import pytest

from selfinstruct.errors import StoreError, UserError
from selfinstruct.export.facts import read_facts
from selfinstruct.export.model_card import model_card
from selfinstruct.export.student import champion_of, shown_base
from selfinstruct.store import Store
from tests.exported import DATA, MIXED, open_champion, write_exported


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
