"""What `refilter` found, for people: the funnel before and after, what moves, curves, a fork."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.text import escape, one_line
from selfinstruct.telling import money
from selfinstruct.types import ROUND_FULL

WORDS: Mapping[str, str] = {
    "dropped": "rows that fall",
    "kept": "rows that come in",
    "unknown": "let through, but never asked on or measured",
    "reason": "fall at another filter, or by another value",
}
"""What may happen to a candidate."""
BAR = 30
"""Characters of the longest bar of a curve."""


def print_refilter(console: Console, found: dict[str, Any]) -> None:
    """The funnel before and after, rows that move, curves, and the fork."""
    for change in found["changed"]:
        console.print(Text(escape(change), style="bold"))
    _print_drift(console, found)
    if found["changed"] or found["drift"]["count"]:
        console.print(_funnel(found))
        for line in _lines(found):
            console.print(Text(escape(line)))
    for each in found["curves"]:
        console.print(_curve_table(each))
    if found["fork"] is not None:
        _print_fork(console, found["fork"])


def _print_drift(console: Console, found: dict[str, Any]) -> None:
    drift = found["drift"]
    if not drift["count"]:
        total = found["kept"]["before"] + sum(one["before"] for one in found["reasons"].values())
        if not found["changed"]:
            console.print(f"read and filtered again, all {total} candidates meet the stored fate")
        return
    program = drift["program"]
    by = f"{program} gives other rows than it did, or " if program is not None else ""
    console.print(
        Text(
            f"{drift['count']} candidates do not meet the stored fate though no setting changed: "
            f"{escape(by)}this version reads or filters in another way than the one that made them",
            style="yellow",
        )
    )
    for row in drift["rows"]:
        _print_row(console, row)


def _funnel(found: dict[str, Any]) -> Table:
    table = Table(title=f"{found['run']}, {found['waves']} waves", title_justify="left")
    table.add_column("candidates")
    for column in ("before", "after", "change"):
        table.add_column(column, justify="right")
    named = {"kept": found["kept"], **found["reasons"]}
    for name, one in named.items():
        shown = "fit, but the round was full" if name == ROUND_FULL else escape(name)
        change = one["after"] - one["before"]
        style = "bold" if name == "kept" else None
        table.add_row(
            Text(shown),
            str(one["before"]),
            str(one["after"]),
            f"{change:+d}" if change else "",
            style=style,
        )
    return table


def _lines(found: dict[str, Any]) -> Iterator[str]:
    fits = found["fit"]
    yield f"{fits['before']} candidates passed every filter, {fits['after']} pass now"
    if found["calls_not_made"]:
        yield (
            f"{found['calls_not_made']} calls were never made, since a filter stopped the question "
            "first: what they would have brought is not known (not_asked)"
        )
    for kind, words in WORDS.items():
        if found["moves"][kind]:
            yield f"{words}: {found['moves'][kind]}"
            for row in found["rows"][kind]:
                yield from _row_lines(row)


def _print_row(console: Console, row: dict[str, Any]) -> None:
    for line in _row_lines(row):
        console.print(Text(line))


def _row_lines(row: dict[str, Any]) -> Iterator[str]:
    what = row["row"]
    yield f"  {row['id']}  {_side(row['before'])} → {_side(row['after'])}"
    asked = what.get("input") or what["instruction"]
    yield f"    {one_line(asked, 110)}"
    if what["response"]:
        yield f"    → {one_line(what['response'], 108)}"


def _side(fate: dict[str, Any] | None) -> str:
    if fate is None:
        return "not there"
    if fate["kept"]:
        return "kept"
    measured = "".join(
        f" {words}{_short(fate[name])}"
        for name, words in (("value", ""), ("threshold", "limit "), ("neighbour", "near "))
        if name in fate
    )
    return escape(f"{fate['reason']}{measured}")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _curve_table(found: dict[str, Any]) -> Table:
    table = Table(title=escape(found["path"]), title_justify="left", title_style="bold")
    table.add_column("value", justify="right")
    table.add_column("pass every filter", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("never asked", justify="right")
    table.add_column("not measured", justify="right")
    table.add_column("")
    most = max(point["most"] for point in found["points"]) or 1
    for point in found["points"]:
        table.add_row(
            "off" if point["value"] is None else f"{point['value']:g}",
            str(point["fit"]),
            "█" * round(BAR * point["fit"] / most),
            str(point["not_asked"] or ""),
            str(point["not_measured"] or ""),
            "◀ now" if point["value"] == found["present"] else "",
        )
    return table


def _print_fork(console: Console, made: dict[str, Any]) -> None:
    console.print(Text(f"begun: {escape(made['run'])}", style="bold"))
    console.print(Text(f"to do again: {escape(', '.join(made['again']))}"))
    if made["a_round"] is not None:
        calls, tokens = made["a_round"]["calls"], made["a_round"]["tokens"]
        cost = made["a_round"]["cost"]
        paid = "" if cost is None else f", {money(cost['value'], made['currency'])}"
        console.print(
            f"a round will take about {calls['value']:.0f} calls ({calls['low']:.0f} to "
            f"{calls['high']:.0f}) and {tokens['value']:.0f} tokens{paid}, and there are "
            f"{made['rounds']} at most; answers to questions that stay the same are not paid again",
            highlight=False,
            soft_wrap=True,
        )
    console.print(
        f"next: selfinstruct run CONFIG {' '.join(made['settings'])}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
