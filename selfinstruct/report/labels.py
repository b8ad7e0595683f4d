"""Of which label the rows are, and what they ask for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.report.gather import Facts
from selfinstruct.report.texts import FEW, NOT_YET
from selfinstruct.report.verbs import Groups, group_instructions, group_tickets
from selfinstruct.types import Example

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LABELS = 24


def labels_chart(facts: Facts) -> Chart:
    """The share of each label among real, synthetic and mixed rows."""
    title = TITLES["labels"]
    caption = (
        "Look for labels whose synthetic share is far from the real one, above all rare ones with "
        "none at all: the mixture, not the pool, is what a student learns."
    )
    head = ("label", "real", "synthetic", "mixture", "share_real", "share_synthetic", "share_mix")
    mixtures = [each.mixture for each in facts.bootstrap_rounds if each.mixture]
    kinds = [facts.data.train, facts.synthetic, mixtures[-1] if mixtures else ()]
    counts = [
        Counter(label for row in rows if (label := _label(row)) is not None) for rows in kinds
    ]
    if not counts[0] or counts[1].total() < FEW:
        why = (
            f"too few: {counts[1].total()} synthetic rows kept\n{NOT_YET}"
            if counts[0]
            else "no row has a label or a kind\ngive the seeds a label column: seeds.columns"
        )
        return nothing("labels", title, caption, head, why)
    shares = label_shares(counts)
    rows: list[tuple[Cell, ...]] = [
        (label, *(each[label] for each in counts), *shares[label]) for label in shares
    ]
    sizes = [each.total() for each in counts]
    shown = min(len(shares), MOST_LABELS)
    some = f" (the {shown} with the widest gaps)" if shown < len(shares) else ""
    return Chart(
        "labels",
        title,
        caption,
        f"{len(shares)} labels{some}: {sizes[0]} real, {sizes[1]} synthetic, {sizes[2]} mixed rows",
        Table(head, tuple(rows)),
        partial(_draw_labels, dict(list(shares.items())[:shown]), bool(sizes[2])),
        height=1.1 + 0.24 * shown,
    )


def verbs_chart(facts: Facts) -> Chart:
    """What the synthetic rows ask for: verb and object, or label and opening words."""
    made = facts.synthetic
    labelled = any(row.label is not None for row in facts.data.train)
    title = "Labels and how their tickets open" if labelled else "Verbs and their objects"
    caption = (
        "Look for one opening that stands for many rows: a teacher that starts every ticket alike."
        if labelled
        else "Look for a few verbs that stand for most instructions; a light reading of English "
        "finds verb and object in the share of rows that is printed."
    )
    head = ("rows", "name", "count", "member", "member_count")
    if len(made) < FEW:
        why = f"too few: {len(made)} synthetic rows kept\n{NOT_YET}"
        return nothing("verbs", title, caption, head, why)
    group = group_tickets if labelled else group_instructions
    real, synthetic = group(facts.data.train), group(made)
    rows: list[tuple[Cell, ...]] = [
        (kind, one.name, one.count, member, count)
        for kind, groups in (("real", real), ("synthetic", synthetic))
        for one in groups.top
        for member, count in one.members
    ]
    if not synthetic.top:
        why = "too few: no verb with an object was found\nthe reading knows English only"
        return nothing("verbs", title, caption, head, why)
    covered = f"covered {synthetic.coverage:.0%} of synthetic, {real.coverage:.0%} of real rows"
    return Chart(
        "verbs",
        title,
        caption,
        f"{synthetic.of} synthetic, {real.of} real rows; {covered}",
        Table(head, tuple(rows)),
        partial(_draw_verbs, synthetic, real, "openings" if labelled else "objects"),
        height=1.1 + 0.24 * len(synthetic.top),
    )


def label_shares(
    counts: Sequence[Counter[str]],
) -> dict[str, tuple[float, float, float]]:
    """The share of each label in the three kinds of rows, the widest real to synthetic gap first.

    With few labels by real share, so that the picture reads from frequent to rare.
    """
    labels = sorted({label for each in counts for label in each})
    totals = [max(1, each.total()) for each in counts]
    shares: dict[str, tuple[float, float, float]] = {}
    for label in labels:
        real, made, mixed = (
            each[label] / total for each, total in zip(counts, totals, strict=True)
        )
        shares[label] = (real, made, mixed)
    by_gap = len(labels) > MOST_LABELS

    def place(label: str) -> float:
        real, made, _ = shares[label]
        return -abs(real - made) if by_gap else -real

    return {label: shares[label] for label in sorted(labels, key=lambda x: (place(x), x))}


def _label(row: Example) -> str | None:
    return row.label if row.label is not None else row.kind


def _draw_labels(
    shares: Mapping[str, tuple[float, float, float]], mixed: bool, figure: "Figure"
) -> None:
    ax = figure.subplots()
    y = np.arange(len(shares))
    table = 100 * np.array(list(shares.values()))
    ax.hlines(y, table.min(axis=1), table.max(axis=1), color=look.MUTED, lw=1)
    kinds = ("real", "synthetic", "mixture") if mixed else ("real", "synthetic")
    for i, kind in enumerate(kinds):
        ax.plot(
            table[:, i], y, ls="", marker=look.MARKERS[i], color=look.COLOURS[i], label=kind, ms=7
        )
    ax.set_yticks(y, [look.plain(label) for label in shares])
    ax.set(xlabel="% of the rows of each kind", xlim=(-0.03 * table.max(), 1.05 * table.max()))
    ax.invert_yaxis()
    figure.legend(loc="outside upper left", ncols=3)


def _draw_verbs(synthetic: Groups, real: Groups, what: str, figure: "Figure") -> None:
    bars, texts = figure.subplots(1, 2, width_ratios=[1, 2.2], sharey=True)
    y = range(len(synthetic.top))
    per_real = {group.name: group.count / real.of for group in real.top}
    bars.barh(
        y,
        [100 * group.count / synthetic.of for group in synthetic.top],
        color=look.COLOURS[look.SYNTHETIC],
        height=0.62,
        label="synthetic",
    )
    bars.plot(
        [100 * per_real.get(group.name, 0.0) for group in synthetic.top],
        y,
        ls="",
        marker=look.MARKERS[look.REAL],
        color=look.COLOURS[look.REAL],
        label="real",
    )
    bars.set_yticks(y, [look.plain(group.name, 24) for group in synthetic.top])
    bars.set_xlabel("% of rows")
    bars.invert_yaxis()
    texts.set_axis_off()
    texts.set_title(f"commonest {what} of the synthetic rows", fontsize=look.SMALL)
    texts.set_xlim(0, 1)
    for at, group in enumerate(synthetic.top):
        members = ", ".join(f"{look.plain(name, 16)} {count}" for name, count in group.members)
        texts.text(0, at, look.plain(members, 52), va="center", fontsize=look.SMALL)
    figure.legend(loc="outside upper left", ncols=2)
