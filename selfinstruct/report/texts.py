"""How new the candidates are, and how long the rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.report.gather import Facts
from selfinstruct.report.likeness import Nearest, nearest
from selfinstruct.text import question_text, words
from selfinstruct.types import Example

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 20
OVERLAID = 4
FEW = 5
"""Below so many rows a distribution is a list, and is not drawn."""
NOT_YET = "selfinstruct run CONFIG goes on"

KINDS: Mapping[str, Callable[[Example], int]] = {
    "words of the question": lambda row: len(words(question_text(row))),
    "words of the answer": lambda row: len(words(row.response)),
    "turns before the answer": lambda row: len(row.turns),
}


def novelty_chart(facts: Facts) -> Chart:
    """How near each candidate came to the real and to the synthetic rows known before it."""
    title = TITLES["novelty"]
    caption = (
        "Look for weight close to the threshold: much right of it on the left means the teacher "
        "copies its examples, on the right that it repeats itself, round after round."
    )
    found = nearest(facts)
    head = ("round", "id", "reason", "rouge_l_real", "rouge_l_synthetic")
    if len(found) < FEW:
        why = f"too few: {len(found)} candidates\n{NOT_YET}"
        return nothing("novelty", title, caption, head, why)
    rows = tuple((one.round, one.id, one.reason, one.real, one.synthetic) for one in found)
    total = sum(len(each.accepted) + len(each.rejected) for each in facts.bootstrap_rounds)
    threshold = facts.setting("filters", "novelty", "threshold")
    return Chart(
        "novelty",
        title,
        caption,
        f"{len(found)} of {total} candidates; those that ask nothing are left out",
        Table(head, rows),
        partial(_draw_novelty, found, threshold),
        height=3.2,
    )


def lengths_chart(facts: Facts) -> Chart:
    """Lengths of real training rows and of the synthetic rows kept, as cumulative shares."""
    title = TITLES["lengths"]
    caption = (
        "Look for a gap between the two curves: synthetic rows that are all of one length make a "
        "steep curve; KS is the largest gap, 0 for the same lengths and 1 for none in common."
    )
    head = ("measure", "rows", "length", "cumulative_share", "n")
    real, made = facts.data.train, facts.synthetic
    if len(made) < FEW:
        why = f"too few: {len(made)} synthetic rows kept\n{NOT_YET}"
        return nothing("lengths", title, caption, head, why)
    measured = {
        name: (sorted(map(length, real)), sorted(map(length, made)))
        for name, length in KINDS.items()
    }
    rows: list[tuple[Cell, ...]] = [
        (name, kind, value, share, len(values))
        for name, both in measured.items()
        for kind, values in zip(("real", "synthetic"), both, strict=True)
        for value, share in steps(values)
    ]
    count = f"{len(real)} real, {len(made)} synthetic rows"
    return Chart(
        "lengths", title, caption, count, Table(head, tuple(rows)), partial(_draw_lengths, measured)
    )


def steps(values: Sequence[int]) -> list[tuple[int, float]]:
    """The empirical distribution of sorted values: each value and the share at or below it."""
    at, counts = np.unique(np.asarray(values), return_counts=True)
    shares = np.cumsum(counts) / max(1, len(values))
    return list(zip(at.tolist(), shares.tolist(), strict=True))


def ks(a: Sequence[int], b: Sequence[int]) -> float:
    """The Kolmogorov-Smirnov distance of two samples: the largest gap of their distributions."""
    at = np.union1d(a, b)
    below = [np.searchsorted(np.sort(each), at, side="right") / len(each) for each in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def _draw_novelty(found: Sequence[Nearest], threshold: float | None, figure: "Figure") -> None:
    axes = figure.subplots(1, 2, sharey=True)
    rounds = sorted({one.round for one in found})
    shown = rounds if len(rounds) <= OVERLAID else [rounds[0], rounds[len(rounds) // 2], rounds[-1]]
    sides: tuple[tuple[str, Callable[[Nearest], float | None]], ...] = (
        ("nearest real training row", lambda one: one.real),
        ("nearest earlier synthetic row", lambda one: one.synthetic),
    )
    edges = np.linspace(0, 1, BINS + 1)
    for ax, (title, value_of) in zip(axes, sides, strict=True):
        values = {index: _values(found, index, value_of) for index in rounds}
        everything = [value for each in values.values() for value in each]
        if len(rounds) > 1 and everything:
            weights = np.full(len(everything), 100 / len(everything))
            label = "all rounds"
            ax.hist(everything, edges, weights=weights, color=look.FAINT, label=label)
        for i, index in enumerate(shown):
            own = values[index]
            if own:
                ax.hist(
                    own,
                    edges,
                    weights=np.full(len(own), 100 / len(own)),
                    histtype="step",
                    color=look.COLOURS[i],
                    ls=look.LINES[i],
                    lw=1.6,
                    label=f"round {index}",
                )
        if not everything:
            ax.set_facecolor(look.FAINT)
            ax.text(0.5, 0.5, "too few: none yet", ha="center", transform=ax.transAxes)
        elif threshold is not None:
            label = f"threshold {threshold:g}"
            ax.axvline(threshold, color=look.INK, lw=1.2, ls=":", label=label)
        ax.set(xlim=(0, 1), xlabel="ROUGE-L F1", title=f"{title} (n = {len(everything)})")
    axes[0].set_ylabel("% of the round's candidates")
    _legend_once(figure, axes)


def _legend_once(figure: "Figure", axes: Iterable["Axes"]) -> None:
    """One legend above both panels: inside, it would hide the bars at the threshold."""
    handles: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(str(label), handle)
    figure.legend(list(handles.values()), list(handles), loc="outside upper left", ncols=5)


def _values(
    found: Iterable[Nearest], index: int, value_of: Callable[[Nearest], float | None]
) -> list[float]:
    mine = (value_of(one) for one in found if one.round == index)
    return [value for value in mine if value is not None]


def _draw_lengths(
    measured: Mapping[str, tuple[Sequence[int], Sequence[int]]], figure: "Figure"
) -> None:
    axes = figure.subplots(1, len(measured), sharey=True)
    for ax, (name, both) in zip(axes, measured.items(), strict=True):
        if max(max(values, default=0) for values in both) == 0:
            ax.text(0.5, 0.5, "no row has any", ha="center", transform=ax.transAxes)
            ax.set(xlabel=name, xticks=[])
            ax.set_facecolor(look.FAINT)
            continue
        _draw_ecdf(ax, name, both)
    axes[0].set_ylabel("share of rows at or below")
    _legend_once(figure, axes)


def _draw_ecdf(ax: "Axes", name: str, both: tuple[Sequence[int], Sequence[int]]) -> None:
    # One row of 10,000 words would press all others against the axis.
    end = max(1.0, *(float(np.quantile(values, 0.99)) for values in both)) * 1.05
    for i, (kind, values) in enumerate(zip(("real", "synthetic"), both, strict=True)):
        at, shares = zip(*steps(values), strict=True)
        ax.step(
            (0, *at, end),
            (0, *shares, 1),
            where="post",
            color=look.COLOURS[i],
            ls=look.LINES[i],
            label=kind,
        )
    ax.set(xlim=(0, end), ylim=(0, 1.02), xlabel=name, title=f"KS = {ks(*both):.2f}")
