from collections.abc import Iterator

import pytest

from selfinstruct.errors import UserError
from selfinstruct.refilter import Record, curve, number, read_record, what_if
from selfinstruct.refilter.curve import usual_values
from selfinstruct.refilter.fates import fit
from selfinstruct.refilter.settings import Number
from selfinstruct.store import Store
from tests.recorded import real_rows, recorded_config, unanswered, write_recorded


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    cfg = recorded_config(tmp_path_factory.mktemp("curve"), "label_first")
    folder = write_recorded(cfg, ("accept",), data=real_rows(unanswered))
    with Store(folder) as store:
        yield read_record(store)


def test_each_point_is_the_replay_at_its_value(record: Record) -> None:
    found = curve(record, record.cfg, number(record.cfg, "novelty.threshold"), [0.4, 0.55, None])
    assert (found.path, found.present) == ("filters.novelty.threshold", 0.7)
    assert [point.value for point in found.points] == [0.4, 0.55, 0.7, None]
    for point in found.points:
        value = "null" if point.value is None else str(point.value)
        asked = what_if(record, [f"filters.novelty.threshold={value}"])
        assert point.fit == fit(asked.after)
        assert point.most == point.fit + asked.unasked


def test_the_strictest_threshold_keeps_least(record: Record) -> None:
    points = curve(
        record, record.cfg, number(record.cfg, "filters.novelty.threshold"), [0.0, 1.0]
    ).points
    assert points[0].fit < points[-1].fit


@pytest.mark.parametrize(
    ("name", "hint"),
    [("novelty.treshold", "did you mean filters.novelty.threshold"), ("zzz", "one of filters.")],
)
def test_a_name_that_is_no_threshold_is_told(record: Record, name: str, hint: str) -> None:
    with pytest.raises(UserError, match=hint):
        number(record.cfg, name)


def test_a_value_that_the_setting_cannot_have_is_told(record: Record) -> None:
    with pytest.raises(UserError, match="less than or equal to 1"):
        curve(record, record.cfg, number(record.cfg, "novelty.threshold"), [3])


def of(**changes: object) -> Number:
    values: dict[str, object] = {
        "path": "filters.x",
        "value": 8,
        "default": 8,
        "whole": True,
        "optional": False,
        "low": None,
        "high": None,
    }
    return Number(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (of(), [0, 2, 4, 6, 8, 12, 16, 32]),
        (of(low=1, optional=True), [2, 4, 6, 8, 12, 16, 32, None]),
        (of(low=1, high=10), [2, 4, 6, 8]),
        (of(value=None), [0, 2, 4, 6, 8, 12, 16, 32]),
        (of(value=1), [0, 1, 2, 4]),
        (of(value=2.0, whole=False), [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0]),
        (of(low=0, high=1, value=0.7, whole=False), [step / 20 for step in range(21)]),
    ],
)
def test_usual_values_lie_within_the_bounds(number: Number, expected: list[float | None]) -> None:
    assert usual_values(number) == expected


def test_a_filter_that_is_off_and_always_was_needs_values() -> None:
    with pytest.raises(UserError, match=r"--curve filters\.x=1,2,3"):
        usual_values(of(value=None, default=None, optional=True))
