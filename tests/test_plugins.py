import sys
from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.plugins import find_function, module_source_of, source_of


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the current folder, under a name no other test imports."""
    name = f"plugin_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text("def shout(text):\n    return text.upper()\n\nnumber = 5")
    (tmp_path / f"{name}_broken.py").write_text("import no_such_module")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    return name


def test_a_function_of_the_current_folder_is_found(module: str) -> None:
    assert find_function(f"{module}:shout")("a") == "A"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{}", "is not pkg.mod:function"),
        ("{}:", "is not pkg.mod:function"),
        (":shout", "is not pkg.mod:function"),
        ("{}:shuot", "did you mean shout"),
        ("{}:number", "has no function number"),
        ("{}_broken:f", "No module named 'no_such_module'"),
        ("no_such_package.mod:f", "cannot be imported"),
    ],
)
def test_what_cannot_be_found_is_explained(module: str, name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        find_function(name.format(module))


def test_a_functions_source_is_its_own_and_a_built_in_has_none(module: str) -> None:
    assert source_of(find_function(f"{module}:shout")) == (
        "def shout(text):\n    return text.upper()\n"
    )
    assert source_of(len) == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def make(:\n    pass", r"SyntaxError: .*line 1\)"),
        ("number = 1\n\nnumber / 0", r"ZeroDivisionError: division by zero \(.*, line 3\)"),
        ("import sys\nsys.exit(0)", r"SystemExit: 0 \(.*, line 2\)"),
        ("import random\nrandom.choice([])", r"IndexError: .* \(faulty_.*\.py, line 2\)"),
    ],
)
def test_a_module_that_fails_while_it_is_imported_says_where(
    module: str, code: str, words: str
) -> None:
    """It ended in a traceback, and one that leaves by itself in silence, as if all were done."""
    name = f"faulty_{module}"
    Path(f"{name}.py").write_text(code)
    with pytest.raises(UserError, match=words):
        find_function(f"{name}:make")


def test_what_a_module_prints_is_no_result(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(f"loud_{module}.py").write_text("print('loading rules')\ndef make(): ...")
    find_function(f"loud_{module}:make")
    assert capsys.readouterr() == ("", "loading rules\n")


def test_a_modules_source_is_all_of_it_and_a_built_in_has_none(module: str) -> None:
    assert module_source_of(find_function(f"{module}:shout")).endswith("number = 5\n")
    assert module_source_of(len) == ""
