"""The aims of a round as a plan tells them."""

import json
from pathlib import Path

import pytest

from selfinstruct.cli.plan import plan_run
from selfinstruct.cli.plan_text import print_plan

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan looks at the run of its name: there is none here."""
    monkeypatch.chdir(tmp_path)


AIMED = [
    "generate.accept=40",
    "generate.quotas={refund not received: 12}",
    "generate.requests=[{ask: a fee in francs, count: 5}]",
    "generate.personas=[a tired parent, a clerk]",
    "generate.styles=[one line, three lines, all caps]",
    "generate.focus=weak",
    "generate.adapt=0.25",
]


def test_a_plan_shows_what_a_round_aims_at(capsys: pytest.CaptureFixture[str]) -> None:
    labels = plan_run(CONFIGS / "quickstart.yaml", [])["labels"]
    settings = [each.replace("refund not received", labels[0]) for each in AIMED]
    found = json.loads(json.dumps(plan_run(CONFIGS / "quickstart.yaml", settings)))
    assert found["aim"]["quotas"] == {labels[0]: 12}
    assert found["aim"]["rest"] == 40 - 12 - 5
    print_plan(found)
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        f"{labels[0]} 12 accepted rows a round",
        "5 rows: a fee in francs",
        "the rest 23 rows",
        "2 personas x 3 styles",
        "weak on dev",
        "keeps at least 25% of its own",
        "Who writes it: a ",  # in the first prompt
    ):
        assert words in text


def test_a_plan_that_aims_at_nothing_says_nothing_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_plan(plan_run(CONFIGS / "quickstart.yaml", []))
    text = capsys.readouterr().out
    assert "asked by recipe label_first" in text
    for words in ("quotas", "requests", "the rest", "written by", "focus", "adapts"):
        assert words not in text


def test_several_recipes_are_planned_with_their_shares(
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipes = ["task.target=response", "generate.recipes={label_first: 3, self_instruct: 1}"]
    print_plan(plan_run(CONFIGS / "quickstart.yaml", recipes))
    assert "recipes label_first 75%, self_instruct 25%" in capsys.readouterr().out
