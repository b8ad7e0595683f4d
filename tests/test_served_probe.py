from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.served.probe import Finding, probe
from tests.stub import faults
from tests.stub.dialects import write_words
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


def obeys(body: Any, choice: int) -> str:
    asked = body.get("response_format") or body.get("output_config", {}).get("format")
    return '{"greeting": "hi"}' if asked else write_words(body, choice)


@pytest.mark.parametrize("backend", ["openai", "anthropic"])
def test_a_server_that_holds_to_a_schema_is_told_from_one_that_takes_no_notice(
    backend: str,
) -> None:
    for write, words in ((obeys, "holds an answer to"), (write_words, "takes no notice of")):
        found = look(Scenario(write=write), backend)
        assert f"{words} a JSON schema" in " ".join(each.what for each in found)
        assert faulty(found) == []


@pytest.mark.parametrize(
    ("backend", "field"), [("openai", "response_format"), ("anthropic", "output_config")]
)
@pytest.mark.parametrize(("structured", "mends"), [("always", True), ("never", False)])
def test_a_refused_schema_is_mended_where_it_would_be_sent(
    backend: str, field: str, structured: str, mends: bool
) -> None:
    found = look(Scenario(script=faults.without(field)), backend, structured=structured)
    [told] = [each for each in found if "refuses a JSON schema" in each.what]
    assert (told.ok, told.mend) == (not mends, "teacher.structured: never" if mends else "")


def test_a_model_without_turns_is_sent_no_schema() -> None:
    found = look(Scenario(), template="none")
    assert faulty(found) == []
    assert "schema" not in " ".join(each.what for each in found)
