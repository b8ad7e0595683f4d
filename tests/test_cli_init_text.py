from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.cli.init_from import LARGE, Found, look_at
from selfinstruct.cli.init_text import STEPS, WIDTH, draft, told
from selfinstruct.config import parse_config
from tests.test_cli_init import TEXTS, put


def look(folder: Path, rows: list[dict[str, Any]], name: str = "a.jsonl") -> Found:
    return look_at(put(folder, name, rows))


def written(found: Found, rouge_l: float | None = None) -> dict[str, Any]:
    """The settings of the drafted config, which loads."""
    text = draft("mine", "../a.jsonl", "run/config.yaml", found, rouge_l)
    assert max(map(len, text.splitlines())) <= WIDTH + 2
    tree: dict[str, Any] = yaml.safe_load(text)
    parse_config(tree)
    return tree


NASTY = ["Größe: 5 €", "it's", 'a "b"', "# no comment", "- x", "yes", "{a}", "null", "late\u2028"]


@pytest.mark.parametrize("word", NASTY)
def test_whatever_a_file_holds_is_data_in_the_config(tmp_path: Path, word: str) -> None:
    rows = [
        {
            f"text {word}": text,
            f"topic {word}": f"{word} {('A', 'a', 'B')[n % 3]}",
            f"left aside {word}\u2028seed: {word}\nseed: 1": n,
        }
        for n, text in enumerate(TEXTS)
    ]
    found = look(tmp_path, rows)
    tree = written(found)
    seeds = tree["seeds"]
    assert "seed" not in tree
    assert seeds["columns"] == {"input": f"text {word}", "label": f"topic {word}"}
    assert seeds["rename_labels"] == found.settings["rename_labels"]
    assert len(seeds["rename_labels"]) == 1


def test_every_setting_stands_below_its_reason(tmp_path: Path) -> None:
    rows = [
        {"text": f"{text}<br>", "label": ("a", "b")[n % 2], "reply": "We look." if n else ""}
        for n, text in enumerate(TEXTS)
    ]
    found = look(tmp_path, rows)
    lines = draft("mine", "a", "c", found, None).splitlines()
    for name in ("instruction", "html", "require"):
        at = next(at for at, line in enumerate(lines) if line.startswith(f"  {name}:"))
        assert lines[at - 1].startswith("  # ")
    assert any(line.startswith("seeds.html: 30 of 30 rows hold HTML") for line in told(found))


def test_what_is_left_out_is_said_in_the_config_and_to_people(tmp_path: Path) -> None:
    rows = [{"instruction": text, "response": "We look.\nAcme"} for text in TEXTS]
    found = look(tmp_path, [*rows, rows[0], {"instruction": "x"}, {"id": 1}])
    text = draft("mine", "a", "c", found, None)
    assert "# 1 exact copies of rows are left out" in text
    assert "# 2 of 33 rows cannot be used and are left out; mend them, or keep this" in text
    assert "# a.jsonl:32: no response and no label" in text
    assert "# 30 responses end with the line 'Acme'" in text
    assert "30 rows of 33 will be used, 1 exact copies left out" in told(found)
    assert "columns left aside: id" in told(found)


def test_limits_follow_the_lengths_of_the_rows(tmp_path: Path) -> None:
    short = written(look(tmp_path, [{"instruction": t, "response": "We look."} for t in TEXTS]))
    assert "max_tokens" not in short["student"]
    assert short["evaluate"]["max_new_tokens"] == 96
    long = [{"instruction": text, "response": "so it goes " * 300} for text in TEXTS]
    tree = written(look(tmp_path, long))
    assert tree["student"]["max_tokens"] > 1100
    assert tree["evaluate"]["max_new_tokens"] == tree["generate"]["answer"]["max_tokens"] > 1000
    labels = [{"text": text, "label": ("a", "b")[n % 2]} for n, text in enumerate(TEXTS)]
    assert "evaluate" not in written(look(tmp_path, labels))


def test_the_system_turn_of_most_rows_is_that_of_the_task(tmp_path: Path) -> None:
    system = {"role": "system", "content": "Be brief: always."}
    answer = {"role": "assistant", "content": "a"}
    rows = [{"messages": [system, {"role": "user", "content": text}, answer]} for text in TEXTS]
    assert written(look(tmp_path, rows))["task"]["system"] == "Be brief: always."


def test_a_limit_that_is_given_is_set(tmp_path: Path) -> None:
    found = look(tmp_path, [{"instruction": text, "response": "a"} for text in TEXTS])
    assert "filters" not in written(found)
    assert written(found, 0.75)["filters"] == {"contamination": {"rouge_l": 0.75}}


def test_a_large_file_is_not_trained_on_for_days(tmp_path: Path) -> None:
    rows = [{"instruction": f"x {n}", "response": "a"} for n in range(LARGE + 1)]
    assert written(look(tmp_path, rows))["student"]["max_steps"] == STEPS
    assert "max_steps" not in written(look(tmp_path, rows[:-1]))["student"]


@pytest.mark.parametrize(("count", "share"), [(30, 0.74), (90, 0.5), (2000, 0.04)])
def test_the_share_asked_for_is_one_that_the_rows_can_have(
    tmp_path: Path, count: int, share: float
) -> None:
    rows = [{"instruction": f"x {n}", "response": "a"} for n in range(count)]
    assert written(look(tmp_path, rows))["mixture"] == {"synthetic_share": share}
