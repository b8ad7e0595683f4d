from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard, DatasetCardData

from selfinstruct.export.dataset_card import dataset_card, finish_card, license_file, size_category
from selfinstruct.export.facts import read_facts
from selfinstruct.export.lines import What, lines_of
from selfinstruct.store import Store
from selfinstruct.types import Example
from selfinstruct.verdict import Outcome
from tests.exported import DATA, HOSTILE, write_exported

COMMAND = ["selfinstruct", "export", "RUN"]


def card_of(
    run: Path,
    outcomes: Sequence[Outcome | None] = ("accept", "inconclusive"),
    what: What = "pool",
    extra: Sequence[Example] = (),
    **sections: Any,
) -> str:
    with Store(write_exported(run, outcomes, extra, **sections)) as store:
        facts = read_facts(store)
        lines = lines_of(store, facts, what, None)
    return dataset_card(facts, lines, what, f"{what}.jsonl", COMMAND, ["A note."])


def as_dict(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = data.to_dict()
    return found


def test_the_yaml_is_read_by_huggingface_hub_and_loads_the_rows(tmp_path: Path) -> None:
    card = DatasetCard(card_of(tmp_path / "t"))
    assert as_dict(card.data) == {
        "license": ["mit"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "pretty_name": "t: synthetic rows that passed every filter",
        "size_categories": ["n<1K"],
        "source_datasets": ["original"],
        "task_categories": ["text-classification", "text-generation"],
        "tags": ["synthetic", "selfinstruct", "pool"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "pool.jsonl"}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("outcomes", "first"),
    [
        (("inconclusive",), "**Not shown to help.**"),
        (("reject", "inconclusive"), "**Not shown to help.**"),
        ((None,), "**Not shown to help.**"),
        (("accept", "reject"), "**Shown to help** in round 1"),
    ],
)
def test_what_the_gate_said_comes_first(
    tmp_path: Path, outcomes: Sequence[Outcome | None], first: str
) -> None:
    body = card_of(tmp_path / "t", outcomes).split("\n---\n", 1)[1].strip().split("\n")
    assert body[0].startswith("# t: ")
    assert body[2].startswith(f"> {first}")


def test_the_card_tells_composition_prompts_filters_rights_and_limits(tmp_path: Path) -> None:
    card = card_of(tmp_path / "t", licenses={"allow": ["MIT"]})
    for told in (
        "12 rows: 0 real, 12 synthetic",
        "| 1 | ACCEPTED | 6 |",
        "| 2 | INCONCLUSIVE | 6 |",
        "| `fee` | 0 | 6 | 3 |",
        "`openai:big`, run elsewhere; it answered as `big-2026` (2 answers)",
        "| `label_first/question.j2` | `v1` | 2 |",
        "| candidates | 18 |",
        "| dropped: `contaminated` | -2 |",
        "| **kept** | **12** |",
        "in none of 12 rows",
        "2 candidates were dropped for it",
        "| `MIT` | synthetic | 12 |",
        "Allowed were `MIT`",
        "Whether an answer is true was not checked by anybody",
        "Signals of collapse (diversity, rare words, coverage) were not measured",
        "selfinstruct export RUN",
    ):
        assert told in card


def test_no_held_out_row_address_or_folder_of_the_machine_is_in_a_card(tmp_path: Path) -> None:
    for what in ("pool", "mixture"):
        card = card_of(tmp_path / what, what=what)
        assert not [row for row in (*DATA.gate, *DATA.dev, *DATA.final) if row.input in card]
        for secret in ("secret.example", "/home/somebody", str(tmp_path)):
            assert secret not in card
        assert "path: seeds.jsonl" in card


def test_real_rows_are_not_quoted(tmp_path: Path) -> None:
    card = card_of(tmp_path / "t", ("reject",), "mixture")
    assert "real rows are not quoted" in card
    assert not [row for row in DATA.train if row.input in card]


def test_hostile_rows_change_neither_yaml_nor_structure(tmp_path: Path) -> None:
    plain = card_of(tmp_path / "plain")
    card = card_of(tmp_path / "t", extra=[HOSTILE] * 1)
    read = DatasetCard(card)
    assert as_dict(read.data)["license"] == ["mit", "other"]
    assert as_dict(read.data)["license_name"] == "acme-tags-x"
    assert as_dict(read.data)["license_link"] == "LICENSE.md"
    assert as_dict(read.data)["tags"] == ["synthetic", "selfinstruct", "pool"]
    assert not [char for char in card if ord(char) < 32 and char != "\n"]
    assert "\u202e" not in card
    assert headings(card)[1:] == headings(plain)[1:]
    assert "<script>" not in outside_of_fences(card)


def outside_of_fences(card: str) -> str:
    """By CommonMark's rule: a fence ends with as many ticks or more, and nothing else."""
    ticks, kept = "", []
    for line in card.split("\n"):
        run = line[: len(line) - len(line.lstrip("`"))]
        if not ticks and len(run) >= 3:
            ticks = run
        elif ticks and len(run) >= len(ticks) and not line.strip("` "):
            ticks = ""
        elif not ticks:
            kept.append(line)
    assert not ticks
    return "\n".join(kept)


def headings(card: str) -> list[str]:
    return [line for line in outside_of_fences(card).split("\n") if line.startswith("#")]


OPTIONS = {
    "annotations_creators": {
        *("found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation"),
        "other",
    },
    "language_creators": {
        *("found", "crowdsourced", "expert-generated", "machine-generated", "other"),
    },
    "source_datasets": {"original", "extended"},
}
"""What `DatasetCardData` documents as the Hub's options."""


@pytest.mark.parametrize(
    ("target", "tasks"),
    [
        ("label", ["text-classification"]),
        ("response", ["text-generation"]),
        ("label_and_response", ["text-classification", "text-generation"]),
    ],
)
@pytest.mark.parametrize("what", ["pool", "mixture"])
def test_metadata_is_in_the_words_of_the_hub(
    tmp_path: Path, target: str, tasks: list[str], what: What
) -> None:
    card = card_of(
        tmp_path / "t",
        what=what,
        task={"target": target},
        filters={"language": {"expected": ["en", "de"]}},
    )
    data = as_dict(DatasetCard(card).data)
    assert (data["task_categories"], data["language"]) == (tasks, ["en", "de"])
    for name, options in OPTIONS.items():
        assert set(data[name]) <= options
    documented = DatasetCardData.__doc__ or ""
    assert data["size_categories"][0] in documented
    assert ("other" in data["language_creators"]) == (what == "mixture")


def test_a_file_that_the_viewer_cannot_read_is_not_named_to_it(tmp_path: Path) -> None:
    with Store(write_exported(tmp_path / "t")) as store:
        facts = read_facts(store)
        lines = lines_of(store, facts, "pool", None)
    data = as_dict(DatasetCard(dataset_card(facts, lines, "stress", "stress.yaml", [])).data)
    assert data["viewer"] is False
    assert "configs" not in data


def test_where_the_hub_does_not_know_a_licence_a_file_tells(tmp_path: Path) -> None:
    with Store(write_exported(tmp_path / "t", extra=[HOSTILE])) as store:
        facts = read_facts(store)
    assert license_file(facts, facts.kept[:2]) == {}
    (found,) = license_file(facts, facts.kept).values()
    assert "| `MIT` | synthetic | 12 |" in found.decode()


def test_yaml_that_is_read_otherwise_than_it_was_meant_is_refused() -> None:
    data = DatasetCardData(pretty_name="a\n---\nlicense: mit")
    assert yaml.safe_load(data.to_yaml())["pretty_name"] == "a\n---\nlicense: mit"
    content = finish_card(data, "# body", DatasetCard)
    assert as_dict(DatasetCard(content).data) == as_dict(data)

    class Torn(DatasetCardData):
        def to_yaml(self, line_break: Any = None, original_order: Any = None) -> str:
            return f"license: mit{line_break or ''}{original_order or ''}"

    with pytest.raises(ValueError, match="not read back"):
        finish_card(Torn(pretty_name="x"), "# body", DatasetCard)


@pytest.mark.parametrize(
    ("count", "name"),
    [
        *((0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K")),
        *((10**6, "1M<n<10M"), (10**7, "10M<n<100M")),
    ],
)
def test_sizes_are_told_in_the_words_of_the_hub(count: int, name: str) -> None:
    assert size_category(count) == name
