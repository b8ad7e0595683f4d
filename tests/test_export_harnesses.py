import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.export.facts import Facts, read_facts
from selfinstruct.export.harnesses import Tool, write_stress
from selfinstruct.store import Store
from selfinstruct.types import Message
from tests.exported import HOSTILE, made, write_exported

TALK = replace(
    made(2)[0], turns=(Message("user", "Hello"), Message("assistant", "Yes?")), instruction="Well?"
)
ROWS = (*made(2)[:2], TALK, HOSTILE)
LOAD = """
import json, sys
from lm_eval.tasks import TaskManager
name = sys.argv[1]
task = TaskManager(include_path=".", include_defaults=False).load([name])["tasks"][name]
docs = list(task.test_docs())
choices = task.doc_to_choice(docs[0]) if task.OUTPUT_TYPE == "multiple_choice" else None
requests = [task.construct_requests(d, task.doc_to_text(d)) if choices else None for d in docs[:1]]
print(json.dumps([[task.doc_to_text(d), task.doc_to_target(d)] for d in docs] + [choices]))
"""


def facts_of(tmp_path: Path, target: str = "label_and_response") -> Facts:
    task = {"target": target, "system": "Be kind."}
    with Store(write_exported(tmp_path / "t", task=task)) as store:
        return read_facts(store)


def read_jsonl(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.decode().split("\n") if line]


def test_inspect_reads_chat_messages_targets_ids_and_metadata(tmp_path: Path) -> None:
    made_files = write_stress(ROWS, facts_of(tmp_path), "inspect")
    samples = read_jsonl(made_files.files["stress.jsonl"])
    assert set(samples[0]) == {"id", "input", "target", "metadata"}
    assert samples[2]["input"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": f"Well?\n\n{TALK.input}"},
    ]
    assert (samples[0]["id"], samples[0]["target"]) == (ROWS[0].id, "refund")
    assert samples[0]["metadata"]["set"] == "stress"
    assert samples[3]["metadata"]["label"] == HOSTILE.label


@pytest.mark.parametrize("target", ["label_and_response", "response"])
@pytest.mark.skipif(importlib.util.find_spec("lm_eval") is None, reason="extra lm-eval")
def test_the_harness_loads_the_task_and_its_rows(tmp_path: Path, target: str) -> None:
    made_files = write_stress(ROWS[:3], facts_of(tmp_path, target), "lm-eval")
    folder = tmp_path / "out"
    folder.mkdir()
    for name, content in made_files.files.items():
        (folder / name).write_bytes(content)
    code = [sys.executable, "-c", LOAD, "t_stress"]
    done = subprocess.run(code, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    *documents, choices = json.loads(done.stdout.strip().split("\n")[-1])
    assert len(documents) == 3
    assert documents[2][0] == f"Be kind.\nHello\nYes?\nWell?\n\n{TALK.input}"
    if target == "response":
        assert [expected for _, expected in documents] == [row.response for row in ROWS[:3]]
        assert choices is None
    else:
        assert choices == ["fee", "refund"]
        named = [choices[at] if isinstance(at, int) else at for _, at in documents]
        assert named == [row.label for row in ROWS[:3]]


def test_promptfoo_reads_vars_with_an_assertion_of_the_label(tmp_path: Path) -> None:
    made_files = write_stress(ROWS[:2], facts_of(tmp_path), "promptfoo")
    first, _ = yaml.safe_load(made_files.files["stress.yaml"])
    assert first["assert"] == [{"type": "icontains", "value": "refund"}]
    assert json.loads(first["vars"]["messages"])[0] == {"role": "system", "content": "Be kind."}
    assert first["vars"]["question"].endswith(ROWS[0].input)
    written = write_stress(ROWS[:2], facts_of(tmp_path / "b", "response"), "promptfoo")
    first, _ = yaml.safe_load(written.files["stress.yaml"])
    assert (first["assert"], first["vars"]["expected"]) == ([], ROWS[0].response)


@pytest.mark.parametrize(
    "change",
    [
        {"input": "", "instruction": "file:///etc/passwd"},
        {"input": "{{ env.OPENAI_API_KEY }}"},
        {"input": "a {% raw %}"},
        {"label": "{# x #}"},
        {"input": "", "instruction": " https://example.com/x"},
        {"turns": (Message("user", "{{x}}"), Message("assistant", "Yes?"))},
    ],
)
def test_a_text_that_promptfoo_would_run_or_fetch_is_left_out_and_counted(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    rows = (ROWS[0], replace(ROWS[1], **change))
    made_files = write_stress(rows, facts_of(tmp_path), "promptfoo")
    assert (made_files.rows, made_files.left_out) == (rows[:1], 1)
    assert len(yaml.safe_load(made_files.files["stress.yaml"])) == 1


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029", "\ufeff", "\U0001f600", "\x1b", "é"])
def test_what_one_yaml_takes_for_a_line_and_another_does_not_is_spelled_out(
    tmp_path: Path, char: str
) -> None:
    """promptfoo read such a text with blanks in it that nobody wrote."""
    row = replace(ROWS[0], input=f"one{char}two")
    content = write_stress([row], facts_of(tmp_path), "promptfoo").files["stress.yaml"].decode()
    assert not set(content) & {"\x85", "\u2028", "\u2029", "\ufeff", "\x1b"}
    (test,) = yaml.safe_load(content)
    assert f"one{char}two" in test["vars"]["question"]
    assert f"one{char}two" in json.loads(test["vars"]["messages"])[1]["content"]


@pytest.mark.parametrize("tool", ["inspect", "lm-eval", "promptfoo"])
def test_hostile_rows_are_data_in_every_file(tmp_path: Path, tool: Tool) -> None:
    clean, facts = HOSTILE.label or "", facts_of(tmp_path)
    for name, content in write_stress([HOSTILE], facts, tool).files.items():
        text = content.decode()
        found = read_jsonl(content) if name.endswith("jsonl") else yaml.safe_load(text)
        assert found
        if tool == "promptfoo":
            assert found[0]["assert"][0]["value"] == " ".join(clean.split())
            assert len(found) == 1
        assert write_stress([HOSTILE], facts, tool).files[name] == content
