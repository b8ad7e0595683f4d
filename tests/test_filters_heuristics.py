# ruff: noqa: RUF001 - colons of other keyboards are what is tested here
from typing import Any

import pytest

from selfinstruct.config import HeuristicsConfig
from selfinstruct.filters.heuristics import (
    INSTANCE_CHECKS,
    INSTRUCTION_CHECKS,
    check_instance,
    check_instruction,
)
from selfinstruct.types import Example

CFG = HeuristicsConfig()
OFF = HeuristicsConfig(
    min_words=None,
    max_words=None,
    banned_words=(),
    banned_starts=(),
    first_char=False,
    max_response_words=None,
    min_response_words=None,
    max_repetition=None,
    refusals=False,
    echo=None,
)
LOOP = "the same words again " * 10
DIGITS = " ".join(map(str, range(200)))


def asked(text: str) -> Example:
    return Example(text)


def labelled(text: str, instruction: str = "Classify the message.") -> Example:
    return Example(instruction, text, "Thank you for writing.", label="card_arrival")


def answered(response: str, text: str = "") -> Example:
    return Example("Name three red fruits", text, response)


@pytest.mark.parametrize(
    ("example", "reason", "value", "threshold"),
    [
        (asked("Name three fruits"), "too_short", 3, 4),
        (asked(""), "too_short", 0, 4),
        (asked("列出水"), "too_short", 3, 4),
        (labelled("Where is it"), "too_short", 3, 4),
        (labelled("", instruction="Classify it"), "too_short", 2, 4),
        (asked(" ".join(["Sort", *map(str, range(150))])), "too_long", 151, 150),
        (asked("Describe the Picture shown here"), "banned_word", "picture", None),
        (asked("Tell me where to GO\nTO next"), "banned_word", "go to", None),
        (asked("Write a program, that sorts lists"), "banned_start", "Write a program", None),
        (asked("write A program for sorting lists"), "banned_start", "Write a program", None),
        (asked(") Name three red fruits"), "bad_first_char", ")", None),
        (asked("  * Name three red fruits"), "bad_first_char", "*", None),
        (asked("。列出三种红色水果"), "bad_first_char", "。", None),
        (labelled("- where is my card"), "bad_first_char", "-", None),
        (asked(LOOP), "repetition", 34 / 38, 0.5),
        (labelled(LOOP), "repetition", 34 / 38, 0.5),
        (asked("Name three\0 red fruits"), "garbled", "U+0000", None),
        (labelled("Where \x1b[2J is my card"), "garbled", "U+001B", None),
        (labelled("Where is my card \x9b"), "garbled", "U+009B", None),
        (labelled("Where is my card \ud83d"), "garbled", "U+D83D", None),
        (labelled("Where is my caf\ufffd card"), "garbled", "U+FFFD", None),
        (labelled("Where is my \uf8ff card"), "garbled", "U+F8FF", None),
        (labelled("Where is my \U000f0000 card"), "garbled", "U+F0000", None),
        (labelled("Where is it?", instruction="Sort\rit"), "garbled", "U+000D", None),
        (labelled("Where is my card " + "\U0001f389" * 5000), "too_long", 313, 150),
        (labelled("As an AI, I cannot write such messages."), "refusal", "as an ai, i", None),
    ],
)
def test_check_instruction_names_the_reason(
    example: Example, reason: str, value: float | str, threshold: float | None
) -> None:
    rejection = check_instruction(example, CFG)
    assert rejection is not None
    assert rejection.what is example
    assert (rejection.reason, rejection.value, rejection.threshold) == (reason, value, threshold)


@pytest.mark.parametrize(
    "example",
    [
        asked("Name three red fruits"),
        asked("列出水果"),
        asked("Name three fruits from Île-de-France"),
        asked("École ou collège : que choisir ?"),
        asked("¿Qué frutas son rojas?"),
        asked("Write a programme for the evening"),
        asked("Write a Python program that sorts"),
        asked("Give me the mapping of profiles to filenames"),
        asked("Name three red fruits:"),
        labelled("I cannot see the picture in your file"),
        labelled("$20 is missing from my account"),
        labelled("I\tcannot help\x85it: where\u2028is my card?\n"),
        asked("\u2067Name\u2069 three red \U0001f468\u200d\U0001f469 fruits"),
        labelled("Where is my card?", instruction="Map the file"),
        Example("Where is my card now?", label="card_arrival"),
    ],
)
def test_check_instruction_passes(example: Example) -> None:
    assert check_instruction(example, CFG) is None


@pytest.mark.parametrize(
    ("example", "reason", "value", "threshold"),
    [
        (answered(""), "empty_response", 0, None),
        (answered(" \n"), "empty_response", 0, None),
        (answered("..."), "response_too_short", 0, 1),
        (answered(" ".join(f"word{i}" for i in range(401))), "response_too_long", 401, 400),
        (answered("e" + "\u0301" * 9999), "response_too_long", 625, 400),
        (answered("Red.", text="QUJD" * 2000), "input_too_long", 500, 400),
        (answered("Red.", text="a b " * 201), "input_too_long", 402, 400),
        (answered("Red\0."), "garbled", "U+0000", None),
        (answered("Red.", text="\ufffd20"), "garbled", "U+FFFD", None),
        (answered("Here they are:"), "dangling_colon", "response", None),
        (answered("水果如下："), "dangling_colon", "response", None),
        (answered("Cherries", text="The list: "), "dangling_colon", "input", None),
        (answered("Red.", text=" Red. "), "input_equals_response", None, None),
        (answered(LOOP), "repetition", 34 / 38, 0.5),
        (answered("Cherries", text=LOOP), "repetition", 34 / 38, 0.5),
        (answered("Name three red fruits!"), "echo", 1.0, 0.9),
        (Example("Answer", "Where is my card?", "where is my card", label="x"), "echo", 1.0, 0.9),
    ],
)
def test_check_instance_names_the_reason(
    example: Example, reason: str, value: float | str | None, threshold: float | None
) -> None:
    rejection = check_instance(example, CFG)
    assert rejection is not None
    assert rejection.what is example
    assert (rejection.reason, rejection.value, rejection.threshold) == (reason, value, threshold)


@pytest.mark.parametrize(
    "example",
    [
        answered("Cherries"),
        answered("42"),
        answered("Name three red fruits such as cherries and strawberries"),
        answered("- a: yes\n- b: no"),
        answered("HELLO", text="hello"),
        answered(DIGITS),
        Example("Correct it.", "He go to school every single day", "He goes to school every day"),
        Example("Classify.", "Where is my card?", "", label="card_arrival"),
        Example("Classify.", "Where is my card?", "card_arrival", label="card_arrival"),
    ],
)
def test_check_instance_passes(example: Example) -> None:
    assert check_instance(example, CFG) is None


# Each limit at the value that just catches the example, and at the one that just lets it pass.
@pytest.mark.parametrize(
    ("example", "reason", "catches", "passes"),
    [
        (asked("a b c d e"), "too_short", {"min_words": 6}, {"min_words": 5}),
        (asked("a b c d e"), "too_long", {"max_words": 0}, {"max_words": 5}),
        (asked("a b c d e"), "banned_word", {"banned_words": ("c d",)}, {"banned_words": ("c e",)}),
        (
            asked("a b 图片 e"),
            "banned_word",
            {"banned_words": ("图片",)},
            {"banned_words": ("片图",)},
        ),
        (asked("a b c"), "banned_start", {"banned_starts": ("A b",)}, {"banned_starts": ("b c",)}),
        (asked("+ a b c d"), "bad_first_char", {"first_char": True}, {"first_char": False}),
        (
            answered("a b"),
            "response_too_short",
            {"min_response_words": 3},
            {"min_response_words": 2},
        ),
        (
            answered("..."),
            "response_too_short",
            {"min_response_words": 1},
            {"min_response_words": 0},
        ),
        (
            answered("a b"),
            "response_too_long",
            {"max_response_words": 0},
            {"max_response_words": 2},
        ),
        (
            answered("x", text="a b"),
            "input_too_long",
            {"max_response_words": 1},
            {"max_response_words": 2},
        ),
        (answered("a b c " * 4), "repetition", {"max_repetition": 0.69}, {"max_repetition": 0.7}),
        (answered("a b c " * 4), "repetition", {"max_repetition": 0.0}, {"max_repetition": None}),
        (answered("Name 3"), "echo", {"echo": 0.33}, {"echo": 0.34}),
        (answered("Name 3"), "echo", {"echo": 0.0}, {"echo": None}),
        (answered("I can't."), "refusal", {"refusals": True}, {"refusals": False}),
        (asked("How can I help you?"), "refusal", {"refusals": True}, {"refusals": False}),
    ],
)
def test_each_limit_is_exact_and_can_be_off(
    example: Example, reason: str, catches: dict[str, Any], passes: dict[str, Any]
) -> None:
    assert _reasons(example, OFF.model_copy(update=catches)) == [reason]
    assert _reasons(example, OFF.model_copy(update=passes)) == []


def _reasons(example: Example, cfg: HeuristicsConfig) -> list[str]:
    checks = INSTRUCTION_CHECKS if not example.response else INSTANCE_CHECKS
    return [reason for reason, check in checks.items() if check(example, cfg) is not None]


def test_a_text_of_few_words_is_no_loop() -> None:
    strict = OFF.model_copy(update={"max_repetition": 0.0})
    assert _reasons(answered("ha " * 11), strict) == []
    assert _reasons(answered("ha " * 12), strict) == ["repetition"]


def test_an_instruction_alone_is_not_blamed_for_its_missing_answer() -> None:
    assert check_instruction(Example("Name three red fruits"), CFG) is None
