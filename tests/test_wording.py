"""The prompts of one run: resolved once, checked before anything is spent, kept to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.audit import audit
from selfinstruct.cli.show import row_story
from selfinstruct.config import Config, parse_config
from selfinstruct.errors import UserError
from selfinstruct.prompting import SHIPPED, shipped
from selfinstruct.registry import Registry, read_ref
from selfinstruct.runs import Run
from selfinstruct.store import Store
from selfinstruct.summary import read_summary
from selfinstruct.task import Task, settle
from selfinstruct.types import RealData
from selfinstruct.wording import FORMS, forms_of, settle_wording
from tests.frozen_run import rows
from tests.own_prompts import QUESTION, question, write
from tests.small_run import Bench, write_seeds

NAME = f"{QUESTION}.j2"
ME = ("me", "2026-11-30T00:00:00Z")
MODEL = {"backend": "program", "name": "m:f"}
DATA = RealData(rows("train", 8), rows("dev", 4), rows("gate", 4), rows("final", 2))
EVERYTHING: dict[str, Any] = {
    "judge": {"model": MODEL},
    "filters": {"quality": {"self_consistency": {}, "round_trip": {"least": 0.1}, "rubric": {}}},
}


def config(**sections: Any) -> Config:
    return parse_config({"seeds": {"path": "x"}, "teacher": MODEL, **sections})


def task_of(cfg: Config) -> Task:
    return settle(cfg, DATA)


def settled(base: Path, stored: Any = None, **sections: Any) -> Any:
    cfg = config(**sections)
    return settle_wording(cfg, base, task_of(cfg), stored)


def commit(base: Path, words: str, label: str = "") -> None:
    folder = base / "prompts"
    write(folder, QUESTION, question(words))
    registry = Registry(folder)
    number, _ = registry.commit(NAME, words, *ME)
    if label:
        registry.move(read_ref(f"{QUESTION}@{number}"), label, "", *ME)


def told(wording: Any) -> list[str]:
    return [each.told for each in wording.used]


def test_every_shipped_template_has_its_form_and_the_other_way_round() -> None:
    from selfinstruct.prompting import shipped_sources

    assert set(FORMS) == set(shipped_sources()) - {"aim.j2"}


@pytest.mark.parametrize(
    ("sections", "names"),
    [
        ({}, {"label_first"}),
        ({"generate": {"recipes": {"label_first": 1, "evolve": 1}}}, {"label_first", "evolve"}),
        (EVERYTHING, {"label_first", "quality", "judge"}),
    ],
)
def test_a_run_settles_what_it_asks_and_nothing_else(
    tmp_path: Path, sections: dict[str, Any], names: set[str]
) -> None:
    found = settled(tmp_path, **sections)
    assert {each.chosen.ref.name.partition("/")[0] for each in found.used} == names
    assert {each.chosen.origin for each in found.used} == {"shipped"}
    quality = [each for each in found.used if each.chosen.ref.name.startswith("quality/")]
    assert len(quality) == (4 if "quality" in names else 0)


def test_files_override_and_a_label_finds_its_version(tmp_path: Path) -> None:
    commit(tmp_path, "A", "production")
    commit(tmp_path, "B")
    assert told(settled(tmp_path))[0] == f"{QUESTION}@2"
    at_label = settled(tmp_path, prompts={"use": {QUESTION: "production"}})
    assert told(at_label)[0] == f"{QUESTION}@1 (production)"
    assert told(settled(tmp_path, prompts={"use": {QUESTION: 1}}))[0] == f"{QUESTION}@1"
    write(tmp_path / "prompts", QUESTION, question("C"))
    assert "(not committed)" in told(settled(tmp_path))[0]
    elsewhere = settled(tmp_path / "away", prompts={"folder": str(tmp_path / "prompts")})
    assert elsewhere.contents == settled(tmp_path).contents


def test_what_was_resolved_by_a_label_stays_though_the_label_moves(tmp_path: Path) -> None:
    use = {"prompts": {"use": {QUESTION: "production"}}}
    commit(tmp_path, "A", "production")
    stored = json.loads(json.dumps(settled(tmp_path, **use).to_rows()))
    commit(tmp_path, "B", "production")
    assert told(settled(tmp_path, stored, **use))[0] == f"{QUESTION}@1 (production)"
    assert told(settled(tmp_path, **use))[0] == f"{QUESTION}@2 (production)"
    by_number = settled(tmp_path, stored, prompts={"use": {QUESTION: 2}})
    assert told(by_number)[0] == f"{QUESTION}@2"


def test_a_shipped_prompt_stays_as_it_was_when_the_package_changes(tmp_path: Path) -> None:
    stored = settled(tmp_path).to_rows()
    stored[0]["sources"] = {NAME: question("as it was")}
    again = settled(tmp_path, stored)
    assert again.used[0].chosen.template.sources[NAME].text == question("as it was")
    write(tmp_path / "prompts", QUESTION, question("mine"))
    changed = settled(tmp_path, stored)
    assert changed.used[0].chosen.template.sources[NAME].text == question("mine")


@pytest.mark.parametrize(
    ("text", "sections", "complaint"),
    [
        ("\n{{ lable }}", {}, f"{NAME}:2: unknown variable 'lable'"),
        ("\n\n{% if %}", {}, f"{NAME}:3: "),
        ("{% include 'am.j2' %}", {}, f"{NAME}:1: no template am.j2; did you mean aim.j2?"),
        ("{% include '../x.j2' %}", {}, f"{NAME}:1: no template ../x.j2"),
        (question("{{ turn.__globals__ }}"), {}, f"{NAME}:2: access to attribute"),
        (question("A"), {"prompts": {"use": {QUESTION: "nope"}}}, f"{QUESTION} has no version yet"),
        (question("A"), {"prompts": {"use": {"judge/pairwise": 3}}}, "has no version yet"),
        (
            question("A"),
            {"prompts": {"use": {"label_first/qestion": 1}}},
            f"did you mean {QUESTION}",
        ),
        (question("A"), {"prompts": {"use": {"../x": 1}}}, "is no name of a prompt"),
        (question("A"), {"prompts": {"folder": "none"}}, "no file at 'none'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, text: str, sections: dict[str, Any], complaint: str
) -> None:
    write(tmp_path / "prompts", QUESTION, text)
    with pytest.raises(UserError) as raised:
        settled(tmp_path, **sections)
    assert complaint in str(raised.value)


def test_a_fault_in_what_is_not_asked_is_no_fault_of_the_run(tmp_path: Path) -> None:
    write(tmp_path / "prompts", "records/text", "{{ nowhere }}")
    write(tmp_path / "prompts", "evolve/gain", "{% if %}")
    assert told(settled(tmp_path))


@pytest.mark.parametrize(
    ("arms", "complaint"),
    [
        ({f"{QUESTION}@1": 1}, "alone, which is compared with nothing"),
        ({f"{QUESTION}@1": 1, f"{QUESTION}@a": 1}, "are the same prompt"),
        ({f"{QUESTION}@1": 1, f"{QUESTION}@9": 1}, "means nothing"),
        ({"records/text@1": 1, "records/text@2": 1}, "recipe records is not asked"),
        ({"judge/pairwise@1": 1, "judge/pairwise@2": 1}, "recipe judge is not asked"),
        (
            {
                **{f"{QUESTION}@{n}": 1 for n in (1, 2)},
                **{f"label_first/answer@{at}": 1 for at in ("1", "shipped")},
            },
            "versions of 2 prompts of recipe label_first",
        ),
        ({"label_first/qestion@1": 1, f"{QUESTION}@1": 1}, f"did you mean {QUESTION}?"),
    ],
)
def test_arms_that_compare_nothing_are_refused(
    tmp_path: Path, arms: dict[str, float], complaint: str
) -> None:
    commit(tmp_path, "A", "a")
    commit(tmp_path, "B")
    with pytest.raises(UserError) as raised:
        settled(tmp_path, generate={"arms": arms})
    assert complaint in str(raised.value)


def test_a_prompt_is_pinned_in_one_place(tmp_path: Path) -> None:
    commit(tmp_path, "A")
    arms = {f"{QUESTION}@1": 1, f"{QUESTION}@shipped": 1}
    with pytest.raises(UserError, match=r"is in prompts\.use and in generate\.arms"):
        settled(tmp_path, prompts={"use": {QUESTION: 1}}, generate={"arms": arms})


def test_a_file_that_is_asked_by_nobody_is_told(tmp_path: Path) -> None:
    write(tmp_path / "prompts", "label_first/qestion", question("A"))
    (note,) = settled(tmp_path).notes
    assert f"did you mean {NAME}?" in note


@pytest.fixture
def bench(tiny_base: Path, tmp_path: Path) -> Bench:
    return Bench(tiny_base, write_seeds(tmp_path / "seeds.jsonl"), tmp_path)


def asked(folder: Path) -> Iterator[tuple[str, str]]:
    with Store(folder) as store:
        for call in store.calls():
            yield call["template"], call["version"]


def test_a_run_asks_with_its_own_prompts_to_the_end(bench: Bench, tmp_path: Path) -> None:
    """The label moves and the file goes while it is stopped; what it began with is what it asks."""
    commit(tmp_path, "Write", "production")
    write(
        tmp_path / "prompts", "label_first/answer", '{% call turn("user") %}{{ text }}{% endcall %}'
    )
    sections: dict[str, Any] = {"prompts": {"use": {QUESTION: "production"}}, "rounds": {"max": 2}}
    run = Run(bench.config(**sections), tmp_path)
    run.execute(rounds=1)
    commit(tmp_path, "Say", "production")
    (tmp_path / "prompts" / NAME).unlink()
    run.execute()
    summary = read_summary(run.folder)
    first, second = summary["prompts"]
    assert (first["told"], first["label"]) == (f"{QUESTION}@1 (production)", "production")
    assert set(asked(run.folder)) == {
        (NAME, first["version"]),
        ("label_first/answer.j2", second["version"]),
    }
    assert first["version"] != shipped(NAME).version
    with Store(run.folder) as store:
        row = store.screened(1).accepted[0]
    assert row.arm == ""
    assert "label_first/answer@" in row_story(run.folder, row.id)["attempt"]["told"]
    assert [finding for finding in audit(run.folder) if not finding.ok] == []


def test_a_changed_prompt_is_a_changed_setting(bench: Bench, tmp_path: Path) -> None:
    write(tmp_path / "prompts", QUESTION, question("Write"))
    run = Run(bench.config(rounds={"max": 1}), tmp_path)
    run.execute()
    spent = read_summary(run.folder)["spent"]
    write(tmp_path / "prompts", QUESTION, question("Say"))
    with pytest.raises(UserError) as raised:
        run.execute()
    assert f"prompts.{QUESTION}: what it names has changed" in str(raised.value)
    assert "again: candidates" in str(raised.value)
    assert "--fork" in raised.value.next_step
    forked, about = run.fork("other")
    assert about is not None
    assert any(QUESTION in change for change in about["changed"])
    assert "training of rounds 0" not in about["again"]
    forked.execute()
    assert read_summary(forked.folder)["spent"]["calls"] > spent["calls"]
    write(tmp_path / "prompts", QUESTION, question("Write"))
    run.execute()  # back to what it was


def test_a_fault_is_told_before_a_run_begins(bench: Bench, tmp_path: Path) -> None:
    write(tmp_path / "prompts", QUESTION, "\n{{ lable }}")
    run = Run(bench.config(), tmp_path)
    with pytest.raises(UserError, match=r"question\.j2:2: unknown variable 'lable'"):
        run.execute()
    with Store(run.folder) as store:
        assert store.real_data() is None


def test_prompts_that_share_a_recipe_are_told_apart(bench: Bench, tmp_path: Path) -> None:
    commit(tmp_path, "Write")
    commit(tmp_path, "Say")
    arms = {f"{QUESTION}@1": 0.5, f"{QUESTION}@2": 0.5}
    generate = {"accept": 8, "prompts_per_wave": 4, "samples_per_prompt": 3, "arms": arms}
    run = Run(bench.config(generate=generate, rounds={"max": 1}), tmp_path)
    run.execute()
    summary = read_summary(run.folder)
    (entry,) = summary["rounds"]
    found = {arm["arm"]: arm for arm in entry["prompt_arms"]}
    assert found.keys() == arms.keys()
    total = entry["accepted"] + sum(entry["rejected"].values())
    assert sum(arm["candidates"] for arm in found.values()) == total
    versions = {arm["version"] for arm in found.values()}
    assert versions == {version for name, version in asked(run.folder) if name == NAME}
    assert len(versions) == 2
    for arm in found.values():
        assert 0 <= arm["share"]["low"] <= arm["share"]["value"] <= arm["share"]["high"] <= 1
    with Store(run.folder) as store:
        rows_of = store.screened(1).accepted
    assert {row.arm for row in rows_of} <= arms.keys()
    before = bench.outcome()
    run.execute()
    assert bench.outcome() == before


def test_a_version_that_was_edited_in_a_ledger_is_found(bench: Bench, tmp_path: Path) -> None:
    run = Run(bench.config(), tmp_path)
    run.execute(rounds=0)
    with Store(run.folder, write=True) as store:
        stored = store.meta("prompts")
        stored[0]["sources"][NAME] += " "
        store.set_meta("prompts", stored)
    (fault,) = [finding for finding in audit(run.folder) if not finding.ok]
    assert "every template is what its version says" in fault.what
    assert QUESTION in fault.what


def test_no_prompt_of_ones_own_is_what_it_always_was(tmp_path: Path) -> None:
    found = settled(tmp_path)
    assert {name: template.version for name, template in found.prompts.templates.items()} == {
        name: SHIPPED.template(name).version for name in (NAME, "label_first/answer.j2")
    }
    assert list(forms_of(config(), task_of(config()))) == [
        FORMS[NAME],
        FORMS["label_first/answer.j2"],
    ]
