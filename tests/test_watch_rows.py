from dataclasses import replace

import pytest

from selfinstruct.config import WatchConfig
from selfinstruct.types import Example, Interval
from selfinstruct.verdict import Signal
from selfinstruct.watch import watch_rows
from selfinstruct.watch.rows import is_beyond
from tests.watched import rows_of

CFG = WatchConfig(draws=40)
ALARMS = {
    "distinct_2": 0.9,
    "distinct_3": 0.9,
    "compression": 1.1,
    "self_rouge_l": 1.1,
    "clusters": 0.9,
    "rare_words": 0.9,
}
TOLD = {"distinct_1", "opening_share", "label_balance", "length", "depth"}


def watch(rows: list[Example], real: list[Example], seed: int = 0) -> dict[str, Signal]:
    return {signal.name: signal for signal in watch_rows("synthetic", rows, real, CFG, seed)}


def alarms(signals: dict[str, Signal]) -> set[str]:
    return {signal.name for signal in signals.values() if signal.alarm}


def test_every_signal_is_told_and_six_can_set_off_an_alarm() -> None:
    signals = watch(rows_of(40, 1, origin="synthetic"), rows_of(40, 2))
    assert set(signals) == {*ALARMS, *TOLD}
    limits = {signal.name: signal.limit for signal in signals.values() if signal.limit is not None}
    assert limits == pytest.approx(ALARMS)
    assert all(signal.of == "synthetic" for signal in signals.values())
    for signal in signals.values():
        if signal.ratio is not None:
            assert signal.ratio.value == pytest.approx(signal.value / signal.real)
            assert signal.ratio.low <= signal.ratio.value <= signal.ratio.high
    assert (signals["depth"].value, signals["depth"].real) == (1.0, 0.0)


def test_a_band_is_where_the_limits_stand() -> None:
    cfg = WatchConfig(draws=20, band=0.25)
    limits = {
        signal.name: signal.limit
        for signal in watch_rows("mixture", rows_of(20, 1), rows_of(20, 2), cfg, 0)
    }
    assert (limits["rare_words"], limits["compression"]) == (0.75, 1.25)


@pytest.mark.parametrize(
    ("ratio", "limit", "beyond"),
    [
        (Interval(0.8, 0.7, 0.89), 0.9, True),
        (Interval(0.8, 0.7, 0.9), 0.9, False),
        (Interval(1.5, 1.2, 1.8), 0.9, False),
        (Interval(1.2, 1.11, 1.3), 1.1, True),
        (Interval(1.2, 1.1, 1.3), 1.1, False),
        (Interval(0.5, 0.4, 0.6), 1.1, False),
        (Interval(0.5, 0.4, 0.6), None, False),
        (None, 0.9, False),
    ],
)
def test_the_whole_interval_must_lie_beyond(
    ratio: Interval | None, limit: float | None, beyond: bool
) -> None:
    assert is_beyond(ratio, limit) == beyond


def test_the_real_rows_are_like_themselves() -> None:
    real = rows_of(60, 1)
    signals = watch(real, real)
    for signal in signals.values():
        assert not signal.alarm
        if signal.ratio is not None:
            # Only the order of the rows differs, and with it where a sample is cut.
            assert signal.ratio.value == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("count", [10, 25, 80])
def test_more_rows_of_the_same_kind_set_off_nothing(count: int) -> None:
    for seed in range(12):
        rows = rows_of(count, 2 * seed, origin="synthetic")
        assert alarms(watch(rows, rows_of(count, 2 * seed + 1), seed)) == set()


def test_copies_of_the_real_rows_are_no_collapse() -> None:
    real = rows_of(40, 1)
    mixture = [*real * 3, *rows_of(120, 2, origin="synthetic")]
    assert not any(signal.alarm for signal in watch_rows("mixture", mixture, real, CFG, 0))


@pytest.mark.parametrize("count", [10, 60])
def test_rows_that_are_all_alike_set_off_an_alarm(count: int) -> None:
    signals = watch(rows_of(1, 1, origin="synthetic") * count, rows_of(60, 2))
    assert {"distinct_2", "compression", "self_rouge_l", "rare_words"} <= alarms(signals)


def test_one_real_row_said_again_and_again_sets_off_an_alarm() -> None:
    real = rows_of(40, 1)
    rows = [replace(real[0], origin="synthetic")] * 40
    assert {"distinct_2", "compression", "self_rouge_l"} <= alarms(watch(rows, real))


def test_words_that_no_longer_occur_are_missed() -> None:
    """Only the tail is cut: the rows are as varied as can be with the sixty commonest words."""
    signals = watch(rows_of(80, 1, vocabulary=60, origin="synthetic"), rows_of(80, 2))
    assert "rare_words" in alarms(signals)


def test_empty_texts_are_covered_by_nothing() -> None:
    signals = watch([Example("", origin="synthetic")] * 30, rows_of(30, 1))
    assert {"clusters", "rare_words"} <= alarms(signals)
    assert "distinct_2" not in signals


def test_real_rows_without_words_leave_nothing_to_compare() -> None:
    real = [Example("!" * (1 + index)) for index in range(20)]
    signals = watch(rows_of(20, 1, origin="synthetic"), real)
    assert alarms(signals) <= {"compression"}
    assert signals["clusters"].ratio is None


@pytest.mark.parametrize("counts", [(0, 0), (0, 30), (1, 30), (9, 30), (30, 0), (30, 1), (30, 9)])
def test_too_few_rows_tell_nothing(counts: tuple[int, int]) -> None:
    assert watch(rows_of(counts[0], 1, origin="synthetic"), rows_of(counts[1], 2)) == {}


@pytest.mark.parametrize(("labels", "told"), [(0, False), (1, True)])
def test_rows_of_one_label_or_none(labels: int, told: bool) -> None:
    signals = watch(rows_of(30, 1, labels=labels), rows_of(30, 2, labels=labels))
    assert ("label_balance" in signals) == told
    if told:
        assert signals["label_balance"].value == 0


def test_scripts_without_spaces_are_watched() -> None:
    real = [Example("".join(chr(0x4E00 + (7 * i * j) % 600) for j in range(20))) for i in range(40)]
    assert alarms(watch([real[0]] + [replace(real[1], origin="synthetic")] * 39, real)) >= {
        "distinct_2",
        "self_rouge_l",
    }
    assert alarms(watch(real[:20], real[20:])) == set()


def test_a_row_longer_than_anything_costs_no_more() -> None:
    rows = rows_of(20, 1, origin="synthetic")
    rows[0] = replace(rows[0], response="word " * 200_000)
    assert {"compression", "length"} <= set(watch(rows, rows_of(20, 2)))


def test_the_seed_decides_everything() -> None:
    rows, real = rows_of(30, 1, origin="synthetic"), rows_of(30, 2)
    assert watch(rows, real, 5) == watch(rows, real, 5)
    assert watch(rows, real, 5) != watch(rows, real, 6)
