import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct import rows
from selfinstruct.types import Checkpoint, Example, Interval, Message, Rejection, Report
from selfinstruct.verdict import Verdict

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EXAMPLES = st.builds(
    Example,
    instruction=TEXT,
    input=TEXT,
    response=TEXT,
    turns=st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), TEXT)).map(tuple),
    label=st.none() | TEXT.filter(bool),
    kind=st.none() | TEXT.filter(bool),
    origin=st.sampled_from(["real", "synthetic"]),
    round=st.integers(0, 9),
    parents=st.lists(TEXT, max_size=3).map(tuple),
    depth=st.integers(0, 3),
    attempt=st.none() | TEXT.filter(bool),
)


@given(EXAMPLES)
def test_an_example_survives_json(example: Example) -> None:
    row = json.loads(json.dumps(rows.from_example(example)))
    assert rows.to_example(row) == example
    assert row["id"] == example.id


@given(EXAMPLES, st.none() | st.floats(0, 1) | TEXT, st.none() | st.floats(0, 1))
def test_a_rejection_survives_json(
    example: Example, value: float | str | None, threshold: float | None
) -> None:
    rejection = Rejection(example, "too_similar", value, threshold, "n1")
    assert rows.to_rejection(json.loads(json.dumps(rows.from_rejection(rejection)))) == rejection


@pytest.mark.parametrize("adapter", [None, "runs/a/adapter"])
def test_a_checkpoint_is_json_with_its_folder_as_text(adapter: str | None) -> None:
    checkpoint = Checkpoint("round-1", "base", Path(adapter) if adapter else None, "d")
    row = json.loads(json.dumps(rows.from_checkpoint(checkpoint)))
    assert row == {"name": "round-1", "base": "base", "adapter": adapter, "digest": "d"}


def test_a_report_survives_json() -> None:
    report = Report("c", "gate", ("a", "b"), {"nll": (0.5, 1.25)}, ("x", "y"))
    assert rows.to_report(json.loads(json.dumps(rows.from_report(report)))) == report


def test_a_verdict_survives_json() -> None:
    gain = Interval(0.1, 0.0, 0.2)
    verdict = Verdict("accept", "accuracy", 9, 0.5, 0.6, gain, 0.01, 0.01, 3, 1, 0.2, "why")
    assert rows.to_verdict(json.loads(json.dumps(rows.from_verdict(verdict)))) == verdict
