import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from selfinstruct.cli.plan import UNFOCUSED, plan_run
from selfinstruct.cli.plan_text import print_plan
from selfinstruct.errors import UserError
from selfinstruct.store import Store
from selfinstruct.types import Example, Rejection, Report, Screened

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan looks at the run of its name: there is none here."""
    monkeypatch.chdir(tmp_path)


def test_a_plan_tells_splits_calls_prompt_and_what_the_gate_can_see() -> None:
    found = json.loads(json.dumps(plan_run(CONFIGS / "quickstart.yaml", [])))
    assert found["target"] == "label_and_response"
    assert found["recipes"] == {"label_first": 1.0}
    assert found["data"]["train"] > 60
    assert found["calls_per_round"] == {"least": 128, "most": 128}  # all of the first wave
    assert 0.05 < found["gate"]["detectable_gain"] < 0.3
    roles = [role for role, _ in found["first_prompt"]["messages"]]
    assert roles[-1] == "user"
    assert len(found["first_prompt"]["version"]) == 12


def test_the_first_prompt_is_the_one_a_run_would_send_and_shows_no_held_out_row() -> None:
    found = plan_run(CONFIGS / "quickstart.yaml", [])
    again = plan_run(CONFIGS / "quickstart.yaml", [])
    assert found == again
    other = plan_run(CONFIGS / "quickstart.yaml", ["seed=1"])
    assert other["first_prompt"] != found["first_prompt"]


def test_general_seeds_are_planned_with_self_instruct(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = plan_run(CONFIGS / "general_self_instruct.yaml", [])
    assert (found["target"], found["recipes"]) == ("response", {"self_instruct": 1.0})
    assert found["gate"]["detectable_gain"] is None
    print_plan(found)
    text = capsys.readouterr().out
    for words in ("real rows", "student writes", "optimiser steps", "first prompt"):
        assert words in text


def test_a_program_needs_no_call_and_shows_a_row_for_a_prompt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It ended in a traceback once: there is no first prompt to show."""
    program = ["generate.recipe=program", "generate.program=tests.test_recipes_program:labelled"]
    found = plan_run(CONFIGS / "quickstart.yaml", program)
    assert found["first_prompt"] is None
    assert found["calls_per_round"] == {"least": 0, "most": 0}
    print_plan(found)
    text = " ".join(capsys.readouterr().out.split())
    assert "first prompt" not in text
    assert "tests.test_recipes_program:labelled, first wave: 64 rows to filter" in text
    assert "first row of tests.test_recipes_program:labelled" in text
    assert "[response] It is." in text


BOTH = ["generate.recipe=auto", "generate.recipes={few_shot: 1, evolve: 1}"]


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        (["generate.recipe=backtranslate"], 100),
        (["generate.recipe=evolve"], 300),  # rewritten, compared, answered
        (["generate.recipe=evolve", "generate.evolve.eliminate=false"], 200),
        (["generate.recipe=evolve", "generate.accept=10"], 3 * 8 * 8),  # a whole first wave
        (["generate.recipe=few_shot"], 8 * 8),  # ... each answer of which is ten rows
        ([*BOTH, "generate.accept=10"], 4 * 8 + 4 * 8 * 3),
        (["generate.recipe=few_shot", "generate.prompts_per_wave=1"], 10),
    ],
)
def test_each_recipe_makes_its_own_calls_a_row(settings: list[str], calls: int) -> None:
    found = plan_run(CONFIGS / "general_self_instruct.yaml", ["generate.accept=100", *settings])
    assert found["calls_per_round"]["least"] == calls


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        (["generate.recipe=few_shot"], 640),
        (["generate.recipe=few_shot", "generate.samples_per_prompt=1"], None),
        (["generate.recipe=few_shot", "generate.accept=160"], None),
        (["generate.recipe=few_shot", "teacher.template=none"], None),  # one row an answer
        ([*BOTH, "generate.accept=80"], 8 * 8 * (10 + 1) // 2),
        (["generate.recipe=evolve"], None),
        (["generate.recipe=evolve", "generate.accept=15"], 64),
    ],
)
def test_a_first_wave_far_beyond_what_a_round_wants_is_told(
    settings: list[str], rows: int | None
) -> None:
    settings = ["generate.accept=100", *settings]
    found = plan_run(CONFIGS / "general_self_instruct.yaml", settings)
    told = [note for note in found["notes"] if "asks for" in note]
    assert [note.split("asks for ")[1].split()[0] for note in told] == [
        str(each) for each in (rows,) if each is not None
    ]


@pytest.mark.parametrize(
    ("teacher", "calls", "held"),
    [
        (["teacher.backend=llamacpp"], 100, True),
        (["teacher.backend=llamacpp", "teacher.structured=never"], 100, False),
        (["teacher.backend=llamacpp", "teacher.template=none"], 1000, False),
    ],
)
def test_many_rows_a_call_are_fewer_calls_and_a_schema_is_told(
    teacher: list[str], calls: int, held: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["generate.recipe=few_shot", "generate.accept=1000", *teacher]
    found = plan_run(CONFIGS / "quickstart.yaml", asked)
    assert found["calls_per_round"]["least"] == calls
    assert (found["first_prompt"]["schema"] is not None) == held
    print_plan(found)
    told = " ".join(capsys.readouterr().out.split())
    assert ("held to a schema by the server" in told) == held


@pytest.mark.parametrize(("mode", "calls"), [("whole", 100), ("turn_by_turn", 600)])
def test_a_conversation_is_one_call_or_as_many_as_its_turns(mode: str, calls: int) -> None:
    asked = [f"generate.dialogue.mode={mode}", "generate.accept=100", "teacher.backend=llamacpp"]
    found = plan_run(CONFIGS / "billing_dialogue.yaml", [*asked, "teacher.base_url=null"])
    assert found["calls_per_round"]["least"] == calls


def test_what_is_odd_about_a_split_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["seeds.max_per_label={train: 1, gate: 1}"]
    found = plan_run(CONFIGS / "quickstart.yaml", few)
    assert "train has 10 rows; under 20 say little about any student" in found["notes"]
    print_plan(found)
    assert "note  train has 10 rows" in capsys.readouterr().out


def test_of_many_rows_it_is_told_how_far_a_plan_is_and_of_few_nothing(tmp_path: Path) -> None:
    rows = "".join(f"where is parcel{n} of day{n % 40},label {n % 4}\n" for n in range(1100))
    (tmp_path / "many.csv").write_text(f"text,category\n{rows}")
    told = io.StringIO()
    split = "seeds.split={train: 0.45, dev: 0.1, gate: 0.35, final: 0.1}"
    many = ["seeds.path=many.csv", "seeds.labels=[]", "seeds.max_per_label={}", split]
    plan_run(CONFIGS / "banking77.yaml", many, console=Console(file=told))
    lines = told.getvalue().splitlines()
    assert lines[:2] == ["reading · 1000/1100 rows", "near-duplicates · 1000/1100 texts"]
    assert lines[2].startswith("contamination · 256/")
    told = io.StringIO()
    plan_run(CONFIGS / "quickstart.yaml", [], console=Console(file=told))
    assert told.getvalue() == ""


def test_a_plan_of_missing_seeds_is_refused() -> None:
    with pytest.raises(UserError, match=r"none\.csv"):
        plan_run(CONFIGS / "banking77.yaml", ["seeds.path=none.csv"])


def small(out: Path, base: Path) -> list[str]:
    return [
        f"out={out}",
        "teacher.backend=program",
        "teacher.name=tests.scripted_teacher:answer",
        f"student.name={base}",
        "generate.accept=30",
        "generate.prompts_per_wave=2",
        "rounds.max=2",
        'budget.prices={"tests.scripted_teacher:answer": {input: 1, output: 4}}',
    ]


def test_a_plan_asks_nobody_unless_it_is_told_to(tmp_path: Path, tiny_base: Path) -> None:
    found = plan_run(CONFIGS / "quickstart.yaml", small(tmp_path, tiny_base))
    assert found["estimate"] is None
    assert list(tmp_path.iterdir()) == []


def test_a_pilot_tells_what_the_rounds_will_take_and_what_it_paid_stays(
    tmp_path: Path, tiny_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = small(tmp_path, tiny_base)
    found = json.loads(json.dumps(plan_run(CONFIGS / "quickstart.yaml", settings, 16)))
    seen, each = found["estimate"]["seen"], found["estimate"]["a_round"]
    with Store(tmp_path / "quickstart") as store:
        assert 8 < seen["calls"] == store.spent()["calls"] <= 16
    assert 0 < seen["kept"] <= seen["candidates"] == 8
    assert each["calls"]["low"] < each["calls"]["value"] < each["calls"]["high"]
    assert each["cost"]["value"] > 0
    print_plan(found)
    text = capsys.readouterr().out
    assert f"pilot: {seen['calls']} calls, {seen['kept']} of 8 kept" in text
    for words in ("tokens a call", " USD, ", "of the teacher's time", "2 rounds", "at most"):
        assert words in text


def test_a_plan_shows_the_prompt_of_a_focus_once_there_is_a_champion_and_says_when_not(
    tmp_path: Path, tiny_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [*small(tmp_path, tiny_base), "generate.focus=weak"]
    before = plan_run(CONFIGS / "quickstart.yaml", settings, 4)
    assert before["notes"].count(UNFOCUSED) == 1
    assert before["estimate"]["reused"] is False
    print_plan(before)
    assert "not scored on dev yet" in " ".join(capsys.readouterr().out.split())
    with Store(tmp_path / "quickstart", write=True) as store:
        data = store.real_data()
        assert data is not None
        nll = tuple(9.0 if row.label == data.labels[-1] else 0.5 for row in data.dev)
        ids = tuple(row.id for row in data.dev)
        store.commit_report(Report("champ", "dev", ids, {"nll": nll}, ("",) * len(ids)))
        store.commit_stage(0, "train", {"digest": "champ"}, 0.0)
        known = {row["messages"] for row in store.replies()}
    after = plan_run(CONFIGS / "quickstart.yaml", settings, 4)
    assert UNFOCUSED not in after["notes"]
    assert after["estimate"]["reused"] is True
    with Store(tmp_path / "quickstart") as store:
        asked = [row["messages"] for row in store.replies()]
        new = json.loads(next(each for each in asked if each not in known))
    assert after["first_prompt"] != before["first_prompt"]
    shown = [content for _, content in after["first_prompt"]["messages"]]
    assert shown == [part["content"] for part in new]
    other = plan_run(CONFIGS / "quickstart.yaml", [*settings, "seed=1"])
    assert UNFOCUSED in other["notes"]  # a run under other settings is none of this plan's


def test_a_plan_goes_by_the_run_that_has_begun_and_by_no_other(
    tmp_path: Path, tiny_base: Path
) -> None:
    settings = small(tmp_path, tiny_base)
    plan_run(CONFIGS / "quickstart.yaml", settings, 4)
    rows = [Example(f"row {i}", attempt="a") for i in range(4)]
    dropped = tuple(Rejection(row, "echo") for row in rows[1:])
    with Store(tmp_path / "quickstart", write=True) as store:
        paid = store.spent()["calls"]
        store.commit_wave(1, 0, Screened(tuple(rows[:1]), dropped))
    again = plan_run(CONFIGS / "quickstart.yaml", settings, 16)["estimate"]
    assert again["source"] == "the run so far"
    assert (again["seen"]["kept"], again["seen"]["candidates"]) == (1, 4)
    with Store(tmp_path / "quickstart") as store:
        assert store.spent()["calls"] == paid  # what is known is not asked
    assert plan_run(CONFIGS / "quickstart.yaml", [*settings, "seed=1"])["estimate"] is None


def test_a_plan_with_a_limit_of_cost_and_no_price_is_refused() -> None:
    with pytest.raises(UserError, match="has no price"):
        plan_run(CONFIGS / "billing_openai.yaml", ["budget.max_cost=5"])


OPEN = "teacher={backend: openai, name: m, base_url: 'https://api.example.com/v1'"


@pytest.mark.parametrize(
    ("teacher", "told"),
    [
        (f"{OPEN}}}", "api.example.com:443 over https"),
        (
            f"{OPEN}, use_proxy: true}}",
            "api.example.com:443 over https, through the proxy http://[redacted]@proxy:3128",
        ),
        (
            "teacher={backend: openai, name: m, base_url: 'http://[::1]:80/v1', use_proxy: true}",
            "[::1]:80 over http",
        ),
    ],
)
def test_a_plan_names_the_host_that_is_asked_and_the_proxy_without_its_password(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    teacher: str,
    told: str,
) -> None:
    monkeypatch.setenv("https_proxy", "http://me:pass-word@proxy:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    found = plan_run(CONFIGS / "quickstart.yaml", [teacher])
    print_plan(found)
    text = " ".join(capsys.readouterr().out.split())
    assert f"teacher asked at {told} " in text
    assert ("through" in text) == ("through" in told)
    assert "pass-word" not in text + str(found)


def test_a_plan_that_asks_no_server_names_no_host() -> None:
    assert plan_run(CONFIGS / "quickstart.yaml", [])["hosts"] == []


def test_a_plan_says_what_personal_data_would_leave_the_machine_and_shows_the_prompt_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = tmp_path / "seeds.jsonl"
    lines = (CONFIGS.parent / "seeds" / "billing.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    marked = [
        {**row, "input": f"{row['input']} Write to u{n}@web.de"} for n, row in enumerate(rows)
    ]
    seeds.write_text("".join(f"{json.dumps(row)}\n" for row in marked))
    ours = [f"seeds.path={seeds}", "seeds.license=CC-BY-4.0"]
    teacher = "teacher={backend: openai, name: m, base_url: 'https://api.openai.com/v1'}"
    judge = f"judge.model={teacher.partition('=')[2]}"
    found = json.loads(json.dumps(plan_run(CONFIGS / "quickstart.yaml", [*ours, teacher, judge])))
    reads = {each["role"]: each for each in found["personal_data"]}
    train, gate = reads["teacher"], reads["judge"]
    assert (train["rows"], gate["rows"]) == (found["data"]["train"], found["data"]["gate"])
    assert (train["kinds"], train["remote"], train["hidden"]) == ({"email": train["rows"]}, 1, 1)
    assert "[EMAIL_1]" in json.dumps(found["first_prompt"])
    assert "@web.de" not in json.dumps(found)
    print_plan(found)
    text = capsys.readouterr().out
    assert "the teacher, elsewhere, is shown placeholders for it" in text
    assert "CC-BY-4.0" in text
    near = plan_run(CONFIGS / "quickstart.yaml", ours)
    assert "@web.de" in json.dumps(near["first_prompt"])
    assert [each["hidden"] for each in near["personal_data"]] == [False]


def test_a_mistyped_label_is_refused_with_the_nearest_before_anything_is_spent(
    tmp_path: Path, tiny_base: Path
) -> None:
    settings = small(tmp_path, tiny_base)
    label = plan_run(CONFIGS / "quickstart.yaml", settings)["labels"][0]
    with pytest.raises(UserError, match=f"did you mean '{label}'"):
        plan_run(
            CONFIGS / "quickstart.yaml", [*settings, f"generate.quotas={{{label}x: 3}}"], pilot=8
        )
    assert list(tmp_path.iterdir()) == []


def test_a_plan_tells_the_licences_that_are_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    policy = ["licenses.allow=[CC-BY-4.0, Gemma]", "teacher.terms=Gemma"]
    found = plan_run(CONFIGS / "quickstart.yaml", [*policy, "seeds.license=CC-BY-4.0"])
    assert found["license_policy"] == {
        "allow": ["CC-BY-4.0", "Gemma"],
        "on_forbidden": "stop",
        "terms": "Gemma",
    }
    print_plan(found)
    text = capsys.readouterr().out
    assert "licences allowed" in text
    assert "CC-BY-4.0, Gemma; rows under others: none" in text
    with pytest.raises(UserError, match=r"seed rows come under a licence .*: NOASSERTION"):
        plan_run(CONFIGS / "quickstart.yaml", ["licenses.allow=[MIT]", "seeds.license=''"])


def test_a_plan_says_how_the_file_was_read_and_what_is_odd_about_its_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = CONFIGS.parent / "seeds" / "billing.jsonl"
    rows = [json.loads(text) for text in seeds.read_text(encoding="utf-8").split("\n")[:60]]
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle, delimiter=";")
        table.writerow(["Id", "Text", "Label"])
        table.writerows([n, f"{row['input']}<br>", row["label"]] for n, row in enumerate(rows))
        table.writerow([60, "only a text", ""])
    found = plan_run(
        CONFIGS / "quickstart.yaml",
        [
            f"seeds.path={tmp_path / 'rows.csv'}",
            "seeds.columns={input: Text, label: Label}",
            "seeds.instruction=Sort.",
            "seeds.require=[label]",
        ],
    )
    assert found["incomplete"] == 1
    assert found["file"] == {
        "read_as": ["cells parted by semicolons"],
        "columns_left_aside": ["Id"],
        "conversations_mended": 0,
        "faults": [],
    }
    assert any(note.startswith("60 of 60 rows hold HTML") for note in found["notes"])
    print_plan(found)
    text = capsys.readouterr().out
    assert "(1 incomplete left out)" in text
    assert "cells parted by semicolons" in text
