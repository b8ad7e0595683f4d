from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.served.probe import Finding, probe
from tests.stub import faults
from tests.stub.faults import Fault
from tests.stub.server import Scenario, serving


def look(scenario: Scenario, backend: str = "openai", **fields: Any) -> list[Finding]:
    with serving(scenario) as stub:
        given = {"base_url": stub.url, "api_key_env": "NO_KEY", "timeout_s": 5.0, **fields}
        return probe(ModelConfig(backend=backend, name="m", **given))  # type: ignore[arg-type]


def faulty(found: list[Finding]) -> list[Finding]:
    return [each for each in found if not each.ok]


@pytest.mark.parametrize("backend", ["openai", "anthropic"])
def test_a_good_server_has_nothing_to_mend(backend: str) -> None:
    found = look(Scenario(), backend)
    assert faulty(found) == []
    told = " ".join(each.what for each in found)
    assert "counts tokens" in told
    assert "whole" in told


def test_what_keeps_it_from_answering_is_all_there_is() -> None:
    [finding] = look(Scenario(key="right"))
    assert "refuses the key" in finding.what
    assert "NO_KEY" in finding.mend


@pytest.mark.parametrize(
    ("field", "instead", "mend"),
    [
        ("max_tokens", "max_completion_tokens", "teacher.token_limit: max_completion_tokens"),
        ("seed", "", "teacher.send_seed: false"),
    ],
)
def test_a_refused_field_comes_with_its_line(field: str, instead: str, mend: str) -> None:
    [finding] = look(Scenario(script=faults.without(field, instead)))
    assert finding.mend == mend


def test_a_server_that_cuts_prompts_is_found_out() -> None:
    [finding] = [
        each for each in faulty(look(Scenario(context=4096))) if "was sent about" in each.what
    ]
    assert "OLLAMA_CONTEXT_LENGTH" in finding.mend


def test_a_server_that_counts_nothing_is_told() -> None:
    silent = Fault(alter=lambda answer: {**answer, "usage": None})
    found = faulty(look(Scenario(script=faults.always(silent))))
    assert "does not count tokens" in found[0].what


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda body, _choice: f"x{body.get('seed')}", "holds to a seed"),
        (lambda _body, _choice: "always the same", "one answer to different seeds"),
    ],
)
def test_seeds_are_tried(write: Any, words: str) -> None:
    assert words in " ".join(each.what for each in look(Scenario(write=write)))


def test_a_single_choice_is_no_fault() -> None:
    found = look(Scenario(script=faults.always(faults.ONE_CHOICE)))
    [told] = [each for each in found if "several choices" in each.what]
    assert told.ok
    assert "has no several choices" in told.what
