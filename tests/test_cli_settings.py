"""The verb `settings`, from outside."""

import json

import pytest

from tests.command import run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], ["teacher", "max_candidates: 2000", "settings WORD tells more"]),
        (["novelty"], ["filters.novelty", "threshold: 0.7", "a number from 0 to 1, or null"]),
        (["gate.alpha"], ["The chance of any wrong accept", "0.05", "--fork does again: verdicts"]),
        (["--config", "configs/quickstart.yaml"], ["configs/quickstart.yaml:44  rounds.max"]),
        (["gate", "--config", "configs/general_self_instruct.yaml"], ["gate.metric", "nll"]),
        (["--md"], ["# Settings", "### filters.novelty"]),
    ],
)
def test_settings_are_told(arguments: list[str], told: list[str]) -> None:
    done = run("settings", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    for each in told:
        assert each in done.stdout


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["gate.alpha"], {"name": "gate.alpha", "default": "0.05", "may_change": False}),
        (
            ["novelty"],
            {"name": "filters.novelty.over", "takes": "question or instruction_and_input"},
        ),
        (["name"], {"name": "name", "may_change": True, "required": False}),
        (
            ["rounds", "--config", "configs/quickstart.yaml"],
            {"name": "rounds.max", "value": "1", "default": "5", "line": 44, "differs": True},
        ),
    ],
)
def test_settings_have_a_versioned_json_form(
    arguments: list[str], first: dict[str, object]
) -> None:
    told = json.loads(run("settings", *arguments, "--json").stdout)
    assert told["schema_version"] == 1
    assert {**told["settings"][0], **first} == told["settings"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nvelty"], "near it: filters.novelty.over"),
        (["--md", "gate"], "--md prints the whole page"),
        (["--config", "none.yaml"], "no config at none.yaml"),
    ],
)
def test_a_mistake_is_told(arguments: list[str], message: str) -> None:
    done = run("settings", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_typo_in_a_config_names_the_command() -> None:
    done = run("plan", "configs/quickstart.yaml", "filters.novelty.treshold=0.6")
    assert "did you mean threshold?" in done.stderr
    assert "next: selfinstruct settings filters.novelty tells what there is" in done.stderr
