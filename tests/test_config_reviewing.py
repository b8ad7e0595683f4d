"""What of a review can be set, and that a wait for nothing is refused."""

import pytest
from pydantic import ValidationError

from selfinstruct.config.reviewing import ReviewConfig


def test_nothing_is_asked_of_people_unless_it_is_wished() -> None:
    cfg = ReviewConfig()
    assert (cfg.fraction, cfg.required, cfg.random) == (0.0, False, 0.1)


@pytest.mark.parametrize("faulty", [{"fraction": 1.1}, {"random": -0.1}, {"fracton": 0.1}])
def test_what_is_no_share_or_no_setting_is_refused(faulty: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ReviewConfig(**faulty)  # type: ignore[arg-type]


def test_a_wait_for_an_empty_queue_is_refused() -> None:
    with pytest.raises(ValidationError, match="with fraction 0 there is none"):
        ReviewConfig(required=True)
    assert ReviewConfig(required=True, fraction=0.01).required
