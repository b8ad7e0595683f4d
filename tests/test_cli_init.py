import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.cli.init import write_for, write_starter
from selfinstruct.config import load_config
from selfinstruct.errors import UserError
from selfinstruct.progress import Progress
from selfinstruct.seeds import read_examples, read_real_data

WORDS = [f"{start}{end}" for start in "bdfgklmnprst" for end in ("ale", "ine", "ost", "under")]
TEXTS = [" ".join(random.Random(n).sample(WORDS, 9)) for n in range(30)]


def put(folder: Path, name: str, rows: list[dict[str, Any]], delimiter: str = ",") -> Path:
    """A file of rows: a table, or JSON by its name."""
    path = folder / name
    if path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return path
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


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
    with pytest.raises(UserError, match="not empty"):
        write_for(tmp_path, tmp_path / inside)
    assert (tmp_path / inside).read_text() == "mine"


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert len(write_starter(tmp_path)) == 2


@pytest.mark.parametrize(
    ("folder", "name"), [("my tickets", "my-tickets"), ("Ü", "run"), ("con", "run"), ("a.b", "a-b")]
)
def test_a_run_has_a_name_whatever_the_folder_is_called(
    tmp_path: Path, folder: str, name: str
) -> None:
    config, _ = write_starter(tmp_path / folder)
    assert load_config(config).name == name


def test_a_config_for_a_file_reads_it_where_it_lies(tmp_path: Path) -> None:
    rows = [
        {"Id": n, "Body": text, "Tags": ("late", "lost")[n % 2], "Reply": f"We look for {n}."}
        for n, text in enumerate(TEXTS)
    ]
    file = put(tmp_path, "export.csv", rows, ";")
    (config,), told = write_for(tmp_path / "deep" / "er", file)
    cfg = load_config(config)
    assert cfg.seeds.path == "../../export.csv"
    assert cfg.seeds.columns == {"input": "Body", "label": "Tags", "response": "Reply"}
    assert cfg.seeds.instruction == "Name the tags of this message, then write the reply."
    read = read_examples(cfg.seeds, config.parent)
    assert (len(read.examples), read.unread) == (30, ("Id",))
    text = config.read_text()
    assert "# columns left aside: Id\n" in text
    assert "# cells parted by semicolons\n" in text
    assert "# named so; 2 different ones in 30 rows\n    label: Tags\n" in text
    assert f"# selfinstruct run {config}\n" in text
    assert "input: column 'Body'" in told
    assert "30 rows of 30 will be used" in told


def test_of_many_rows_it_is_told_how_far_the_reading_is(tmp_path: Path) -> None:
    rows = [{"text": f"where is parcel{n}", "label": f"l{n % 4}"} for n in range(1100)]
    steps: list[Progress] = []
    write_for(tmp_path / "new", put(tmp_path, "many.csv", rows), None, steps.append)
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == ["reading", "near-duplicates", "contamination"]


def test_a_limit_at_which_real_rows_are_no_leaks_is_set(tmp_path: Path) -> None:
    begun = ["where", "is", "the", "order", "that", "was", "mine"]
    rows = [
        {"text": " ".join([*begun, *random.Random(n).sample(WORDS, 4)]), "label": ("a", "b")[n % 2]}
        for n in range(60)
    ]
    (config,), _ = write_for(tmp_path / "run", put(tmp_path, "a.csv", rows))
    cfg = load_config(config)
    written = yaml.safe_load(config.read_text()).get("filters")
    assert written == {"contamination": {"rouge_l": cfg.filters.contamination.rouge_l}}
    assert (cfg.filters.contamination.rouge_l or 0) > 0.6


def test_a_file_that_is_not_there_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file at"):
        write_for(tmp_path / "run", tmp_path / "gone.csv")
    assert not (tmp_path / "run").exists()


def test_nothing_is_written_for_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = put(tmp_path, "a.csv", [{"a": 1, "b": 2}])
    with pytest.raises(UserError, match="none of its columns looks like the text: a, b"):
        write_for(tmp_path / "run", file)
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_rows_that_are_all_alike_get_a_config_and_plan_says_the_rest(tmp_path: Path) -> None:
    same = " ".join(WORDS[:12])
    rows = [{"text": f"{same} {n}", "label": ("a", "b")[n % 2]} for n in range(30)]
    (config,), told = write_for(tmp_path / "run", put(tmp_path, "a.csv", rows))
    assert load_config(config).seeds.near_duplicate == 0.7
    assert told[-1].startswith("rows 30, near-duplicate groups 1")
