"""What of a review can be set, and that a wait for nothing is refused."""

import pytest
from pydantic import ValidationError

from selfinstruct.config.reviewing import PAGE, TERMINAL, KeysConfig, ReviewConfig


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


@pytest.mark.parametrize("key", ["", "ab", " ", "\t", "\x1b", "1", "9", "\u202e", 5, None, True])
def test_what_no_key_types_or_what_chooses_a_reason_is_no_key(key: object) -> None:
    with pytest.raises(ValidationError, match=r"accept\n.*(key|1 to 9|string)"):
        KeysConfig(accept=key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"accept": "y", "edit": "y"}, "'y' is the key of accept and of edit"),
        ({"quit": "a"}, "'a' is the key of accept and of quit"),
        (
            {"edit": "a", "quit": "a"},
            "and of edit; 'a' is the key of accept and of quit; 'a' is the key of edit and of quit",
        ),
        ({"note": "j"}, "'j' is the key of note and of next"),
        ({"quit": "p"}, "'p' is the key of progress and of quit"),
    ],
)
def test_two_actions_of_one_key_are_refused_by_name(keys: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        KeysConfig(**keys)


def test_a_key_may_be_another_action_where_the_two_never_meet() -> None:
    cfg = KeysConfig(progress="l", quit="/", pairs="p")
    assert (cfg.progress, cfg.list, cfg.pairs) == ("l", "l", "p")
    assert set(KeysConfig.model_fields) == PAGE | TERMINAL


@pytest.mark.parametrize("key", ["A", "0", "ä", "ф", "+", '"', "<"])
def test_any_other_letter_digit_or_sign_is_a_key(key: str) -> None:
    assert KeysConfig(accept=key).accept == key
