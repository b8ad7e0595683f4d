"""The verb `export`, from outside."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.command import run
from tests.exported import write_exported
from tests.hub import serve


def test_export_prints_the_folder_and_has_a_versioned_json_form(tmp_path: Path) -> None:
    folder = str(write_exported(tmp_path / "t"))
    done = run("export", folder, "-o", str(tmp_path / "a"))
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "a")), done.stderr
    done = run("export", folder, "--what", "student", "-o", str(tmp_path / "b"), "--json")
    assert json.loads(done.stdout)["schema_version"] == 1
    done = run("export", folder, "-o", str(tmp_path / "a"))
    assert done.returncode == 2
    assert "replace it with --force" in done.stderr


def test_push_goes_to_the_hub_that_the_environment_names(tmp_path: Path) -> None:
    folder, out = str(write_exported(tmp_path / "t")), str(tmp_path / "a")
    code = "from selfinstruct.cli.app import main; main()"
    arguments = ["export", folder, "-o", out, "--push-to-hub", "me/t", "--private"]
    token = "hf_aVerySecretToken12345"
    with serve() as hub:
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": token}
        refused = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert hub.created == []
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments, "--yes", "--force", "--json"],
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    assert (refused.returncode, "nobody said yes" in refused.stderr) == (2, True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pushed"] == f"{hub.url}/me/t/commit/1"
    assert set(hub.files) == {"README.md", "manifest.json", "pool.jsonl"}
    for text in (refused.stderr, done.stdout, done.stderr, *map(bytes.decode, hub.files.values())):
        assert token not in text


def test_private_without_a_push_is_told(tmp_path: Path) -> None:
    done = run("export", str(tmp_path), "-o", str(tmp_path / "a"), "--private")
    assert (done.returncode, "--private is said of nothing" in done.stderr) == (2, True)
