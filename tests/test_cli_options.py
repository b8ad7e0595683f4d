import json

import pytest

from selfinstruct.cli.options import examples, print_json


@pytest.mark.parametrize(
    ("commands", "text"),
    [(["a"], "Example:\n\na"), (["a", "b --c"], "Examples:\n\na\n\nb --c")],
)
def test_a_help_page_ends_with_its_commands(commands: list[str], text: str) -> None:
    assert examples(*commands) == text


def test_an_object_is_one_line_of_json_in_its_own_letters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json({"label": "Überweisung", "n": 1})
    out = capsys.readouterr().out
    assert out == '{"label": "Überweisung", "n": 1}\n'
    assert json.loads(out)["n"] == 1


def test_any_text_can_be_printed(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    print_json({"text": "half \ud83d, NUL \0"})
    assert json.loads(capsysbinary.readouterr().out.decode()) == {"text": "half \ud83d, NUL \0"}


def test_a_number_that_json_does_not_have_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"x": float("nan")})
