"""A comparison for people: tables on a terminal, or Markdown for a pull request."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.text import escape, one_line
from selfinstruct.pairs import OF_WHOLE_SETS
from selfinstruct.telling import NAMES, seconds

COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow"}
SLICES = 8
WIDTH = 110

TEXTS = 5

HELD_OUT = "the rows that changed are gate rows: --held-out shows their words"

Cells = list[str]


def print_comparison(console: Console, found: dict[str, Any]) -> None:
    """A table of metrics and one of slices for each student, then the rows that changed."""
    for one in found["comparisons"]:
        for title, head, rows in _tables(one):
            # As Text: names and labels are data, and a plain string would be read as markup.
            table = Table(title=_safe(title), title_justify="left", title_style="bold")
            for at, column in enumerate(head):
                table.add_column(_safe(column), justify="left" if at == 0 else "right")
            for row in rows:
                verdict = Text(row[-1], style=COLOURS.get(row[-1], ""))
                table.add_row(*map(_safe, row[:-1]), verdict)
            console.print(table)
        for line in _notes(one):
            console.print(Text(escape(line)))
        _print_changed(console, one, words=found["held_out"])
    if not found["held_out"]:
        console.print(Text(HELD_OUT, style="dim"))
    for line in found["failed"]:
        console.print(Text(f"FAILED {escape(line)}", style="red bold"))


def as_markdown(found: dict[str, Any]) -> str:
    """The same tables and notes in GitHub's Markdown; the rows that changed fold away."""
    lines: list[str] = []
    for one in found["comparisons"]:
        for title, head, rows in _tables(one):
            lines += ["", f"### {_cell(title)}", "", _row(head), _row(["---"] * len(head))]
            lines += [_row(row) for row in rows]
        lines += ["", *(f"- {_cell(line)}" for line in _notes(one))]
        for kind in ("improvements", "regressions"):
            if one[kind]:
                lines += ["", f"<details><summary>{len(one[kind])} {kind}</summary>", ""]
                head, cells = _changed(one, kind, words=found["held_out"])
                lines += [_row(head), _row(["---"] * len(head)), *map(_row, cells)]
                lines += ["", "</details>"]
    if not found["held_out"]:
        lines += ["", HELD_OUT]
    lines += [f"\n**FAILED** {_cell(line)}" for line in found["failed"]]
    return "\n".join(lines).strip()


def _safe(text: str) -> Text:
    return Text(one_line(text, WIDTH))


def _print_changed(console: Console, one: dict[str, Any], *, words: bool) -> None:
    for kind in ("improvements", "regressions"):
        for row in one[kind][:TEXTS]:
            told = row["asked"] if words else f"{row['gain']:+.3f}, row {row['id']}"
            name = row["label"] or row["id"]
            console.print(Text(f"{kind[:-1]} ({name}): {one_line(told, WIDTH)}", "bold"))
            if words:
                console.print(Text(f"  {one['student']}: {one_line(row['ours'], WIDTH)}"))
                console.print(Text(f"  {one['reference']}: {one_line(row['theirs'], WIDTH)}"))


def _changed(one: dict[str, Any], kind: str, *, words: bool) -> tuple[Cells, list[Cells]]:
    """The head and the rows of a table of the rows that changed."""
    head = ["row", "label", "gain", *(["asked", one["student"], one["reference"]] if words else [])]
    said = ("asked", "ours", "theirs") if words else ()
    return head, [
        [row["id"], row["label"] or "", f"{row['gain']:+.3f}", *(row[name] for name in said)]
        for row in one[kind]
    ]


def _tables(one: dict[str, Any]) -> Iterator[tuple[str, Cells, list[Cells]]]:
    head = ["metric", one["student"], one["reference"], "gain [95 %]", "won / lost", "p", "verdict"]
    rows = [
        [NAMES.get(name, name), f"{m['value']:.3f}", f"{m['reference']:.3f}", *_judged(m)]
        for name, m in one["metrics"].items()
    ]
    yield f"{one['student']} against {one['reference']}, {one['n']} gate rows", head, rows
    slices = [each for each in one["slices"] if each["comparison"]]
    if slices:
        name = NAMES.get(one["primary"], one["primary"])
        head = [
            "slice",
            "rows",
            one["student"],
            one["reference"],
            "gain [95 %]",
            "won / lost",
            "p (Holm)",
            "verdict",
        ]
        shown = [
            [
                f"{each['dimension']}: {each['value']}".replace("length: ", ""),
                str(each["n"]),
                f"{each['comparison']['value']:.3f}",
                f"{each['comparison']['reference']:.3f}",
                *_judged(each["comparison"] | {"p_value": each["adjusted"]}),
            ]
            for each in slices[:SLICES]
        ]
        of = f"the worst {len(shown)} of {len(slices)}" if len(slices) > SLICES else "worst first"
        yield f"{name} by slice, {of}", head, shown


def _judged(m: dict[str, Any]) -> Cells:
    gain = m["gain"]
    return [
        f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]",
        "" if m["metric"] in OF_WHOLE_SETS else f"{m['wins']} / {m['losses']}",
        f"{m['p_value']:.2g}",
        m["verdict"],
    ]


def _notes(one: dict[str, Any]) -> Iterator[str]:
    for reason in one["forced"]:
        yield f"compared by force: {reason}"
    if one["warning"]:
        yield f"warning: {one['warning']}"
    primary = one["metrics"][one["primary"]]
    yield (
        f"{one['n']} rows find a gain of {primary['detectable']:.3f} in {one['primary']} four "
        "times in five; a smaller one mostly ends inconclusive"
    )
    untested = sum(each["comparison"] is None for each in one["slices"])
    if untested:
        yield f"{untested} slices have too few rows to test"
    yield from _origins(one)
    for key, values in one["settings"].items():
        yield f"{key}: {values['student']!r} for {one['student']}, {values['reference']!r} before"


def _origins(one: dict[str, Any]) -> Iterator[str]:
    """What each of the two learned from and took."""
    for who in ("student", "reference"):
        if mixture := one["mixture"][who]:
            real = mixture["rows"] - mixture["synthetic"]
            yield f"{one[who]} learned from {real} real + {mixture['synthetic']} synthetic rows"
        if cost := _cost(one["cost"][who]):
            yield f"{one[who]} took {cost}"


def _cost(cost: dict[str, Any]) -> str:
    """What a student took, as far as it is known: the base took nothing."""
    run = cost["run"]
    parts = [f"{seconds(cost['seconds'])} in its round"] if cost["seconds"] else []
    if run:
        tokens = run["prompt_tokens"] + run["completion_tokens"]
        parts.append(f"teacher calls {run['calls']}, tokens {tokens} in its whole run")
    return ", ".join(parts)


def _row(cells: Cells) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    """Text that cannot leave its cell, nor become a tag or a link."""
    flat = " ".join(escape(text).split())
    for mark in "\\`*_[]<>|":
        flat = flat.replace(mark, f"\\{mark}")
    return flat
