from typing import Any

import pytest
from pydantic import ValidationError

from selfinstruct.config import QualityConfig


def test_every_filter_is_off_unless_asked_for() -> None:
    plain = QualityConfig()
    assert {getattr(plain, name) for name in QualityConfig.model_fields} == {None}
    assert not plain.asks_students
    assert not plain.depends_on_students


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"label_agreement": {"by": "judge"}}, "label_agreement.by"),
        ({"label_agreement": {"k": 1}}, "label_agreement.k"),
        ({"rubric": {"least": 6}}, "rubric.least"),
        ({"rubric": {"on_failure": "pass"}}, "rubric.on_failure"),
        ({"likelihood": {}}, "needs ifd, nll or both"),
        ({"likelihood": {"nll": {"low": 0.9, "high": 0.1}}}, "must be below high"),
        ({"rubrik": {}}, "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        QualityConfig.model_validate(section)


@pytest.mark.parametrize(
    ("section", "asks", "depends"),
    [
        ({"label_agreement": {}}, True, True),
        ({"label_agreement": {"by": "k_fold"}}, True, True),
        ({"label_agreement": {"by": "teacher"}}, False, False),
        ({"likelihood": {"ifd": {}}}, False, True),
        ({"rubric": {}}, False, False),
    ],
)
def test_who_is_asked_decides_what_candidates_depend_on(
    section: dict[str, Any], asks: bool, depends: bool
) -> None:
    cfg = QualityConfig.model_validate(section)
    assert (cfg.asks_students, cfg.depends_on_students) == (asks, depends)
