import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import UserError
from selfinstruct.models.llamacpp import LlamaCppModel, load_engine, share_prompts
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by


def ask(text: str, seed: int = 0, **sampling: Any) -> Request:
    given = {"temperature": 0.9, "max_tokens": 12, **sampling}
    return Request((Message("user", text),), Sampling(**given), seed=seed)


def answers(model: LlamaCppModel, requests: Sequence[Request]) -> list[Completion]:
    answered = sorted(answered_by(model, requests), key=lambda each: each.index)
    assert [each.index for each in answered] == list(range(len(requests)))
    return [each.completion for each in answered]


@pytest.mark.parametrize(
    ("asked", "groups"),
    [
        ([], []),
        ([("a", 5)], [(0,)]),
        ([("a", 5), ("a", 6), ("a", 7)], [(0, 1, 2)]),
        ([("a", 5), ("a", 6), ("a", 7), ("a", 8), ("a", 9)], [(0, 1, 2), (3, 4)]),
        ([("a", 5), ("a", 7), ("a", 8)], [(0,), (1, 2)]),
        ([("a", 5), ("a", 5)], [(0,), (1,)]),
        ([("a", 5), ("b", 6), ("a", 7)], [(0,), (1,), (2,)]),
        ([("a", 2**31 - 1), ("a", 2**31)], [(0,), (1,)]),
    ],
)
def test_what_shares_a_prompt_is_one_call(
    asked: list[tuple[str, int]], groups: list[tuple[int, ...]]
) -> None:
    assert share_prompts([ask(text, seed) for text, seed in asked], 3) == groups


def test_another_sampling_is_another_call() -> None:
    assert share_prompts([ask("a", 0), ask("a", 1, top_p=0.5)], 8) == [(0,), (1,)]


def test_a_missing_engine_names_the_command() -> None:
    with pytest.raises(UserError) as raised:
        load_engine("no_such_engine")
    assert raised.value.next_step == "pip install 'selfinstruct[demo]'"
    assert "OMP_WAIT_POLICY" not in os.environ


@pytest.mark.parametrize("name", ["bundeld", "org/model", "missing.gguf"])
def test_what_is_no_gguf_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="is not a GGUF file"):
        LlamaCppModel(name)


@pytest.fixture(scope="module")
def model() -> Iterator[LlamaCppModel]:
    opened = LlamaCppModel("bundled", context=512, parallel=4)
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a Linux scheduler")
def test_an_engine_that_is_freed_at_once_ends() -> None:
    """On one core its loop has hardly begun by then; a run that has all answers does just this."""
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from selfinstruct.models.llamacpp import LlamaCppModel\n"
        "for _ in range(3):\n    LlamaCppModel('bundled', context=512, parallel=2).close()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.slow
def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(UserError, match=r"cannot load .*broken\.gguf"):
        LlamaCppModel(str(tmp_path / "broken.gguf"))


# Which sums the processor rounds how depends on what else is in the batch, so a long story may turn
# another way at a near tie. Equality is asked of the first few words alone.


@pytest.mark.slow
def test_a_shared_call_draws_what_single_calls_draw(model: LlamaCppModel) -> None:
    seeds = range(5, 9)
    shared = answers(model, [ask("Tell a story.", seed, max_tokens=3) for seed in seeds])
    single = [answers(model, [ask("Tell a story.", seed, max_tokens=3)])[0] for seed in seeds]
    assert [each.text for each in shared] == [each.text for each in single]
    assert len({each.text for each in shared}) > 1
    assert [each.completion_tokens for each in shared] == [3, 3, 3, 3]
    assert {each.prompt_tokens for each in shared} == {single[0].prompt_tokens}


@pytest.mark.slow
def test_sampling_is_obeyed(model: LlamaCppModel) -> None:
    sure = "How many days are in a week?"
    greedy, again, cut, done = answers(
        model,
        [
            ask(sure, 1, temperature=0.0, max_tokens=3),
            ask(sure, 2, temperature=0.0, max_tokens=3),
            ask(sure, temperature=0.0, max_tokens=40, stop=("week",)),
            ask(sure, temperature=0.0, max_tokens=40),
        ],
    )
    assert greedy.text == again.text == "A week is"
    assert (greedy.completion_tokens, greedy.finish_reason) == (3, "length")
    assert (cut.text, cut.finish_reason) == ("A ", "stop")
    assert "days" in done.text
    assert done.finish_reason == "stop"


@pytest.mark.slow
def test_without_turns_the_text_is_gone_on_with(model: LlamaCppModel) -> None:
    text = "Days: Monday, Tuesday, Wednesday,"
    base = LlamaCppModel("bundled", context=512, parallel=4, turns=False)
    how: dict[str, Any] = {"temperature": 0.0, "max_tokens": 8, "stop": (",",)}
    drawn = [ask(text, seed, max_tokens=3) for seed in range(5, 8)]
    greedy, cut, *shared = answers(
        base, [ask(text, **how), ask(text, **how | {"max_tokens": 1}), *drawn]
    )
    single = [answers(base, [each])[0] for each in drawn]
    refused = answers(base, [ask("word " * 600)])[0]
    base.close()
    assert (greedy.text, greedy.finish_reason) == (" Thursday", "stop")
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 1)
    assert [each.text for each in shared] == [each.text for each in single]
    assert refused.finish_reason == "error"
    [chat] = answers(model, [ask(text, **how)])
    assert chat.prompt_tokens > greedy.prompt_tokens > 0
    assert model.digest != base.digest


@pytest.mark.slow
def test_an_answer_is_held_to_its_schema(model: LlamaCppModel) -> None:
    fields = {"city": {"type": "string", "maxLength": 12}, "size": {"enum": ["small", "large"]}}
    schema = json.dumps(
        {
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        }
    )
    free = [ask("Name a city.", seed, temperature=1.0, max_tokens=60) for seed in range(4)]
    held = [replace(each, schema=schema) for each in free]
    plain, *found = answers(model, [free[0], *held])
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(plain.text)
    for each in found:
        assert each.finish_reason == "stop"
        record = json.loads(each.text)
        assert list(record) == ["city", "size"]
        assert record["size"] in ("small", "large")
    [refused] = answers(model, [replace(free[0], schema='{"type": "no such type"}')])
    assert refused.finish_reason == "error"
    assert refused.error


@pytest.mark.slow
def test_every_request_is_answered_once(model: LlamaCppModel) -> None:
    requests = [
        ask(f"Say the number {at}.", seed, max_tokens=6) for at in range(4) for seed in range(5)
    ]
    assert {each.finish_reason for each in answers(model, requests)} <= {"stop", "length"}
    assert answers(model, []) == []


@pytest.mark.slow
def test_a_prompt_beyond_the_context_is_an_error_of_that_request(model: LlamaCppModel) -> None:
    fine, long = answers(model, [ask("hi"), ask("word " * 600)])
    assert fine.text
    assert (long.text, long.finish_reason) == ("", "error")
    assert "exceeds the available context size (512 tokens)" in long.error


@pytest.mark.slow
def test_every_slot_has_the_whole_context(model: LlamaCppModel) -> None:
    full = [ask(f"{at} " + "word " * 400, seed=at * 10, max_tokens=20) for at in range(4)]
    assert {each.finish_reason for each in answers(model, full)} <= {"stop", "length"}


@pytest.mark.slow
def test_closing_early_stops_what_runs(model: LlamaCppModel) -> None:
    long = [ask("Tell a long story.", seed * 2, max_tokens=400) for seed in range(20)]
    running = model.generate([ask("hi", 1, max_tokens=1), *long])
    next(running)
    began = time.monotonic()
    running.close()
    assert time.monotonic() - began < 10
    assert not [each for each in threading.enumerate() if each.name.startswith("llamacpp")]
    assert answers(model, [ask("hi")])[0].text


@pytest.mark.slow
def test_the_port_is_closed_to_strangers(model: LlamaCppModel) -> None:
    address = model._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    for path in ("/props", "/slots", "/v1/models"):
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(address + path)
        assert raised.value.code == 401


@pytest.mark.slow
def test_the_engine_is_silent_and_leaves_no_threads() -> None:
    script = """
import os, sys
from selfinstruct.models.llamacpp import LlamaCppModel
from selfinstruct.types import Message, Request, Sampling
model = LlamaCppModel("bundled", context=256, parallel=2)
texts = ("hi", "x " * 999)
requests = [Request((Message("user", text),), Sampling(max_tokens=4)) for text in texts]
answered = [each.completion for arrived in model.generate(requests) for each in arrived]
assert [completion.finish_reason for completion in answered].count("error") == 1
threads = len(os.listdir("/proc/self/task"))
model.close()
assert len(os.listdir("/proc/self/task")) < threads / 2, os.listdir("/proc/self/task")
assert "torch" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
