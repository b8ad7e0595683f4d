import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfinstruct.cli.app import app
from selfinstruct.errors import UserError
from tests.taught import write_taught


@pytest.fixture(scope="module")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_taught(tmp_path_factory.mktemp("runs") / "t", tiny_base)


def test_merge_writes_a_model_once(run: Path, tmp_path: Path) -> None:
    asked = ["merge", str(run), "--student", "real-only", "-o", str(tmp_path / "m"), "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["student"], told["dtype"], told["folder"]) == (
        "real-only",
        "float32",
        str(tmp_path / "m"),
    )
    assert (tmp_path / "m" / "model.safetensors").is_file()
    card = (tmp_path / "m" / "README.md").read_text()
    assert "**This is the control**" in card
    assert "Held against base and adapter on 4 prompts" in card
    assert "selfinstruct merge RUN --student real-only --dtype float32 -o OUT" in card
    again = CliRunner().invoke(app, asked)
    assert isinstance(again.exception, UserError)
    assert CliRunner().invoke(app, [*asked, "--force"]).exit_code == 0


def test_chat_names_who_is_not_there(run: Path) -> None:
    done = CliRunner().invoke(app, ["chat", str(run), "--student", "round-9"], input="hi\n")
    assert "no trained student round-9" in str(done.exception)
