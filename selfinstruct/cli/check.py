"""`check`: a run's numbers against limits, for a pipeline; with rows where too many went."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from selfinstruct.cli.listing import quoted
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape, one_line
from selfinstruct.limits import DROPPED, Held, Measures, hold, measure, read_limit
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION, summarise

ROWS = 5
"""Dropped rows that are shown of a limit that does not hold."""


def check_run(folder: Path, texts: Sequence[str], index: int | None) -> dict[str, Any]:
    """Every number of a run, the limits with what was measured, and rows of those that do not hold.

    Raises `UserError` for a limit that is none or names nothing, before the run is read at length.
    """
    limits = [read_limit(text) for text in texts]
    with Store(folder) as store:
        measures = measure(summarise(store), index)
        held = [_told(store, each, measures) for each in hold(limits, measures)]
    return {
        "schema_version": SCHEMA_VERSION,
        "run": str(folder),
        "measures": measures,
        "limits": held,
        "holds": all(each["holds"] for each in held),
    }


def _told(store: Store, held: Held, measures: Measures) -> dict[str, Any]:
    return {
        **asdict(held.limit),
        "measured": held.measured,
        "holds": held.holds,
        "rows": [] if held.holds else _dropped(store, held.limit.name, measures),
    }


def _dropped(store: Store, name: str, measures: Measures) -> list[dict[str, Any]]:
    """Some of the rows behind a share that is not as wished; none for any other number."""
    if name != "kept" and not name.startswith(DROPPED):
        return []
    of = "" if name == "kept" else f" and reason={quoted(name.removeprefix(DROPPED))}"
    found = store.examples(f"fate=rejected and round={measures['round']:.0f}{of}", limit=ROWS).rows
    return [{key: row[key] for key in ("id", "round", "reason", "value", "row")} for row in found]


def print_check(told: dict[str, Any]) -> None:
    """A line a limit, or every number of the run where none was given."""
    console = stdout()
    if not told["limits"]:
        for name, value in told["measures"].items():
            console.print(Text(f"{escape(name)} = {value:.6g}"))
        return
    for held in told["limits"]:
        says = ("holds  ", "green") if held["holds"] else ("FAILS  ", "bold red")
        limit = escape(f"{held['name']} {held['sign']} {held['value']:g}")
        console.print(Text.assemble(says, f"{limit}, it is {held['measured']:.6g}"))
        for row in held["rows"]:
            said = row["row"].get("input") or row["row"].get("instruction", "")
            console.print(Text(escape(f"  {row['id']} {row['reason']}: {one_line(said, 90)}")))
