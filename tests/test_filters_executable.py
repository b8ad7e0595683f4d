from pathlib import Path

import pytest

from selfinstruct.config import ExecutableConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.executable import Executables, code_of
from selfinstruct.types import Example

DOUBLE = "def double(x):\n    return 2 * x"
OWN = """
def make_test(example):
    return None if "prose" in example.instruction else "assert double(2) == 4"
"""


def answered(response: str, text: str = "", instruction: str = "Write double") -> Example:
    return Example(instruction, text, response)


def fenced(code: str, language: str = "python") -> str:
    return f"Here it is:\n```{language}\n{code}\n```\nDone."


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (DOUBLE, DOUBLE),
        (fenced(DOUBLE), DOUBLE),
        (fenced(DOUBLE, ""), DOUBLE),
        (f"{fenced('a = 1')}\n{fenced('b = 2', 'py')}", "a = 1\n\nb = 2"),
        (f"{fenced('pip install x', 'sh')}\n{fenced('a = 1')}", "a = 1"),
        (f"{fenced('42', '')}\n{fenced('a = 1')}", "a = 1"),
        (fenced("ls", "sh"), ""),
        ("", ""),
    ],
)
def test_the_code_of_a_response(response: str, code: str) -> None:
    assert code_of(response) == code


def test_without_a_check_nothing_is_run() -> None:
    assert Executables.of(ExecutableConfig()).fault(answered("1 / 0")) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "draft", "reason", "value"),
    [
        ("run", answered(DOUBLE), None, None),
        ("run", answered("1 / 0"), "fails_when_run", "ZeroDivisionError: division by zero"),
        ("run", answered(fenced("ls", "sh")), "no_code", None),
        ("input", answered(DOUBLE, "assert double(3) == 6"), None, None),
        (
            "input",
            answered(fenced(DOUBLE), "assert double(3) == 7"),
            "fails_when_run",
            "AssertionError",
        ),
    ],
)
def test_an_answer_is_run_with_its_test(
    check: str, draft: Example, reason: str | None, value: str | None
) -> None:
    fault = Executables.of(ExecutableConfig(check=check)).fault(draft)
    assert (fault and fault.reason, fault and fault.value) == (reason, value)


@pytest.mark.slow
def test_a_function_makes_the_test_of_an_example_or_leaves_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_tests.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    executables = Executables.of(ExecutableConfig(check="own_tests:make_test"))
    assert executables.fault(answered(DOUBLE)) is None
    assert executables.fault(answered("Cherry.", instruction="Write prose")) is None
    fault = executables.fault(answered("def double(x):\n    return x"))
    assert fault is not None and fault.threshold == "own_tests:make_test"


def test_a_function_that_is_not_there_is_told() -> None:
    with pytest.raises(UserError, match="cannot be imported"):
        Executables.of(ExecutableConfig(check="no_such_module:make_test"))


@pytest.mark.slow
def test_a_machine_on_which_nothing_can_run_is_told_before_any_answer() -> None:
    too_little = ExecutableConfig(check="run").model_copy(update={"memory_mib": 1})
    with pytest.raises(UserError, match="a sound program failed here"):
        Executables.of(too_little)
