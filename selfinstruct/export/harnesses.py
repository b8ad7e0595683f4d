"""A stress set as the files that other evaluation tools read: inspect_ai, lm-evaluation-harness and
promptfoo. Data alone, no code.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from selfinstruct.chat import plain_text, prompt_messages, reference
from selfinstruct.export.facts import Facts
from selfinstruct.export.formats import SURROGATE, as_jsonl
from selfinstruct.rows import from_messages
from selfinstruct.types import Example

Tool = Literal["inspect", "lm-eval", "promptfoo"]
NAME = "stress"
BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
TEMPLATED = ("{{", "{%", "{#")
"""What promptfoo takes for a template wherever it stands in a variable."""
LOADED = ("file://", "package:", "http://", "https://", "python:", "javascript:", "exec:")
"""How a value begins that promptfoo may fetch or run instead of reading it."""


@dataclass(frozen=True, slots=True)
class StressFiles:
    """The files of a set, the one with its rows first; `left_out` rows cannot be told to the tool
    as mere text.
    """

    files: Mapping[str, bytes]
    rows: tuple[Example, ...]
    use: str
    left_out: int = 0


def write_stress(rows: Sequence[Example], facts: Facts, tool: Tool) -> StressFiles:
    """The files of one tool. Raises `UserError` where a row lacks what the student is to write."""
    match tool:
        case "inspect":
            return _inspect(rows, facts)
        case "lm-eval":
            return _lm_eval(rows, facts)
        case "promptfoo":
            return _promptfoo(rows, facts)


def _inspect(rows: Sequence[Example], facts: Facts) -> StressFiles:
    samples = [
        {
            "id": row.id,
            "input": from_messages(prompt_messages(row, facts.cfg.task.system)),
            "target": _expected(row, facts),
            "metadata": _about(row, facts),
        }
        for row in rows
    ]
    # A student writes its label first; match() alone looks at the end.
    scorer = 'match(location="begin")' if "label" in facts.target else "model_graded_qa()"
    use = f'json_dataset("{NAME}.jsonl"), of inspect_ai.dataset, scored by {scorer}'
    return StressFiles({f"{NAME}.jsonl": _jsonl(samples)}, tuple(rows), use)


def _lm_eval(rows: Sequence[Example], facts: Facts) -> StressFiles:
    """Labels are multiple choice; a written answer is compared by chrF, since few repeat it."""
    written = (*rows, *facts.data.train)
    labels = sorted({" ".join(row.label.split()) for row in written if row.label is not None})
    documents = [
        {
            "id": row.id,
            "prompt": plain_text(prompt_messages(row, facts.cfg.task.system)),
            "expected": _expected(row, facts),
            **_about(row, facts),
        }
        for row in rows
    ]
    task: dict[str, Any] = {
        "task": f"{facts.name}_{NAME}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{NAME}.jsonl"}},
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "expected",
        "target_delimiter": "\n",
        "num_fewshot": 0,
        "metadata": {"version": 1.0},
    }
    if "label" in facts.target:
        task |= {
            "output_type": "multiple_choice",
            "doc_to_choice": labels,
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        }
    else:
        task |= {
            "output_type": "generate_until",
            "generation_kwargs": {"until": ["\n\n\n"], "max_gen_toks": 256, "do_sample": False},
            "metric_list": [{"metric": "chrf", "aggregation": "chrf", "higher_is_better": True}],
        }
    files = {f"{NAME}.jsonl": _jsonl(documents), f"{NAME}.yaml": _yaml(task)}
    use = f"cd HERE && lm_eval --include_path . --tasks {task['task']} --model hf ..."
    return StressFiles(files, tuple(rows), use)


def _promptfoo(rows: Sequence[Example], facts: Facts) -> StressFiles:
    """Labels are asserted. A written answer is not: promptfoo's graders ask another model."""
    tests = []
    told: list[Example] = []
    for row in rows:
        said = from_messages(prompt_messages(row, facts.cfg.task.system))
        question = said[-1]["content"]
        expected = _expected(row, facts)
        if not all(map(_is_mere_text, (question, expected, *(each["content"] for each in said)))):
            continue
        told.append(row)
        checks = [{"type": "icontains", "value": expected}] if "label" in facts.target else []
        tests.append(
            {
                "description": f"{NAME} {row.id}",
                "vars": {
                    "question": question,
                    "messages": json.dumps(said, ensure_ascii=False),
                    "expected": expected,
                },
                "assert": checks,
                "metadata": {name: value for name, value in _about(row, facts).items() if value},
            }
        )
    files = {f"{NAME}.yaml": _yaml(tests)}
    use = "promptfoo eval --prompts '{{messages}}' --tests stress.yaml --providers ..."
    return StressFiles(files, tuple(told), use, len(rows) - len(told))


def _expected(row: Example, facts: Facts) -> str:
    """The label where the student writes one: an answer beside it can be right in many words."""
    return reference(row, "label" if "label" in facts.target else "response")


def _about(row: Example, facts: Facts) -> dict[str, Any]:
    return {
        "set": NAME,
        "run": facts.name,
        "label": row.label,
        "request": row.request or None,
        "round": row.round,
        "license": row.license or None,
        "reviewed": facts.said.of(row.id),
    }


def _is_mere_text(text: str) -> bool:
    start = text.lstrip().lower()
    return not start.startswith(LOADED) and not any(mark in text for mark in TEMPLATED)


def _jsonl(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = json.dumps(rows, ensure_ascii=True)
    return as_jsonl(_clean(json.loads(text)))


class _Dumper(yaml.SafeDumper):
    """Spells out what ends a line for a reader of YAML 1.1, as PyYAML is, and not for one of 1.2,
    as promptfoo has: bare, it is read back with the indent of the next line.
    """


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if BREAKS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def _yaml(value: Any) -> bytes:
    clean = _clean(value)
    text = yaml.dump(clean, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return text.encode()


def _clean(value: Any) -> Any:
    """The value with U+FFFD for lone surrogates, which are no text to any reader."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return value
