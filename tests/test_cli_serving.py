import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from tests.command import ROOT, run
from tests.finished import write_run
from tests.reviewed import write_reviewable
from tests.taught import write_taught

CODE = "from selfinstruct.cli.app import main; main()"


@contextmanager
def _started(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()  # or leaving would wait for a server that nobody ends


def test_review_prints_one_address_and_ends_with_the_command_to_go_on(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run")
    with _started("review", str(tmp_path / "run"), "--reviewer", "ann") as (url, process):
        address, token = url.split("/#")
        asked = urllib.request.Request(f"{address}/api/start", headers={"X-Token": token})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            started = json.load(answer)
        assert (started["run"], started["reviewer"]) == ("run", "ann")
        second = run("review", str(tmp_path / "run"))
        assert second.returncode == 4 and str(process.pid) in second.stderr
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert out == ""
    assert "Ctrl-C ends it" in err and f"selfinstruct review {tmp_path / 'run'}" in err
    assert "Traceback" not in err
    assert process.returncode == 130


def test_review_of_pairs_prints_the_address_of_their_page(tiny_base: Path, tmp_path: Path) -> None:
    taught = str(write_taught(tmp_path / "run", tiny_base, dev=3))
    with _started("review", taught, "--pairs", "champion", "base") as (url, process):
        page, token = url.split("#")
        address, contest = page.split("/pairs?of=")
        target = f"{address}/api/pairs/progress?of={contest}"
        asked = urllib.request.Request(target, headers={"X-Token": token})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert json.load(answer)["progress"]["contest"]["rows"] == 3
        with urllib.request.urlopen(page, timeout=20) as answer:
            assert b"Which answer is better?" in answer.read()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130


def test_ui_answers_below_its_key(tmp_path: Path) -> None:
    write_run(tmp_path / "one")
    with _started("ui", str(tmp_path)) as (url, process):
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert b"one" in answer.read()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 143


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ui", "nowhere"], "nowhere is no folder"),
        (["ui", ".", "--host", "0.0.0.0"], "not an address of this machine alone"),
        (["review", "nowhere"], "no run at nowhere"),
    ],
)
def test_what_cannot_be_served_is_told(arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert done.returncode in (UserError.exit_code, 4)
    assert told in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_starlette_the_command_to_install_it_is_named() -> None:
    code = (
        "import sys, importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'starlette' else find(name, *more)\n"
        "from selfinstruct.errors import UserError\n"
        "try:\n    import selfinstruct.web\n"
        "except UserError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'selfinstruct[review]'" in done.stdout
    assert "starlette, which is not installed" in done.stdout
