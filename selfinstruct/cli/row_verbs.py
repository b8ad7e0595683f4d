"""`examples score` and `diff`: scores of others taken in, two sets of rows side by side."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape, one_line
from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.export.facts import read_facts
from selfinstruct.export.lines import What, lines_of
from selfinstruct.rows import from_example
from selfinstruct.rowsets import Change, change
from selfinstruct.seeds.read import read_examples
from selfinstruct.store import Store
from selfinstruct.store.scoring import take_scores
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.types import Example

LABELS_SHOWN = 10


def score_rows(run: Path, file: Path) -> dict[str, Any]:
    """Take a file of scores into a run's ledger; how many were new. Raises as `take_scores`."""
    if not (run / "run.db").exists():  # or a writer would begin one
        raise UserError(f"no run at {run}", next_step="selfinstruct run CONFIG starts one")
    with Store(run, write=True) as store:
        taken = take_scores(store, file)
    return {"schema_version": SCHEMA_VERSION, "run": str(run), "file": str(file), **asdict(taken)}


def diff_rows(before: Path, after: Path, what: What, index: int | None) -> dict[str, Any]:
    """What changed from one set of rows to another, each of a run's folder or of a file of rows.

    Raises `UserError` for what is neither, and as the readers of either do.
    """
    found = change(_rows(before, what, index), _rows(after, what, index))
    return {
        "schema_version": SCHEMA_VERSION,
        "before": str(before),
        "after": str(after),
        "both": found.both,
        "added": [from_example(row) for row in found.added],
        "removed": [from_example(row) for row in found.removed],
        "reworded": [
            {"before": from_example(each.before), "after": from_example(each.after)}
            for each in found.reworded
        ],
        "labels": {name: {"before": n, "after": m} for name, (n, m) in found.labels.items()},
        "moved": moved(found),
    }


def moved(found: Change) -> float:
    """The share of rows that would have to change labels for the two sets to have the same shares:
    the total variation distance, 0 to 1.
    """
    first = sum(n for n, _ in found.labels.values())
    second = sum(m for _, m in found.labels.values())
    if not first or not second:
        return 0.0 if first == second else 1.0
    return sum(abs(n / first - m / second) for n, m in found.labels.values()) / 2


def _rows(place: Path, what: What, index: int | None) -> list[Example]:
    if place.is_file():
        return list(read_examples(SeedsConfig(path=str(place.absolute())), Path()).examples)
    with Store(place) as store:
        return [line.row for line in lines_of(store, read_facts(store), what, index)]


def print_scored(told: dict[str, Any]) -> None:
    """One line."""
    known = f", {told['known']} were there already" if told["known"] else ""
    line = f"{told['taken']} scores taken into {told['run']}{known}"
    stdout().print(Text(escape(line)))


def print_diff(told: dict[str, Any], limit: int) -> None:
    """Counts, the labels that moved most, and the first rows of each kind."""
    console = stdout()
    for sign, kind, style in (("-", "removed", "red"), ("+", "added", "green")):
        for row in told[kind][:limit]:
            console.print(Text(f"{sign} {_line(row)}", style=style))
    for each in told["reworded"][:limit]:
        console.print(Text(f"~ {_line(each['before'])}", style="red"))
        console.print(Text(f"  {_line(each['after'])}", style="green"))
    shifts = [(name, n) for name, n in told["labels"].items() if n["before"] != n["after"]]
    for name, n in shifts[:LABELS_SHOWN]:
        console.print(Text(escape(f"{name or 'no label'}: {n['before']} → {n['after']}")))
    if len(shifts) > LABELS_SHOWN:
        console.print(Text(f"and {len(shifts) - LABELS_SHOWN} more labels", style="dim"))
    counts = ", ".join(f"{len(told[kind]):,} {kind}" for kind in ("added", "removed", "reworded"))
    console.print(
        Text(f"{told['both']:,} rows in both, {counts}; labels moved {told['moved']:.1%}")
    )


def _line(row: dict[str, Any]) -> str:
    said = row.get("input") or row.get("instruction", "")
    answer = f" → {row['response']}" if row.get("response") else ""
    label = f"[{row['label']}] " if row.get("label") else ""
    return escape(one_line(f"{label}{said}{answer}", 120))
