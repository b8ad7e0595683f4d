"""`compare`: students on the same gate rows, pair by pair, with the texts on which they part."""

from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from selfinstruct.cli.tables import COLOURS, NAMES, stdout
from selfinstruct.cli.text import one_line
from selfinstruct.config import GateConfig
from selfinstruct.errors import UserError
from selfinstruct.gate import primary_metric
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION, gain, reports, summarise
from selfinstruct.types import RealData, Report

FLIPS = 5
WORDS = {"accept": "better", "reject": "not better", "inconclusive": "inconclusive"}


def compare_students(folder: Path) -> dict[str, Any]:
    """Every student of a run against the one before it that it had to beat: base, control,
    champion.
    """
    with Store(folder) as store:
        found = reports(store, "gate")
        data = store.real_data()
    if len(found) < 2 or data is None:
        raise UserError(
            f"{folder} has {len(found)} evaluated students; it takes two to compare",
            next_step=f"selfinstruct status {folder}",
        )
    names = list(found)
    pairs = [(names[1], names[0]), *((name, names[1]) for name in names[2:])]
    return {
        "schema_version": SCHEMA_VERSION,
        "pairs": [_pair(a, found[a], b, found[b], data) for a, b in pairs],
    }


def compare_runs(folder: Path, other: Path) -> dict[str, Any]:
    """The champion of one run against the champion of another, on the gate rows both were scored
    on.
    """
    (ours, our_report, data), (theirs, their_report, _) = _champion(folder), _champion(other)
    if our_report.ids != their_report.ids:
        raise UserError(
            f"{folder} and {other} were gated on different rows",
            why="their scores cannot be paired, and unpaired scores of so few rows say little",
            next_step="give both runs the same seeds, split and seed",
        )
    pair = _pair(f"{folder.name}/{ours}", our_report, f"{other.name}/{theirs}", their_report, data)
    return {"schema_version": SCHEMA_VERSION, "pairs": [pair]}


def _champion(folder: Path) -> tuple[str, Report, RealData]:
    with Store(folder) as store:
        name = summarise(store)["champion"]
        found = reports(store, "gate")
        data = store.real_data()
    if name not in found or data is None:
        raise UserError(f"{folder} has no champion yet", next_step=f"selfinstruct status {folder}")
    return name, found[name], data


def _pair(name: str, ours: Report, other: str, theirs: Report, data: RealData) -> dict[str, Any]:
    metrics = {}
    for metric in ours.scores:
        verdict = gain(ours, theirs, metric)
        metrics[metric] = {
            "a": verdict.candidate,
            "b": verdict.champion,
            "gain": verdict.gain.value,
            "low": verdict.gain.low,
            "high": verdict.gain.high,
            "wins": verdict.wins,
            "losses": verdict.losses,
            "p_value": verdict.p_value,
            "verdict": WORDS[verdict.outcome],
        }
    return {"a": name, "b": other, "n": len(ours.ids), "metrics": metrics} | _flips(
        ours, theirs, data
    )


def _flips(ours: Report, theirs: Report, data: RealData) -> dict[str, Any]:
    """The rows where the primary metric parts the two most, the best and the worst for us."""
    metric = primary_metric(GateConfig(), ours)
    sign = -1 if metric == "nll" else 1
    asked = {row.id: row.input or row.instruction for row in data.gate}
    apart = sorted(
        (sign * (a - b), position)
        for position, (a, b) in enumerate(
            zip(ours.scores[metric], theirs.scores[metric], strict=True)
        )
    )
    texts: list[dict[str, Any]] = [
        {
            "difference": difference,
            "id": ours.ids[position],
            "asked": asked[ours.ids[position]],
            "a": ours.answers[position],
            "b": theirs.answers[position],
        }
        for difference, position in apart
    ]
    return {
        "improvements": [text for text in texts[::-1] if text["difference"] > 0][:FLIPS],
        "regressions": [text for text in texts if text["difference"] < 0][:FLIPS],
    }


def print_comparison(found: dict[str, Any]) -> None:
    """A table for each pair, then the texts side by side."""
    console = stdout()
    for pair in found["pairs"]:
        a, b = pair["a"], pair["b"]
        table = Table(title=f"{a} against {b}, {pair['n']} gate rows", title_justify="left")
        for column in ("metric", a, b, f"gain of {a} [95 %]", "won / lost rows", "p", "verdict"):
            table.add_column(column, justify="left" if column == "metric" else "right")
        for metric, m in pair["metrics"].items():
            verdict = next(key for key, word in WORDS.items() if word == m["verdict"])
            table.add_row(
                NAMES.get(metric, metric),
                f"{m['a']:.3f}",
                f"{m['b']:.3f}",
                f"{m['gain']:+.3f} [{m['low']:+.3f}, {m['high']:+.3f}]",
                f"{m['wins']} / {m['losses']}",
                f"{m['p_value']:.3g}",
                Text(m["verdict"], style=COLOURS[verdict]),
            )
        console.print(table)
        for kind in ("improvements", "regressions"):
            for text in pair[kind]:
                console.print(Text(f"{kind[:-1]}: {one_line(text['asked'], 120)}", style="bold"))
                console.print(Text(f"  {a}: {one_line(text['a'], 120)}"))
                console.print(Text(f"  {b}: {one_line(text['b'], 120)}"))
