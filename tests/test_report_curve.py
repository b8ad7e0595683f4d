import pytest

from selfinstruct.report.curve import band, ratio_chart
from tests.drawn import faults
from tests.reported import sweep_found


def test_no_sweep_is_a_panel_with_the_command_that_makes_one() -> None:
    chart = ratio_chart(None)
    assert chart.draw is None
    assert "selfinstruct sweep CONFIG" in chart.missing


def test_the_band_is_the_real_only_score_and_the_ends_of_the_paired_gain() -> None:
    found = sweep_found()
    points = {share: ends for share, *ends in band(found)}
    assert points[0.0] == [2.0, 2.0, 2.0]
    mean, low, high = points[0.25]
    assert [low, high] == pytest.approx([mean - 0.05, mean + 0.05])
    # Of a score where more is better, the same gains lie on the other side.
    up = dict(found, metric="accuracy")
    for share, _, low, high in band(up):
        gain = next(point["gain"] for point in up["shares"] if point["share"] == share)
        assert [low, high] == pytest.approx([2 + gain["low"], 2 + gain["high"]])


def test_a_failed_student_is_a_gap_with_its_reason_and_never_a_zero() -> None:
    rows = [row for row in ratio_chart(sweep_found()).table.rows if row[-1] == "out of memory"]
    assert [(row[1], row[2], row[4]) for row in rows] == [(0.75, 2, None)]


def test_the_chosen_share_is_marked_once_and_labels_are_in_the_table() -> None:
    rows = ratio_chart(sweep_found(labels=["a", "b"])).table.rows
    assert [row[1] for row in rows if row[-1] == "chosen"] == [0.25]
    assert len([row for row in rows if row[0] == "label"]) == 8


@pytest.mark.parametrize(
    ("labels", "shares"),
    [
        ((), (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)),
        (("one",), (0.0, 0.02, 0.05, 0.07, 0.1, 0.9)),
        ([f"{i} is a label of some forty characters long" for i in range(77)], (0.0, 0.25)),
    ],
)
def test_crowded_shares_and_many_labels_can_be_read(
    labels: list[str], shares: tuple[float, ...]
) -> None:
    found = sweep_found(labels, shares) | {"chosen": shares[1]}
    assert faults(ratio_chart(found)) == []
