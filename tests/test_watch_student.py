import numpy as np
import numpy.typing as npt
import pytest

from selfinstruct.config import WatchConfig
from selfinstruct.errors import UserError
from selfinstruct.types import Report
from selfinstruct.verdict import Signal
from selfinstruct.watch import watch_student

CFG = WatchConfig(draws=60)


def report(nll: npt.NDArray[np.float64] | list[float], metric: str = "nll") -> Report:
    ids = tuple(f"row {index}" for index in range(len(nll)))
    return Report("d", "dev", ids, {metric: tuple(map(float, nll))}, ("",) * len(nll))


def nll(rows: int, seed: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).gamma(8.0, 0.3, rows)


def watch(ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> dict[str, Signal]:
    signals = watch_student(report(ours), report(theirs), CFG, 0)
    assert {signal.of for signal in signals} == {"student"}
    return {signal.name: signal for signal in signals}


def test_mean_and_tail_are_those_of_the_rows() -> None:
    ours, theirs = nll(60, 0), nll(60, 1)
    signals = watch(ours, theirs)
    assert set(signals) == {"nll_mean", "nll_p95"}
    mean, tail = signals["nll_mean"], signals["nll_p95"]
    assert (mean.value, mean.real) == pytest.approx((ours.mean(), theirs.mean()))
    assert (tail.value, tail.real) == pytest.approx(
        (np.quantile(ours, 0.95), np.quantile(theirs, 0.95))
    )
    assert mean.ratio is not None
    assert mean.ratio.value == mean.value / mean.real
    assert (mean.limit, tail.limit) == (1.1, 1.1)


def test_a_student_is_like_itself() -> None:
    ours = nll(60, 0)
    for signal in watch(ours, ours).values():
        assert signal.ratio is not None
        assert (signal.ratio.low, signal.ratio.value, signal.ratio.high) == (1, 1, 1)
        assert not signal.alarm


@pytest.mark.parametrize(("factor", "alarm"), [(0.7, False), (1.05, False), (1.3, True)])
def test_a_student_that_forgot_sets_off_an_alarm(factor: float, alarm: bool) -> None:
    theirs = nll(80, 2)
    ours = theirs * factor * np.random.default_rng(3).gamma(100.0, 0.01, 80)
    assert watch(ours, theirs)["nll_mean"].alarm == alarm


def test_the_tail_moves_before_the_mean() -> None:
    theirs = nll(200, 4)
    ours = np.where(theirs > np.quantile(theirs, 0.9), 1.6 * theirs, theirs)
    signals = watch(ours, theirs)
    assert (signals["nll_mean"].alarm, signals["nll_p95"].alarm) == (False, True)


def test_equal_students_seldom_set_off_an_alarm() -> None:
    rng, alarms = np.random.default_rng(5), 0
    for _ in range(200):
        row = rng.gamma(8.0, 0.3, 40)
        sides = [row * rng.gamma(30.0, 1 / 30, 40) for _ in range(2)]
        alarms += any(signal.alarm for signal in watch(sides[0], sides[1]).values())
    assert alarms / 200 <= 0.05


@pytest.mark.parametrize("rows", [2, 9])
def test_few_rows_are_told_without_an_alarm(rows: int) -> None:
    signals = watch(nll(rows, 0) * 9, nll(rows, 0))
    assert all(signal.ratio is not None for signal in signals.values())
    assert not any(signal.alarm for signal in signals.values())


@pytest.mark.parametrize("rows", [0, 1])
def test_a_row_alone_tells_nothing(rows: int) -> None:
    assert watch_student(report(nll(rows, 0)), report(nll(rows, 1)), CFG, 0) == ()


def test_a_control_that_is_never_surprised_has_no_ratio() -> None:
    signals = watch(nll(20, 0), np.zeros(20))
    assert all(signal.ratio is None and not signal.alarm for signal in signals.values())


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (report(nll(19, 0)), "same rows"),
        (report([float("nan")] * 20), "not finite"),
        (report(nll(20, 0), "accuracy"), "0 nll scores"),
    ],
)
def test_reports_that_do_not_pair_up_are_refused(candidate: Report, message: str) -> None:
    with pytest.raises(UserError, match=message):
        watch_student(candidate, report(nll(20, 1)), CFG, 0)


def test_the_seed_decides_everything() -> None:
    sides = report(nll(30, 0)), report(nll(30, 1))
    assert watch_student(*sides, CFG, 3) == watch_student(*sides, CFG, 3)
    assert watch_student(*sides, CFG, 3) != watch_student(*sides, CFG, 4)
