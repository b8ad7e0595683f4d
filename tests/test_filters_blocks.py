import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.filters.blocks import LONGEST, Block, fenced_blocks, why_broken


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("no code `here` at all", []),
        ("```python\nx = 1\n```", [("python", "x = 1")]),
        ("Here:\n``` Py3 title\na\n\nb\n```\nDone.", [("py3", "a\n\nb")]),
        ("~~~json\n{}\n~~~\n```\nplain\n```", [("json", "{}"), ("", "plain")]),
        ("````python\n```\nx\n```\n````", [("python", "```\nx\n```")]),
        ("1. First\n   ```python\n   if a:\n       b\n   ```", [("python", "if a:\n    b")]),
        ("```python\nx = 1", [("python", "x = 1")]),  # never closed
        ("```\n```", [("", "")]),
        ("``\nx\n``", []),
        ("```python\nx = '```'\n```", [("python", "x = '```'")]),
    ],
)
def test_blocks_are_found_as_commonmark_has_them(text: str, blocks: list[tuple[str, str]]) -> None:
    assert fenced_blocks(text) == [Block(*block) for block in blocks]


@pytest.mark.parametrize("name", ["python", "py", "python3"])
def test_python_has_several_names(name: str) -> None:
    (block,) = fenced_blocks(f"```{name}\nx = (\n```")
    assert block.language == "python"


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (Block("python", "def f(:\n  pass"), "python: line 1: invalid syntax"),
        (Block("python", "x = 1\nprint 'a'"), "python: line 2: Missing parentheses in call"),
        (Block("python", "if x:\npass"), "python: line 2: expected an indented block"),
        (Block("python", "a\0b"), "python: line 1: source code string cannot contain null bytes"),
        (Block("python", "x = '\ud83d'"), "python: 'utf-8' codec can't encode"),
        (Block("python", "-" * 10_000 + "1"), "python: nested too deep"),
        (Block("python", "a" + ".b" * 9000), "python: nested too deep"),
        (Block("python", "(" * 10_000), "python: line 1: too many nested parentheses"),
        (Block("python", "x\n" * LONGEST), f"python: more than {LONGEST} characters"),
        (Block("json", "{'a': 1}"), "json: Expecting property name"),
        (Block("json", '{"a": NaN}'), "json: NaN is no JSON"),
        (Block("json", "[" * LONGEST), "json: nested too deep"),
        (Block("json", ""), "json: Expecting value"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_does_not_parse_is_told_with_its_place(block: Block, why: str) -> None:
    told = why_broken(block)
    assert told is not None and told.startswith(why)


@pytest.mark.parametrize(
    "block",
    [
        Block("python", ""),
        Block("python", "async def f():\n    return [x async for x in y]"),
        Block("python", "s = '\\d' is 'x'"),  # warned of, and Python all the same
        Block("json", '{"a": [1, null]}'),
        Block("javascript", "function ("),
        Block("yaml", "a: [1"),
        Block("", "def f(:"),
    ],
)
def test_what_parses_and_what_is_in_another_language_passes(block: Block) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert why_broken(block) is None


@given(st.text(alphabet="ab=()[]:\n \t'\"#\\1+-.,", max_size=60))
def test_python_is_what_its_own_parser_takes(text: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
        parses = True
    except (SyntaxError, ValueError):
        parses = False
    assert (why_broken(Block("python", text)) is None) is parses
