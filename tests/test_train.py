import json
import subprocess
import sys
from pathlib import Path

import pytest

import train
from selfinstruct import student
from selfinstruct.config import load_config
from selfinstruct.disk.files import write_jsonl
from selfinstruct.rows import from_example
from selfinstruct.student.processes import read_step
from selfinstruct.types import Example

ROWS = [Example(f"Say {word}", response=word, label=word[0]) for word in ("ja", "nein", "doch")]
CONFIG = """
seed: 3
seeds: {path: nowhere.jsonl}
teacher: {backend: scripted, name: none}
task: {target: label, system: ""}
student: {device: cpu, max_steps: 2, batch_size: 2, micro_batch: 1, rank: 2}
"""

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def arguments(tiny_base: Path, tmp_path: Path) -> list[str]:
    write_jsonl(tmp_path / "mixture.jsonl", map(from_example, ROWS))
    (tmp_path / "config.yaml").write_text(CONFIG)
    return [
        *("--mixture", str(tmp_path / "mixture.jsonl"), "--out", str(tmp_path / "adapter")),
        *("--base", str(tiny_base), "--config", str(tmp_path / "config.yaml")),
    ]


def test_it_trains_as_the_library_does(
    arguments: list[str], tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main(arguments) == 0
    printed = capsys.readouterr()
    cfg = load_config(tmp_path / "config.yaml").student
    same = student.train(ROWS, str(tiny_base), cfg, "label", "", tmp_path / "same", seed=3)
    checkpoint = json.loads(printed.out)
    assert checkpoint["digest"] == same.digest
    assert checkpoint["adapter"] == str(tmp_path / "adapter")
    assert printed.err.startswith("train 1/2 steps: loss ")


def test_steps_are_told_as_lines_of_json_where_that_is_asked_for(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([*arguments, "--progress", "json"]) == 0
    printed = capsys.readouterr()
    *steps, checkpoint = printed.out.splitlines()
    told = [step for line in steps if (step := read_step(line)) is not None]
    assert [(step.done, step.total, step.unit) for step in told] == [
        (1, 2, "steps"),
        (2, 2, "steps"),
    ]
    assert all(step.note == f"loss {step.loss:.3f}" for step in told)
    assert json.loads(checkpoint)["digest"]
    assert "loss" not in printed.err


def test_the_target_can_be_set_and_matters(arguments: list[str], tmp_path: Path) -> None:
    assert train.main(arguments) == 0
    other = [*arguments, "--target", "response", "--out", str(tmp_path / "other")]
    assert train.main(other) == 0
    digests = {student.load_checkpoint(tmp_path / name, "").digest for name in ("adapter", "other")}
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json\n", "holds no JSON lines"),
        ('{"instruction": "a"}\n{"response": "b"}\n', "mixture.jsonl:2 is no example"),
        ('{"instruction": "a"}\n[1]\n', "mixture.jsonl:2 is no example"),
        ("", "no rows to train on"),
    ],
)
def test_a_mixture_that_cannot_be_read_is_an_error_with_its_place(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    words: str,
) -> None:
    (tmp_path / "mixture.jsonl").write_text(text)
    assert train.main([*arguments, "--target", "response"]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "adapter").exists()


def test_a_failure_is_put_where_it_was_asked_for(arguments: list[str], tmp_path: Path) -> None:
    failure, config = tmp_path / "failure.json", tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("rank: 2", "rank: 2, learning_rate: 1.0e+30"))
    assert train.main([*arguments, "--failure", str(failure)]) == 3
    told = json.loads(failure.read_text())
    assert told["kind"] == "DivergedError"
    assert "diverged at step 2 of 2" in told["what"]
    assert not (tmp_path / "adapter").exists()


def test_a_missing_mixture_is_named(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([*arguments, "--mixture", "nowhere.jsonl"]) == 2
    assert "there is no file nowhere.jsonl" in capsys.readouterr().err


def test_help_shows_how_it_is_launched(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        train.main(["--help"])
    assert caught.value.code == 0
    assert "accelerate launch --num_processes 2 train.py" in capsys.readouterr().out


@pytest.mark.slow
def test_accelerate_launches_the_same_training(
    arguments: list[str], tiny_base: Path, tmp_path: Path
) -> None:
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "1"]
    subprocess.run([*launcher, train.__file__, *arguments], check=True, timeout=300)
    cfg = load_config(tmp_path / "config.yaml").student
    same = student.train(ROWS, str(tiny_base), cfg, "label", "", tmp_path / "same", seed=3)
    assert student.load_checkpoint(tmp_path / "adapter", "").digest == same.digest
