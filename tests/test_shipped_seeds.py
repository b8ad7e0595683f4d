"""What the README says of the seeds in this repository, checked."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.disk.files import read_jsonl
from selfinstruct.near.groups import near_duplicate_groups

SEEDS = Path(__file__).parents[1] / "seeds"
PERSONAL = re.compile(r"[\w.]+@[\w.]+\.\w+|\b(?:\d[ -]?){13,19}\b|\+\d[\d ()-]{8,}")


def rows(name: str) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(SEEDS / name)]


def test_billing_has_ten_intents_with_enough_rows_each() -> None:
    labels = Counter(row["label"] for row in rows("billing.jsonl"))
    assert set(labels) == {
        "refund request",
        "refund not received",
        "charged twice",
        "unknown charge",
        "declined payment",
        "invoice dispute",
        "fee question",
        "cancel subscription",
        "change plan",
        "update payment method",
    }
    assert labels.total() >= 320
    assert min(labels.values()) >= 24


def test_billing_tickets_are_long_and_curt() -> None:
    lengths = sorted(len(row["input"].split()) for row in rows("billing.jsonl"))
    assert lengths[len(lengths) // 20] <= 6
    assert lengths[-len(lengths) // 20] >= 60


def test_general_covers_many_kinds_and_a_quarter_is_classification() -> None:
    kinds = Counter(row["kind"] for row in rows("general.jsonl"))
    classified = sum(n for kind, n in kinds.items() if kind.startswith("classify-"))
    assert kinds.total() >= 180
    assert len(kinds) >= 20
    assert 0.2 <= classified / kinds.total() <= 0.3


@pytest.mark.parametrize(
    ("name", "field"), [("billing.jsonl", "input"), ("general.jsonl", "instruction")]
)
def test_no_two_seeds_are_near_duplicates(name: str, field: str) -> None:
    texts = [row[field] for row in rows(name)]
    assert len(set(near_duplicate_groups(texts, 0.7))) == len(texts)


@pytest.mark.parametrize("name", ["billing.jsonl", "general.jsonl"])
def test_every_seed_is_whole_and_holds_no_personal_data(name: str) -> None:
    for row in rows(name):
        assert row["instruction"].strip()
        assert row["response"].strip()
        text = " ".join(str(value) for value in row.values())
        assert not PERSONAL.search(text), text
