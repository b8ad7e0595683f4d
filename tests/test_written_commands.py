"""Commands and configs that people copy from README and guide: the parser takes them, and every
setting in them is one that there is.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from selfinstruct.cli.app import app
from selfinstruct.config import Config, load_config, parse_config
from selfinstruct.errors import UserError
from selfinstruct.manual import named

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    "docs/guide.md",
    "docs/rows.md",
    "docs/settings.md",
    "docs/prompts.md",
    "docs/review.md",
)
TAKES = ("run", "plan", "finish", "sweep", "doctor", "refilter", "ablate")
"""Commands that are given settings."""
OVERRIDE = re.compile(r"([a-z_]+(?:\.[a-z_]+)*)=(.*)", re.DOTALL)
MODEL = {"backend": "program", "name": "m:f"}
MINIMAL: dict[str, Any] = {"seeds": {"path": "x.jsonl"}, "teacher": MODEL}


def commands(text: str) -> Iterator[str]:
    """What stands after `selfinstruct` in indented lines, and in backticks if it is more than the
    name of a command.
    """
    for block in blocks(text):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"(?:.*\| )?(?:\.venv/bin/)?selfinstruct (.*)", line)
            if found:
                yield found[1]
    for found in re.finditer(r"`(?:echo [^`]*\| )?selfinstruct ([^`\s]+\s[^`]+)`", text):
        yield " ".join(found[1].split())


def blocks(text: str) -> list[str]:
    return [
        re.sub(r"^    ", "", found, flags=re.MULTILINE)
        for found in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    ]


def parse(line: str) -> None:
    """Read a command as typer would, and do nothing. Raises typer's error where it cannot be."""
    command: Any = get_command(app)
    name: str | None = "selfinstruct"
    rest, above = shlex.split(line, comments=True), None
    while True:
        here = command.make_context(name, rest, parent=above)
        if not isinstance(command, TyperGroup):
            return
        name, inner, rest = command.resolve_command(here, [*here._protected_args, *here.args])
        command, above = inner, here


def unknown_settings(line: str) -> list[str]:
    """Settings given to a command that no config has; a config of the repository is loaded with
    them. Raises `UserError` where that one is refused.
    """
    words = shlex.split(line, comments=True)
    given = [word for word in words[1:] if OVERRIDE.fullmatch(word) and words[0] in TAKES]
    for word in words[1:]:
        if word.startswith("configs/") and given:
            load_config(ROOT / word, [each for each in given if each.split("=")[0] != "name"])
    return [each for each in given if named(each.partition("=")[0]) is None]


WRITTEN = [
    pytest.param(line, id=f"{page}:{line}")
    for page in PAGES
    for line in commands((ROOT / page).read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("line", WRITTEN)
def test_a_command_that_is_written_down_can_be_typed(line: str) -> None:
    parse(line)
    assert unknown_settings(line) == []


CONFIGS = [
    pytest.param(block, id=f"{page}:{block.splitlines()[0]}")
    for page in PAGES
    for block in blocks((ROOT / page).read_text(encoding="utf-8"))
    if re.match(rf"({'|'.join(Config.model_fields)}):", block)
]


@pytest.mark.parametrize("block", CONFIGS)
def test_a_config_that_is_written_down_is_one(block: str) -> None:
    parse_config({**MINIMAL, **yaml.safe_load(block)})


def test_pages_have_what_is_checked() -> None:
    assert len(WRITTEN) > 60
    assert len(CONFIGS) > 6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sho runs/x", "No such command"),
        ("show runs/x --rejectd echo", "No such option"),
        ("plan", "Missing parameter: config"),
        ("export runs/x --what all -o d", "'all' is not one of"),
    ],
)
def test_the_check_sees_a_command_that_cannot_be_typed(line: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        parse(line)


def test_the_check_sees_a_setting_that_is_not_there() -> None:
    assert unknown_settings("run my.yaml gate.alhpa=0.1") == ["gate.alhpa=0.1"]
    with pytest.raises(UserError, match=r"unknown key gate\.alhpa"):
        unknown_settings("run configs/quickstart.yaml gate.alhpa=0.1")


def test_commands_are_found_wherever_they_stand() -> None:
    text = (
        "x\n\n    .venv/bin/selfinstruct status  R   # why\n    echo a | selfinstruct chat R\n"
        "    selfinstruct run c.yaml \\\n      name=b\n\nor `selfinstruct ui\nruns`.\n"
    )
    assert list(commands(text)) == [
        "status  R   # why",
        "chat R",
        "run c.yaml    name=b",
        "ui runs",
    ]
