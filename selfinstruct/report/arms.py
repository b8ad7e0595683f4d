"""Which of what was asked for came to anything: the share kept of each arm, with its interval."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from selfinstruct import stats
from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.report.gather import Facts
from selfinstruct.types import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ARMS = 24
HEAD = (
    *("recipe", "prompt", "label", "request", "candidates", "kept"),
    *("share", "low", "high", "calls_a_row", "tokens_a_row"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """An arm over all rounds: its names, what was kept of it, and what a kept row cost."""

    names: tuple[str, str, str, str]
    candidates: int
    kept: int
    share: Interval
    calls: float | None
    tokens: float | None

    @property
    def name(self) -> str:
        """What is written beside it."""
        recipe, _, label, request = self.names
        return " ".join(filter(None, (recipe, label, request and f'"{request}"')))


def arms_chart(facts: Facts) -> Chart:
    """The share of its candidates that each arm kept, the least first."""
    title = TITLES["arms"]
    caption = (
        "Look for arms whose whole interval is far left of the others: their prompts are paid for "
        "and bring little. Another recipe, more demonstrations or a clearer label may help."
    )
    rounds = facts.summary["rounds"]
    lines = join(arm for entry in rounds for arm in entry["arms"])
    if not lines:
        why = "no candidate was made yet\nselfinstruct run CONFIG makes some"
        return nothing("arms", title, caption, HEAD, why)
    rows: list[tuple[Cell, ...]] = [
        (
            *(*line.names, line.candidates, line.kept),
            *(line.share.value, line.share.low, line.share.high, line.calls, line.tokens),
        )
        for line in lines
    ]
    shown = few(lines)
    some = f" ({len(shown)} shown, least and most kept)" if len(shown) < len(lines) else ""
    candidates = sum(line.candidates for line in lines)
    return Chart(
        "arms",
        title,
        caption,
        f"{len(lines)} arms{some}, {candidates} candidates",
        Table(HEAD, tuple(rows)),
        partial(_draw, shown),
        height=1.0 + 0.24 * len(shown),
    )


def join(arms: Iterable[dict[str, Any]]) -> list[Line]:
    """The arms of several rounds, as `status --json` has them, summed; the least kept first."""
    parts: defaultdict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for arm in arms:
        names = (arm["arm"] or arm["recipe"], arm["version"], arm["label"] or "", arm["request"])
        parts[names].append(arm)
    return sorted(
        map(_line, parts, parts.values()), key=lambda line: (line.share.value, line.names)
    )


def few(lines: Sequence[Line]) -> list[Line]:
    """All of them, or as many from either end as a picture can hold."""
    if len(lines) <= MOST_ARMS:
        return list(lines)
    half = MOST_ARMS // 2
    return [*lines[:half], *lines[-half:]]


def _line(names: tuple[str, str, str, str], arms: Sequence[dict[str, Any]]) -> Line:
    candidates = sum(arm["candidates"] for arm in arms)
    kept = sum(arm["kept"] for arm in arms)
    known = kept and all(arm["calls"] is not None for arm in arms if arm["kept"])
    calls, tokens = (
        sum(arm[what] * arm["kept"] for arm in arms if arm["kept"]) / kept if known else None
        for what in ("calls", "tokens")
    )
    return Line(names, candidates, kept, stats.wilson(kept, candidates), calls, tokens)


def _draw(lines: Sequence[Line], figure: "Figure") -> None:
    ax = figure.subplots()
    for y, line in enumerate(lines):
        share = line.share
        ax.plot([100 * share.low, 100 * share.high], [y, y], color=look.MUTED, lw=1.8)
        ax.plot([100 * share.value], [y], marker="o", color=look.COLOURS[look.SYNTHETIC], ms=6)
    ax.set_yticks(range(len(lines)), [look.plain(line.name) for line in lines])
    ax.set(xlabel="% of candidates kept (95 % interval)", xlim=(0, None))
    ax.set_ylim(len(lines) - 0.4, -0.6)
