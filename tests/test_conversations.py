"""From conversations to a student that was trained on every turn of more of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.audit import audit
from selfinstruct.runs import Run
from selfinstruct.summary import read_summary
from tests.small_run import Bench

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def write_talks(path: Path) -> Path:
    """Real conversations enough for four splits, none near another."""
    words = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"]
    rows = []
    for i in range(48):
        near, far, third = (words[(i // n) % 8] for n in (1, 8, 3))
        talk = [f"{near} {far} {i}", f"{third} {i} or {far}", f"{i} {near} please", f"{far} {i}"]
        roles = ["user", "assistant", "user", "assistant"]
        pairs = zip(roles, talk, strict=True)
        rows.append({"messages": [{"role": role, "content": text} for role, text in pairs]})
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.parametrize("mode", ["whole", "turn_by_turn"])
def test_a_run_learns_from_conversations_and_writes_more_of_them(
    tiny_base: Path, tmp_path: Path, mode: str
) -> None:
    bench = Bench(tiny_base, write_talks(tmp_path / "talks.jsonl"), tmp_path)
    grid: dict[str, Any] = {
        "scenarios": ["a fee", "a lost card"],
        "personas": ["in a hurry", "new here"],
        "turns": {"least": 4, "most": 4},
        "mode": mode,
    }
    cfg = bench.config(
        teacher={"backend": "program", "name": "tests.scripted_teacher:converse"},
        generate={
            "recipe": "dialogue",
            "accept": 8,
            "prompts_per_wave": 4,
            "samples_per_prompt": 2,
            "demos": {"real": 2, "synthetic": 1},
            "dialogue": grid,
        },
        student={
            "name": str(bench.model),
            "max_steps": 2,
            "batch_size": 4,
            "rank": 2,
            "max_tokens": 1024,
            "train_on": "every_assistant_turn",
        },
    )
    Run(cfg).execute()
    found = read_summary(tmp_path / "t")
    assert found["state"] == "finished"
    assert found["rounds"][0]["accepted"] == 8
    assert [finding for finding in audit(tmp_path / "t") if not finding.ok] == []
    rows = [json.loads(line) for line in (tmp_path / "t/rounds/1/accepted.jsonl").open()]
    for row in rows:
        assert [turn["role"] for turn in row["turns"]] == ["user", "assistant"]
        assert row["kind"] in grid["scenarios"]
        assert "sighs" not in row["instruction"]
    assert {row["kind"] for row in rows} == set(grid["scenarios"])
    rejected = [json.loads(line) for line in (tmp_path / "t/rounds/1/rejected.jsonl").open()]
    assert {row["reason"] for row in rejected} - {"repeated_turn"} <= {
        *("refusal", "unreadable", "round_full")
    }
    assert rejected
    mixed = [json.loads(line) for line in (tmp_path / "t/rounds/1/mixture.jsonl").open()]
    assert all(row["turns"] for row in mixed)
    assert {row["origin"] for row in mixed} == {"real", "synthetic"}
