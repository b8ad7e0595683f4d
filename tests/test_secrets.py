"""A canary for a key: through success, refusals that echo it and a crash, it is written nowhere."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.test_served_model import Reply, said, serving

pytestmark = pytest.mark.slow  # whole runs, in processes of their own

ROOT = Path(__file__).parents[1]
CANARY = "canary-0123456789"  # of no known shape: only its value gives it away


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from selfinstruct.cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TEACHER_KEY": CANARY, "OMP_NUM_THREADS": "1"},
        timeout=300,
    )


def echo(status: int) -> Reply:
    body = {"error": {"message": f"no {CANARY}, Bearer {CANARY}", "code": ""}}
    return status, {}, json.dumps(body).encode()


def write_config(folder: Path, base: Path, teacher: Mapping[str, object]) -> Path:
    words = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"]
    rows = [
        {"instruction": "Name it.", "input": f"{words[i % 8]} {i} {i * 7}", "label": "ab"[i % 2]}
        for i in range(40)
    ]
    (folder / "seeds.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    tree = {
        "name": "run",
        "out": str(folder / "out"),
        "seeds": {
            "path": "seeds.jsonl",
            "split": {"train": 0.4, "dev": 0.1, "gate": 0.4, "final": 0.1},
        },
        "teacher": {"api_key_env": "TEACHER_KEY", "parallel": 1, **teacher},
        "generate": {"accept": 2, "prompts_per_wave": 2, "samples_per_prompt": 3},
        "mixture": {"on_shortage": "shrink"},
        "student": {"name": str(base), "max_steps": 1, "batch_size": 2, "rank": 2},
        "evaluate": {"max_new_tokens": 4},
        "rounds": {"max": 1},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def places(folder: Path, *told: subprocess.CompletedProcess[str]) -> list[str]:
    """Where the canary is: files, and what was printed; any piece of it that says so counts."""
    piece = "canary"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [
        *(str(path) for path in files if piece.encode() in path.read_bytes()),
        *(f"stdout of {done.args}" for done in told if piece in done.stdout),
        *(f"stderr of {done.args}" for done in told if piece in done.stderr),
    ]


def test_a_key_is_in_no_file_and_no_output(tiny_base: Path, tmp_path: Path) -> None:
    texts = [f"why does my {thing} cost so much more in march" for thing in ("gym", "car", "loan")]
    with serving(echo(401), echo(400), *map(said, texts)) as (stub, url):
        teacher = {"backend": "openai", "name": "m", "base_url": url}
        config = write_config(tmp_path, tiny_base, teacher)
        told = [start("run", str(config), "--json") for _ in range(2)]
    told.append(start("status", str(tmp_path / "out/run"), "--json"))
    assert [done.returncode for done in told] == [2, 0, 0], told[1].stderr
    assert {call["key"] for call in stub.calls} == {f"Bearer {CANARY}"}
    assert places(tmp_path / "out", *told) == []

    assert "HTTP 401: no [redacted], Bearer [redacted])" in told[0].stderr
    assert "no [redacted], Bearer [redacted]" in json.loads(told[0].stdout)["error"]["message"]
    with sqlite3.connect(tmp_path / "out/run/run.db") as db:
        [(state, text)] = db.execute("SELECT state, error FROM attempts WHERE error != ''")
    assert (state, text.count("[redacted]")) == ("failed", 2)


def test_a_teacher_that_crashes_over_the_key_is_not_quoted(tiny_base: Path, tmp_path: Path) -> None:
    teacher = {"backend": "program", "name": "tests.leaking_teacher:crash"}
    done = start("run", str(write_config(tmp_path, tiny_base, teacher)))
    assert done.returncode == 1
    assert "RuntimeError: GET https://a.test/v1?k=[redacted] failed" in done.stderr
    assert places(tmp_path / "out", done) == []
