import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.store import Store
from tests.test_served_model import said, serving

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def config(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
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
        "teacher": {"backend": "program", "name": "tests.scripted_teacher:answer_then_die"},
        "generate": {"accept": 4, "prompts_per_wave": 2, "samples_per_prompt": 3},
        "student": {
            "name": str(tiny_base),
            "max_steps": 1,
            "batch_size": 2,
            "rank": 2,
        },
        "evaluate": {"max_new_tokens": 4},
        "guard": {"rows": 4},
        "rounds": {"max": 1},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def start(
    config: Path, out: Path, *more: str, before: str = "", **env: str
) -> subprocess.Popen[str]:
    code = f"{before}from selfinstruct.cli.app import main; main()"
    command = [sys.executable, "-c", code, "run", str(config), f"out={out}", *more]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
    )


def outcome(config: Path, out: Path, before: str = "", **env: str) -> dict[str, Any]:
    """Start, or go on, to the end: what the run came to, seconds aside; `before` is run first."""
    running = start(config, out, "--json", before=before, **env)
    stdout, stderr = running.communicate(timeout=300)
    assert running.returncode == 0, stderr
    found: dict[str, Any] = json.loads(stdout)
    found.pop("run")
    found.pop("seconds")
    found.pop("account")  # it knows of calls that were lost
    for entry in found["rounds"]:
        entry.pop("seconds")
    return found


@pytest.fixture(scope="session")
def uninterrupted(config: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return outcome(config, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_run_stopped_by_a_signal_says_how_to_go_on_and_goes_on(
    config: Path, uninterrupted: dict[str, Any], tmp_path: Path, number: signal.Signals, code: int
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
    assert outcome(config, tmp_path) == uninterrupted


def test_a_second_signal_ends_a_run_whose_teacher_does_not_hear_the_first(
    config: Path, uninterrupted: dict[str, Any], tmp_path: Path
) -> None:
    deaf = tmp_path / "deaf"
    running = start(config, tmp_path, DEAF=str(deaf))
    while not deaf.exists():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.5)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 143
    assert outcome(config, tmp_path) == uninterrupted


@pytest.mark.parametrize("years", [1, -1])
def test_a_clock_that_jumps_by_a_year_changes_nothing(
    config: Path, uninterrupted: dict[str, Any], tmp_path: Path, years: int
) -> None:
    """From the end of the first call on, and back again when the run is resumed."""
    jump = (
        "import os, time\nreal = time.time\ndef jumped():\n"
        f"    gone = os.path.exists({str(tmp_path / 'once')!r})\n"
        f"    return real() + gone * {years} * 365 * 86400\ntime.time = jumped\n"
    )
    assert outcome(config, tmp_path, jump, ONCE=str(tmp_path / "once")) == uninterrupted
    assert (tmp_path / "once").exists()
    with Store(tmp_path / "t") as store:
        assert all(0 <= stage["seconds"] < 600 for stage in store.stages())
        took = [call["ended"] - call["started"] for call in store.calls()]
    assert len(took) > 3
    assert all(0 <= seconds < 600 for seconds in took)
    assert outcome(config, tmp_path) == uninterrupted


def test_a_run_killed_while_the_teacher_writes_pays_no_call_twice(
    config: Path, uninterrupted: dict[str, Any], tmp_path: Path
) -> None:
    answered = []
    for answers in ("4", "1"):
        running = start(config, tmp_path, KILL_AFTER=answers)
        _, stderr = running.communicate(timeout=300)
        assert running.returncode == -signal.SIGKILL, stderr
        with Store(tmp_path / "t") as store:
            answered.append(store.spent()["completion_tokens"])
    assert 0 < answered[0] < answered[1]
    found = outcome(config, tmp_path)
    assert found == uninterrupted
    assert found["state"] == "finished"
    assert found["rounds"][0]["verdict"] in ("accept", "reject", "inconclusive")


def command(*words: str) -> subprocess.CompletedProcess[str]:
    code = "from selfinstruct.cli.app import main; main()"
    started = [sys.executable, "-c", code, *words]
    return subprocess.run(started, capture_output=True, text=True, cwd=ROOT, check=False)


def test_of_many_starters_one_wins_and_the_others_are_told_which(
    config: Path, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    held.touch()
    teacher = "teacher.name=tests.scripted_teacher:answer_when_let"
    starters = [start(config, tmp_path, teacher, HELD_BY=str(held)) for _ in range(8)]
    deadline = time.monotonic() + 120
    while sum(each.poll() is None for each in starters) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    (winner,) = (each for each in starters if each.poll() is None)
    others = [each for each in starters if each is not winner]
    told = f"error: {tmp_path / 't'} is in use by process {winner.pid} on {platform.node()} since "
    for other in others:
        _, stderr = other.communicate()
        assert (other.returncode, stderr[: len(told)]) == (4, told)
        assert f" run {config} out={tmp_path}" in stderr
    while command("status", str(tmp_path / "t")).returncode != 0:  # it has not begun yet
        assert time.monotonic() < deadline
    assert winner.poll() is None
    winner.kill()
    winner.wait()
    held.unlink()
    assert start(config, tmp_path, teacher, HELD_BY=str(held)).wait(300) == 0
    with Store(tmp_path / "t", write=True):
        swept = command("sweep", str(config), f"out={tmp_path}", teacher)
        assert (swept.returncode, "in use by process" in swept.stderr) == (4, True)
        assert command("status", str(tmp_path / "t")).returncode == 0
        assert command("show", str(tmp_path / "t")).returncode == 0


def test_a_finished_run_whose_teacher_is_gone_is_still_finished(
    config: Path, tmp_path: Path
) -> None:
    texts = [f"why does my {thing} cost so much in march" for thing in ("gym", "car", "loan")]
    with serving(*map(said, texts)) as (stub, url):
        settings = yaml.safe_load(config.read_text())
        settings["teacher"] = {"backend": "openai", "name": "m", "base_url": url}
        settings["seeds"]["path"] = str(config.parent / "seeds.jsonl")
        served = tmp_path / "config.yaml"
        served.write_text(yaml.safe_dump(settings))
        found = outcome(served, tmp_path, OPENAI_API_KEY="")
        calls = len(stub.calls)
        assert found["state"] == "finished"
        assert 0 < calls == found["spent"]["calls"]
        assert outcome(served, tmp_path, OPENAI_API_KEY="") == found
        assert len(stub.calls) == calls
    assert outcome(served, tmp_path, OPENAI_API_KEY="") == found


def test_a_spent_budget_answers_3_and_says_how_to_go_on(config: Path, tmp_path: Path) -> None:
    running = start(config, tmp_path, "budget.max_calls=3")
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == 3
    assert "raise the budget" in stderr


@pytest.mark.slow
def test_a_fork_tells_what_it_reuses_and_the_same_command_goes_on_with_it(
    config: Path, tmp_path: Path
) -> None:
    assert start(config, tmp_path).wait(300) == 0
    for told in ("reused from t: splits, candidates of round 1, ", ""):
        running = start(config, tmp_path, "gate.alpha=0.1", "--fork", "u")
        stdout, stderr = running.communicate(timeout=300)
        assert running.returncode == 0, stderr
        assert told in stderr
        assert ("to do again: verdict of round 1, final" in stderr) == bool(told)
        assert "forked from t (gate.alpha: 0.05 -> 0.1), reusing splits" in stdout
        assert "before this run began, in t" in " ".join(stdout.split())
    refused = command("run", str(config), f"out={tmp_path}", "gate.alpha=0.2", "name=u")
    assert (refused.returncode, "--fork OTHER" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_the_whole_loop_runs_on_the_bundled_model(tmp_path: Path) -> None:
    """The real teacher and the real student, with everything cut to the least that says so."""
    few = ["seeds.path=seeds/billing.jsonl", "seeds.labels=[fee question, cancel subscription]"]
    small = [
        "seeds.max_per_label={train: 4, dev: 1, gate: 4, final: 1}",
        "generate.accept=1",
        "generate.samples_per_prompt=4",
        "generate.max_candidates=24",
        "generate.prompts_per_wave=1",
        "student.max_steps=2",
        "guard.rows=4",
        "evaluate.max_new_tokens=8",
        "mixture.on_shortage=shrink",
    ]
    running = start(ROOT / "configs/quickstart.yaml", tmp_path, *few, *small, "--json")
    stdout, stderr = running.communicate(timeout=900)
    assert running.returncode == 0, stderr
    found = json.loads(stdout)
    (entry,) = found["rounds"]
    base, control, candidate = found["students"]
    assert (base["name"], control["name"], candidate["name"]) == ("base", "real-only", "round-1")
    assert entry["accepted"] >= 1
    assert entry["verdict"] in ("accept", "reject", "inconclusive")
    assert control["metrics"]["nll"]["value"] < base["metrics"]["nll"]["value"]
    assert (tmp_path / "quickstart/rounds/1/adapter/adapter_model.safetensors").is_file()


@pytest.mark.slow
def test_models_look_at_the_candidates_of_a_real_run_and_what_they_measure_is_kept(
    tmp_path: Path,
) -> None:
    """The bundled model as teacher, student and judge: it cannot judge, and the run says so."""
    small = [
        "seeds.path=seeds/billing.jsonl",
        "seeds.labels=[fee question, cancel subscription]",
        "seeds.max_per_label={train: 4, dev: 1, gate: 4, final: 1}",
        "generate.accept=1",
        "generate.samples_per_prompt=4",
        "generate.max_candidates=8",
        "generate.prompts_per_wave=2",
        "student.max_steps=2",
        "guard.rows=4",
        "evaluate.max_new_tokens=4",
        "mixture.on_shortage=shrink",
        "filters.quality.likelihood={ifd: {most: 100}}",
        "filters.quality.label_agreement={least: null}",
        "filters.quality.rubric={rows: 5, on_failure: go_on}",
    ]
    running = start(ROOT / "configs/quickstart.yaml", tmp_path, *small, "--json")
    stdout, stderr = running.communicate(timeout=900)
    assert running.returncode == 0, stderr
    assert len(json.loads(stdout)["rounds"]) == 1
    for told in ("verifying", "loading base to verify", "calibrating the judge on 5 real rows"):
        assert told in stderr
    with Store(tmp_path / "quickstart") as store:
        found = store.screened(1)
        judge = store.stage(0, "calibrate rubric")
        measured = {
            row.id: {one.name for one in store.scores_of(row.id)}
            for row in (*found.accepted, *(item.what for item in found.rejected))
        }
    assert judge["rows"] == 5 and judge["spoilt"] > 0
    names = set().union(*measured.values())
    assert {"ifd", "label_agreement"} <= names
    expected = {"ifd", "label_agreement"} | (set() if judge["doubt"] else {"rubric"})
    assert all(measured[row.id] == expected for row in found.accepted)
    disagree = [item.what.id for item in found.rejected if item.reason == "label_disagrees"]
    assert all(measured[id_] == {"ifd", "label_agreement"} for id_ in disagree)
