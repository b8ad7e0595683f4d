from pathlib import Path

import pytest

from selfinstruct.cli.init import write_starter
from selfinstruct.config import load_config
from selfinstruct.errors import UserError
from selfinstruct.seeds import read_real_data


def test_a_starter_loads_and_its_seeds_are_found_beside_it(tmp_path: Path) -> None:
    config, seeds = write_starter(tmp_path / "tickets")
    cfg = load_config(config)
    assert cfg.name == "tickets"
    assert seeds.name == "seeds.jsonl"
    data = read_real_data(cfg.seeds, config.parent, cfg.seed)
    assert len(data.labels) == 10
    assert "selfinstruct run config.yaml" in config.read_text()


@pytest.mark.parametrize("inside", ["config.yaml", "other.txt"])
def test_nothing_that_is_there_is_overwritten(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        write_starter(tmp_path)
    assert (tmp_path / inside).read_text() == "mine"


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert len(write_starter(tmp_path)) == 2
