"""What `prompts` answers, for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.text import escape

MARKS = {"removed": ("[-", "-]", "red strike"), "added": ("{+", "+}", "green")}


def print_list(console: Console, found: Mapping[str, Any]) -> None:
    """A line for each prompt, then what is wrong."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("prompt", "in use", "labels", ""):
        table.add_column(head)
    for each in found["prompts"]:
        labels = ", ".join(f"{label} v{number}" for label, number in each["labels"].items())
        note = "" if each["asked"] else "snippet"
        row = (each["name"], _in_use(each), labels, note)
        table.add_row(*(Text(escape(cell)) for cell in row))
    if found["prompts"]:
        console.print(table)
    for name in found["unused"]:
        line = f"{name} is asked by no recipe, and included by none"
        console.print(Text(escape(line), style="yellow"))
    for each in found["prompts"]:
        if each["fault"]:
            console.print(Text(escape(each["fault"]), style="red"))
    for fault in found["faults"]:
        console.print(Text(escape(fault), style="bold red"))


def _in_use(entry: Mapping[str, Any]) -> str:
    versions = f", {entry['versions']} committed" if entry["versions"] else ""
    if entry["fault"]:
        return f"at fault{versions}"
    match entry["origin"], entry["number"]:
        case None, _:
            return f"nothing{versions}"
        case "shipped", _:
            return f"shipped {entry['version']}{versions}"
        case _, None:
            return f"not committed {entry['version']}{versions}"
        case _, number:
            last = "" if number == entry["versions"] else f" of {entry['versions']}"
            return f"v{number}{last} {entry['version']}"


def print_prompt(console: Console, found: Mapping[str, Any]) -> None:
    """One prompt: what it is, then every source of it."""
    labels = f" ({', '.join(found['labels'])})" if found["labels"] else ""
    version = "" if found["told"].endswith(found["version"]) else f" {found['version']}"
    unnumbered = " not committed" if found["origin"] == "folder" and not found["number"] else ""
    head = f"{found['told']}{labels}{version}{unnumbered}"
    console.print(Text(escape(head), style="bold"))
    if found["message"] is not None:
        console.print(Text(escape(f"{found['when']} {found['who']}: {found['message']}")))
    if found["told_values"]:
        console.print(Text(escape(f"is told {', '.join(found['told_values'])}")))
    own = f"{found['name']}.j2"
    for name in sorted(found["sources"], key=lambda name: (name != own, name)):
        console.print(Text(f"\n── {escape(name)}", style="cyan"))
        console.print(Text(escape(found["sources"][name].rstrip("\n"))), soft_wrap=True)


def print_diff(console: Console, diff: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    """Words that went and came, marked as git does, in colours on a terminal alone."""
    for name, pieces in diff.items():
        console.print(Text(f"── {escape(name)}", style="cyan"))
        text = Text()
        for piece in pieces:
            if piece["op"] == "skipped":
                text.append(f"… {piece['text']} lines\n", style="dim")
            elif piece["op"] == "same":
                text.append(escape(piece["text"]))
            else:
                opening, closing, style = MARKS[piece["op"]]
                body = escape(piece["text"].rstrip("\n"))
                ends = piece["text"][len(piece["text"].rstrip("\n")) :]
                text.append(f"{opening}{body}{'¶' * (not body)}{closing}{ends}", style=style)
        text.rstrip()
        console.print(text, soft_wrap=True)


def print_history(console: Console, found: Mapping[str, Any]) -> None:
    """A line for each version and move, the first one first."""
    for entry in found["entries"]:
        if entry["kind"] == "version":
            what = f"v{entry['number']}  {entry['version']}"
        else:
            came = "" if entry["before"] is None else f"v{entry['before']} → "
            what = f"    {entry['label']}: {came}v{entry['number']}"
        said = f"  {entry['message']}" if entry["message"] else ""
        console.print(Text(escape(f"{entry['when']}  {entry['who']}  {what}{said}")))


def print_uses(console: Console, found: Mapping[str, Any]) -> None:
    """A line for each prompt that includes a snippet."""
    if not found["used_by"]:
        console.print(Text(escape(f"nothing includes {found['name']}")))
    for each in found["used_by"]:
        through = "" if each["direct"] else "  (through another snippet)"
        console.print(Text(escape(f"{each['name']}{through}")))
