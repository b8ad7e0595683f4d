"""A candidate with half of a character and a NUL goes from the teacher to every list and page."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from selfinstruct.cli.app import app
from selfinstruct.disk.files import read_jsonl
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.rows import from_example, to_rejection
from selfinstruct.stages import making
from selfinstruct.store import Store
from selfinstruct.store.searchable import search_faults
from selfinstruct.types import Rejection
from selfinstruct.web.reviewing import Reviewing
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, ask
from tests.half_characters import BROKEN, HALF, NUL
from tests.reviewed import made, screened, write_reviewable
from tests.workplace import setting


@pytest.fixture(scope="module")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candidates of a function and of a teacher, as a round leaves them."""
    folder = tmp_path_factory.mktemp("runs") / "t"
    asked = {
        "recipes": {"program": 1.0, "label_first": 1.0},
        "program": "tests.half_characters:make",
        "accept": 4,
        "prompts_per_wave": 4,
        "samples_per_prompt": 3,
    }
    teacher = {"backend": "program", "name": "tests.half_characters:answer"}
    with Store(folder, write=True) as store:
        here = setting(tiny_base, store, generate=asked, teacher=teacher)
        store.update_meta({"config": here.cfg.model_dump(mode="json"), "guard": []})
        making.generate(here, 1, (), here.base)
    return folder


@pytest.fixture(scope="module")
def broken(run: Path) -> Rejection:
    with Store(run) as store:
        found = [item for item in store.screened(1).rejected if item.what.input == BROKEN["input"]]
    assert {item.reason for item in found} == {"garbled"}
    assert found[0].what.response == BROKEN["response"]
    return found[0]


def command(*words: object) -> Result:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exception is None, done.exception
    return done


def test_the_file_of_rejects_holds_them_whole(run: Path) -> None:
    with Store(run) as store:
        rejected = store.screened(1).rejected
    found = [row for _, row in read_jsonl(run / "rounds/1/rejected.jsonl")]
    assert [to_rejection(row) for row in found] == list(rejected)
    assert any(NUL in item.what.input for item in rejected if item.what.source != "recipe:program")


JSON: dict[str, tuple[tuple[str, ...], str]] = {
    "list": (("examples", "list", "RUN", "--where", "reason=garbled"), "row"),
    "words": (("examples", "list", "RUN", "--text", "refund"), "row"),
    "rejected": (("show", "RUN", "--rejected", "garbled"), "what"),
}


@pytest.mark.parametrize("name", JSON)
def test_json_holds_them_whole(run: Path, broken: Rejection, name: str) -> None:
    words, part = JSON[name]
    named = {"RUN": run}
    found = json.loads(command(*(named.get(word, word) for word in words), "--json").stdout)
    assert from_example(broken.what) in [row[part] for row in found["rows"]]


@pytest.mark.parametrize(
    "words",
    [
        ("examples", "list", "RUN", "--where", "reason=garbled"),
        ("examples", "list", "RUN", "--text", "refund"),
        ("show", "RUN", "ID"),
        ("show", "RUN", "--rejected", "garbled"),
        ("trace", "RUN", "ID"),
    ],
)
def test_terminals_show_them_spelled_out(
    run: Path, broken: Rejection, words: tuple[str, ...]
) -> None:
    named = {"RUN": run, "ID": broken.what.id}
    told = command(*(named.get(word, word) for word in words)).stdout
    assert broken.what.id[:8] in told
    assert HALF not in told
    assert NUL not in told
    assert "\\xd83d" in told


def test_calls_traces_status_and_report_are_made(run: Path, broken: Rejection) -> None:
    calls = json.loads(command("log", run, "--json").stdout)["calls"]
    assert calls
    story = json.loads(command("show", run, calls[0]["id"], "--json").stdout)
    assert NUL in story["text"]
    assert json.loads(command("trace", run, broken.what.id, "--json").stdout)
    assert json.loads(command("status", run, "--json").stdout)["rounds"]
    page = Path(command("report", run).stdout.strip()).read_text("utf-8")
    assert "garbled" in page
    assert NUL not in page


def test_every_row_is_found(run: Path) -> None:
    assert list(search_faults(run)) == []


def test_the_review_page_shows_such_a_row(tmp_path: Path) -> None:
    base = screened()
    row = made(190, label=f"f{HALF}ee")
    hit = Rejection(type(row)(**{**_fields(row), **BROKEN}), "personal_data", f"email {HALF}")
    found = type(base)(base.accepted, (*base.rejected, hit), base.scores)
    write_reviewable(tmp_path / "run", {"fraction": 1.0}, {1: found})
    with Desk.open(tmp_path / "run") as desk:
        assert hit.what.id in {line.id for line in desk.listed(EVERYTHING, 0, 99)}
        page = application(ADDRESS, Reviewing(desk, "run", "ann", "/key/").routes(), review=True)
        shown = ask(page, "GET", f"/api/item?id={hit.what.id}")
        assert (shown.status, shown.json["item"]["example"]) == (200, from_example(hit.what))
        for target in ("/api/next", "/api/list", "/api/progress"):
            assert ask(page, "GET", target).status == 200


def _fields(row: Any) -> dict[str, Any]:
    return {key: value for key, value in from_example(row).items() if key != "id"}
