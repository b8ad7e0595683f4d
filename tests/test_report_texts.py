from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from selfinstruct.report.gather import gather
from selfinstruct.report.texts import ks, lengths_chart, novelty_chart, steps
from tests.reported import Plan, write_reported_run

LENGTHS = st.lists(st.integers(0, 50), min_size=1, max_size=60)


@pytest.mark.filterwarnings("ignore:divide by zero")  # scipy's, in a p-value nobody asked for
@given(LENGTHS, LENGTHS)
def test_the_gap_of_two_distributions_is_scipys(a: list[int], b: list[int]) -> None:
    assert ks(a, b) == pytest.approx(ks_2samp(a, b, method="asymp").statistic)


@given(LENGTHS)
def test_a_cumulative_share_climbs_to_one(values: list[int]) -> None:
    shares = [share for _, share in steps(sorted(values))]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_every_candidate_is_in_the_novelty_table_with_its_fate(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    chart = novelty_chart(gather(tmp_path))
    assert len(chart.table.rows) == 60
    assert sum(row[2] is None for row in chart.table.rows) == 24
    assert chart.count.startswith("60 of 60 candidates")


def test_with_fewer_than_five_rows_there_is_no_distribution(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1, kept=3, dropped=1))
    facts = gather(tmp_path)
    assert novelty_chart(facts).missing.startswith("too few: 4 candidates")
    assert lengths_chart(facts).missing.startswith("too few: 3 synthetic rows")
