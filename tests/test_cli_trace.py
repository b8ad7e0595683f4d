import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from selfinstruct.cli.trace import as_json, print_trace, trace_command
from selfinstruct.store import Store
from selfinstruct.types import Example, Screened
from tests.finished import KEPT, real_data, write_run

HOSTILE = Example("n", "\x1b]0;title\x07 \u202e" + "y" * 100_000, "r", label="\x1b[31m", round=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    with Store(folder, write=True) as store:
        store.commit_wave(2, 0, Screened((HOSTILE,), ()))
    return folder


def test_piped_it_is_indented_and_on_a_terminal_a_tree(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = trace_command(run, KEPT.id, 10, held_out=False)
    print_trace(found)
    plain = capsys.readouterr().out
    assert "\n  came from\n    call call-1: " in plain
    assert "\n      filter novelty: passed\n" in plain
    assert "score label_agreement: value 0.75, by model, detail the champion" in plain
    screen = io.StringIO()
    print_trace(found, Console(file=screen, force_terminal=True, width=120))
    assert "├── " in screen.getvalue()


def test_nothing_of_a_hostile_row_reaches_the_terminal(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_trace(trace_command(run, HOSTILE.id, 10, held_out=False))
    told = capsys.readouterr().out
    assert "\\x1b]0;title" in told
    assert max(map(len, told.split("\n"))) <= 300
    assert not {"\x1b", "\x07", "\u202e"} & set(told)


def test_a_held_out_row_is_an_id_and_a_label(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = real_data().gate[7].id
    print_trace(trace_command(run, id_, 10, held_out=False))
    told = capsys.readouterr().out
    assert f"row {id_} gate, real [a]: (held out" in told
    assert "gate ticket 7" not in told
    print_trace(trace_command(run, id_, 10, held_out=True))
    assert "gate ticket 7" in capsys.readouterr().out


def test_the_json_has_a_version_and_both_directions(run: Path) -> None:
    found = json.loads(json.dumps(as_json(trace_command(run, "call-1", 10, held_out=False))))
    assert set(found) == {"schema_version", "start", "came_from", "led_to"}
    assert [node["kind"] for node in found["led_to"]][:2] == ["candidate", "candidate"]
