"""Settings as JSON and for people: one of them, several, and those that a file gives."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape, one_line
from selfinstruct.manual import Given, Group, Knob
from selfinstruct.summary import SCHEMA_VERSION

DEFAULT_WIDTH = 40
"""Characters of a default in a list; all of it is shown of one setting."""


def knob_as_json(knob: Knob) -> dict[str, Any]:
    """One setting."""
    return {"schema_version": SCHEMA_VERSION, "settings": [_row(knob)]}


def groups_as_json(found: Sequence[Group]) -> dict[str, Any]:
    """All settings of these groups."""
    rows = [_row(knob) for group in found for knob in group.knobs]
    return {"schema_version": SCHEMA_VERSION, "settings": rows}


def given_as_json(config: Path, found: Sequence[Given]) -> dict[str, Any]:
    """What a file gives."""
    rows = [
        {
            "name": each.knob.name,
            "line": each.line,
            "value": each.value,
            "default": each.knob.default,
            "differs": each.differs,
        }
        for each in found
    ]
    return {"schema_version": SCHEMA_VERSION, "config": str(config), "settings": rows}


def _row(knob: Knob) -> dict[str, Any]:
    return {**asdict(knob), "required": knob.default is None, "may_change": knob.again is None}


def print_knob(knob: Knob) -> None:
    """The whole story of one setting."""
    console = stdout()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "takes": knob.takes,
        "default": "none: it has to be given" if knob.default is None else knob.default,
        "once a run has begun": _change(knob),
        "rules": "\n".join(knob.rules),
    }
    for name, told in rows.items():
        if told:
            table.add_row(Text(name, style="cyan"), Text(told))
    console.print(Text(knob.name, style="bold"))
    console.print(_indented(knob.about, console.width, 2))
    console.print(Padding(table, (0, 0, 0, 2)))


def _change(knob: Knob) -> str:
    if knob.again is None:
        return "it may change"
    also = f"; also {knob.also}" if knob.also else ""
    return f"it is kept to; a run begun with --fork does {knob.again}{also}"


def print_groups(found: Sequence[Group], *, whole: bool) -> None:
    """Settings under their sections: with their whole texts, or in a line each."""
    console = stdout()
    for group in found:
        console.print(Text.assemble((group.name or "the run itself", "bold"), f"  {group.about}"))
        for knob in group.knobs:
            default = (
                "to be given" if knob.default is None else one_line(knob.default, DEFAULT_WIDTH)
            )
            head = Text.assemble(f"  {_leaf(knob, group)}: ", (default, "green"))
            if whole:
                told = "may change" if knob.again is None else knob.again
                console.print(head.append(f"  ({knob.takes}; {told})", style="dim"))
                console.print(_indented(knob.about, console.width, 6))
            else:
                room = max(20, console.width - len(head) - 2)
                console.print(head.append(f"  {one_line(knob.about, room)}", style="dim"))
    count = sum(len(group.knobs) for group in found)
    more = "" if whole else "; selfinstruct settings WORD tells more"
    console.print(Text(f"{count} setting{'s' * (count != 1)}{more}", style="dim"))


def _leaf(knob: Knob, group: Group) -> str:
    return knob.name.removeprefix(f"{group.name}.")


def print_given(config: Path, found: Sequence[Given]) -> None:
    """What a file sets away from the defaults, a line each, and what it repeats of them."""
    console = stdout()
    away = [each for each in found if each.differs]
    places = [escape(f"{config}:{each.line}") for each in away]
    for each, place in zip(away, places, strict=True):
        line = Text.assemble(f"{place:<{max(map(len, places))}}  ", (each.knob.name, "bold"))
        line.append(f": {escape(each.value)}", style="green")
        if each.knob.default is not None:
            line.append(f"  (default {one_line(each.knob.default, DEFAULT_WIDTH)})", style="dim")
        console.print(line, soft_wrap=True)
    same = ", ".join(f"{each.knob.name} (line {each.line})" for each in found if not each.differs)
    if same:
        console.print(Text(f"as by default: {same}", style="dim"))
    if not found:
        console.print(Text(f"{escape(str(config))} sets nothing of that name", style="dim"))


def _indented(text: str, width: int, by: int) -> Text:
    indent = " " * by
    return Text(
        textwrap.fill(
            text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )
    )
