"""The verbs that find, as a user types them."""

import json
from pathlib import Path

import pytest

from tests.command import run
from tests.finished import KEPT, write_run
from tests.golden_ledger import write_ledger


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("run")
    write_run(path)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["examples", "list", "RUN", "--where", "fate=accepted", "--text", "charged"], "rows"),
        (["log", "RUN", "--where", "state=done"], "calls"),
        (["trace", "RUN", KEPT.id[:6]], "start"),
        (["show", "RUN", "call-1"], "candidates"),
    ],
)
def test_every_verb_prints_one_object(folder: str, arguments: list[str], key: str) -> None:
    done = run(*(folder if each == "RUN" else each for each in arguments), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["schema_version"] == 1
    assert found[key]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["examples", "list", "RUN", "--where", "labl=x"], 2, "did you mean label?"),
        (["trace", "RUN", "zzz"], 2, "nothing in"),
        (["log", "none"], 4, "no run at none"),
        (["replay", "RUN", "call-1"], 4, "has not begun"),
        (["examples", "list", "OLD"], 4, "ledger version 3; this selfinstruct reads"),
    ],
)
def test_a_mistake_is_told(
    folder: str, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write_ledger(tmp_path / "run.db", 3)
    places = {"RUN": folder, "OLD": str(tmp_path)}
    done = run(*(places.get(each, each) for each in arguments))
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", [["examples", "list"], ["log"], ["trace"], ["replay"]])
def test_help_has_examples_and_says_what_is_held_out(verb: list[str]) -> None:
    done = run(*verb, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert ("held-out" in done.stdout) == (verb != ["replay"])
