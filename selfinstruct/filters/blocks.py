"""Fenced blocks of code in an answer, and whether one parses: Python by its own parser, JSON as a
program would read it. Nothing is run here.

YAML is left out since any sentence is YAML, and SQL since each server has its own.
"""

import ast
import textwrap
import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple

from selfinstruct import schema

LONGEST = 20_000
"""Characters of a block. Python's parser takes `import a.a.a...` in quadratic time: 0.1 s of it at
this length, and 14 s at ten times as much. No answer of a few hundred words comes near.
"""
NAMES: Mapping[str, str] = {"py": "python", "python3": "python"}


class Block(NamedTuple):
    """The first word after the opening fence, lower case, "" if there is none; and the lines."""

    language: str
    text: str


def fenced_blocks(text: str) -> list[Block]:
    """Every block between fences of three or more ` or ~, in order, as CommonMark has it.

    One that is never closed goes on to the end. What it is indented by, as in a list, is taken off.
    """
    found: list[Block] = []
    lines: list[str] = []
    fence = language = ""
    for line in text.split("\n"):
        bare = line.strip()
        run = bare[: len(bare) - len(bare.lstrip(bare[:1]))] if bare[:1] in ("`", "~") else ""
        if not fence and len(run) >= 3:
            fence, language, lines = run, _language(bare[len(run) :]), []
        elif fence and run == bare and run.startswith(fence):
            found.append(Block(language, textwrap.dedent("\n".join(lines))))
            fence = ""
        elif fence:
            lines.append(line)
    if fence:
        found.append(Block(language, textwrap.dedent("\n".join(lines))))
    return found


def why_broken(block: Block) -> str | None:
    """What its parser says against a block, in a few words; None for one that parses, and for a
    language that is not read here.
    """
    parse = PARSERS.get(block.language)
    if parse is None:
        return None
    if len(block.text) > LONGEST:
        return f"{block.language}: more than {LONGEST} characters"
    try:
        parse(block.text)
    except SyntaxError as error:
        return f"{block.language}: line {error.lineno or 1}: {error.msg}"
    except ValueError as error:  # no JSON, or half a character
        return f"{block.language}: {error}"
    except (RecursionError, MemoryError):  # the parser's own stack, which it bounds
        return f"{block.language}: nested too deep"
    return None


def parse_python(text: str) -> None:
    """Raises `SyntaxError`, or for hostile nesting `RecursionError` or `MemoryError`, where the
    text is no Python of the version that runs this.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is no business of ours
        ast.parse(text)


PARSERS: Mapping[str, Callable[[str], object]] = {"python": parse_python, "json": schema.parse}


def _language(info: str) -> str:
    name = (info.split() or [""])[0].lower()
    return NAMES.get(name, name)
