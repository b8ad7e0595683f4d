"""The command line from outside, as a user or a script meets it: streams, exit codes, JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, run
from tests.finished import write_run


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nope"], 2, "No such command"),
        (["run"], 2, "Missing argument"),
        (["run", "none.yaml"], 2, "no config at none.yaml"),
        (["run", "configs/quickstart.yaml", "rounds.mx=1"], 2, "did you mean max?"),
        (["status", "none"], 4, "no run at none"),
        (["compare", "none"], 4, "no run at none"),
        (["report", "none"], 4, "no run at none"),
        (["refilter", "none"], 4, "no run at none"),
        (["ablate", "none"], 4, "no run at none"),
        (["finish", "none.yaml"], 2, "no config at none.yaml"),
    ],
)
def test_a_mistake_has_its_exit_code_and_says_what_to_do(
    arguments: list[str], code: int, message: str
) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_reading_command_prints_one_json_object_on_failure_too() -> None:
    done = run("status", "none", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["hint"]


@pytest.mark.parametrize(
    ("raised", "code"), [("RuntimeError(said)", 1), ("UserError(said, why=said)", 2)]
)
def test_no_error_tells_a_key(monkeypatch: pytest.MonkeyPatch, raised: str, code: int) -> None:
    """LiteLLM's exceptions quoted URLs with the key in them (its issue 15799)."""
    monkeypatch.setenv("TEACHER_KEY", "canary-0123456789")
    script = (
        "import os\nfrom selfinstruct.cli.app import UserError, app, main\n@app.command()\n"
        "def leak(json: bool = False):\n"
        "    said = f'GET /v1?k={os.environ[\"TEACHER_KEY\"]} failed'\n"
        f"    raise {raised}\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "leak", "--json"], capture_output=True, text=True
    )
    assert done.returncode == code
    assert "GET /v1?k=[redacted] failed" in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_the_version_is_printed() -> None:
    assert run("--version").stdout.strip().count(".") == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["status"], ["status", "--json"], ["show"], ["compare", "--md"]]
)
def test_a_reader_that_left_is_no_error_and_no_finding(
    tmp_path: Path, arguments: list[str], unbuffered: str
) -> None:
    """As in `selfinstruct status RUN | head -1`; 1 would say that something was found. It shows
    when a line is printed, or at the end, when those held back are.
    """
    write_run(tmp_path / "r")
    command, *rest = arguments
    code = "from selfinstruct.cli.app import main; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, command, str(tmp_path / "r"), *rest],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == ""
    assert running.wait() == 141
