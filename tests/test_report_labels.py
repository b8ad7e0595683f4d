from collections import Counter
from pathlib import Path

import pytest

from selfinstruct.report.gather import gather
from selfinstruct.report.labels import MOST_LABELS, label_shares, labels_chart, verbs_chart
from tests.reported import Plan, write_reported_run


def test_the_shares_of_each_kind_sum_to_one_and_a_missing_label_has_none() -> None:
    counts: list[Counter[str]] = [Counter(a=3, b=1), Counter(a=1, c=1), Counter(a=4)]
    shares = label_shares(counts)
    assert list(shares) == ["a", "b", "c"]
    assert shares["c"] == (0.0, 0.5, 0.0)
    assert [sum(column) for column in zip(*shares.values(), strict=True)] == [1, 1, 1]


def test_of_many_labels_the_widest_gaps_come_first() -> None:
    names = [f"l{i:02}" for i in range(MOST_LABELS + 1)]
    real: Counter[str] = Counter(dict.fromkeys(names, 2))
    made: Counter[str] = Counter(dict.fromkeys(names, 2)) | Counter({"l20": 40})
    assert next(iter(label_shares([real, made, Counter()]))) == "l20"


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (Plan(rounds=1, labels=()), "no row has a label or a kind"),
        (Plan(rounds=1, kept=4), "too few: 4 synthetic rows kept"),
    ],
)
def test_what_cannot_be_told_is_not_drawn(tmp_path: Path, plan: Plan, why: str) -> None:
    write_reported_run(tmp_path, plan)
    chart = labels_chart(gather(tmp_path))
    assert chart.draw is None
    assert chart.missing.startswith(why)


def test_unlabelled_rows_show_verbs_and_labelled_ones_their_openings(tmp_path: Path) -> None:
    write_reported_run(tmp_path / "a", Plan(rounds=1, labels=()))
    write_reported_run(tmp_path / "b", Plan(rounds=1))
    verbs, openings = verbs_chart(gather(tmp_path / "a")), verbs_chart(gather(tmp_path / "b"))
    assert verbs.title == "Verbs and their objects"
    assert {row[1] for row in verbs.table.rows} == {"write"}
    assert "covered 100% of synthetic" in verbs.count
    assert {row[1] for row in openings.table.rows} == {"refund", "fee", "plan"}
