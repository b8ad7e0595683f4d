import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from selfinstruct.store import Store
from tests.tiny import save_tiny_model


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    words = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"]
    rows = [
        {"instruction": "Name it.", "input": f"{words[i % 8]} {i} {i * 7}", "label": "ab"[i % 2]}
        for i in range(40)
    ]
    (folder / "seeds.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    tree = {
        "name": "t",
        "seeds": {
            "path": "seeds.jsonl",
            "split": {"train": 0.4, "dev": 0.1, "gate": 0.4, "final": 0.1},
        },
        "teacher": {"backend": "program", "name": "tests.scripted_teacher:answer"},
        "generate": {"accept": 4, "prompts_per_wave": 2, "samples_per_prompt": 3},
        "student": {
            "name": str(save_tiny_model(folder / "model")),
            "max_steps": 1,
            "batch_size": 2,
            "rank": 2,
        },
        "evaluate": {"max_new_tokens": 4},
        "rounds": {"max": 1},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def start(config: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    code = "from selfinstruct.cli.app import main; main()"
    command = [sys.executable, "-c", code, "run", str(config), f"out={out}", *more]
    root = Path(__file__).parents[1]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_stopped_by_a_signal_says_how_to_go_on_and_goes_on(
    config: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    running = start(config, tmp_path)
    assert running.stderr is not None
    for line in running.stderr:
        if "evaluate" in line:
            break
    running.send_signal(number)
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == code, stderr
    assert "selfinstruct run" in stderr
    assert "Traceback" not in stderr
    again = start(config, tmp_path, "--json")
    stdout, stderr = again.communicate(timeout=120)
    assert again.returncode == 0, stderr
    found = json.loads(stdout)
    assert found["state"] == "finished"
    assert found["rounds"][0]["verdict"] in ("accept", "reject", "inconclusive")


def test_a_second_start_while_one_runs_is_refused(config: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True):
        other = start(config, tmp_path)
        _, stderr = other.communicate(timeout=120)
    assert other.returncode == 4
    assert "in use by process" in stderr


def test_a_spent_budget_answers_3_and_says_how_to_go_on(config: Path, tmp_path: Path) -> None:
    running = start(config, tmp_path, "budget.max_calls=3")
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == 3
    assert "raise the budget" in stderr
