"""A whole run in a few seconds: a function as teacher, two layers as student."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.config import Config, parse_config
from selfinstruct.summary import read_summary

LABELS = ("refund", "fee")


def write_seeds(path: Path) -> Path:
    """Real rows enough for four splits, none near another."""
    words = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"]
    rows = [
        {
            "instruction": "Name it.",
            "input": f"{words[i % 8]} {words[i // 8]} ticket {i} {'wants' if i % 2 else 'asks'}",
            "label": LABELS[i % 2],
            "response": f"reply {i}",
        }
        for i in range(48)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@dataclass
class Bench:
    """A small run: a function as teacher, two layers as student, a second or two a round."""

    model: Path
    seeds: Path
    out: Path

    def config(self, **sections: Any) -> Config:
        tree: dict[str, Any] = {
            "name": "t",
            "out": str(self.out),
            "seeds": {
                "path": str(self.seeds),
                "split": {"train": 0.3, "dev": 0.1, "gate": 0.4, "final": 0.2},
            },
            "teacher": {"backend": "program", "name": "tests.scripted_teacher:answer"},
            "generate": {"accept": 8, "prompts_per_wave": 2, "samples_per_prompt": 3},
            "mixture": {"synthetic_share": 0.25},
            "student": {"name": str(self.model), "max_steps": 2, "batch_size": 4, "rank": 2},
            "evaluate": {"max_new_tokens": 4},
            "guard": {"rows": 10},
            "rounds": {"max": 2, "patience": 2},
        }
        return parse_config({**tree, **sections})

    def outcome(self, name: str = "t") -> dict[str, Any]:
        """What must not depend on how often a run was stopped."""
        found = read_summary(self.out / name)
        return {
            "champion": found["champion"],
            "digest": found["data"]["digest"],
            "spent": found["spent"],
            "students": found["students"],
            "final": found["final"],
            "rounds": [
                {k: v for k, v in entry.items() if k != "seconds"} for entry in found["rounds"]
            ],
        }
