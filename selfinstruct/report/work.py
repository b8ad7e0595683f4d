"""What the work came to: where candidates were lost, how training went, what it all cost."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.report.funnel import Step, funnel
from selfinstruct.report.gather import Call, Facts, RoundFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLIT = 6
"""Students whose loss is drawn in a colour of its own; of more, the others are grey."""
FEW_CALLS = 5
LEAST = 0.01
"""Stages that take a smaller share of the time than this are drawn together."""


def funnel_chart(facts: Facts) -> Chart:
    """Candidates left after each group of filters, all rounds together."""
    title = TITLES["funnel"]
    caption = (
        "Look for the step that loses most: unreadable answers call for another prompt or more "
        "tokens, too similar ones for more variety. Percentages of the step before and of all."
    )
    head = ("round", "step", "left", "dropped", "of_previous", "of_all", "reasons")
    rows: list[tuple[Cell, ...]] = []
    rounds = facts.bootstrap_rounds
    parts: list[tuple[Cell, Sequence[RoundFacts]]] = [("all", rounds)]
    parts += [(each.index, (each,)) for each in rounds]
    for name, some in parts:
        found = funnel(some)
        for before, step in zip((found[0], *found), found, strict=False):
            shares = (_share(step.left, before.left), _share(step.left, found[0].left))
            reasons = ", ".join(f"{reason} {count}" for reason, count in step.reasons)
            rows.append((name, step.name, step.left, step.dropped, *shares, reasons))
    found = funnel(rounds)
    if not found[0].left:
        why = "too few: no candidate yet\nselfinstruct run CONFIG goes on"
        return nothing("funnel", title, caption, head, why)
    return Chart(
        "funnel",
        title,
        caption,
        f"{found[0].left} candidates of {len(rounds)} round(s)",
        Table(head, tuple(rows)),
        partial(_draw_funnel, found),
        height=0.8 + 0.3 * len(found),
    )


def losses_chart(facts: Facts) -> Chart:
    """The training loss of each student, step by step."""
    title = TITLES["losses"]
    caption = (
        "Look for a loss that falls and levels off; a cross at the foot is a step whose loss was "
        "no number, and a student with one is not to be trusted."
    )
    head = ("student", "step", "loss")
    trained = [(each.student, each.losses) for each in facts.rounds if each.losses]
    if not trained:
        why = "not recorded: no student of this run kept its losses\na new run of this version does"
        return nothing("losses", title, caption, head, why)
    rows = tuple(
        (name, step, None if math.isnan(loss) else loss)
        for name, losses in trained
        for step, loss in enumerate(losses, start=1)
    )
    bad = sum(not math.isfinite(loss) for _, losses in trained for loss in losses)
    return Chart(
        "losses",
        title,
        caption,
        f"{len(trained)} student(s), {len(trained[-1][1])} steps, {bad} step(s) without a number",
        Table(head, rows),
        partial(_draw_losses, trained),
        height=3.2,
    )


def cost_chart(facts: Facts) -> Chart:
    """Seconds and tokens of each round, and how long the teacher's calls took."""
    title = TITLES["cost"]
    caption = (
        "Look for the stage that takes the time; a call's latency counts from the moment its wave "
        "was sent out, so waiting for a free slot is part of it."
    )
    head = ("round", "what", "seconds", "tokens", "calls", "median_s", "p95_s")
    if not facts.stages and not facts.calls:
        why = "too few: no stage is finished yet\nselfinstruct run CONFIG goes on"
        return nothing("cost", title, caption, head, why)
    seconds: Counter[tuple[int, str]] = Counter()
    for stage in facts.stages:
        seconds[stage.round, stage.kind] += stage.seconds  # type: ignore[assignment]
    rows: list[tuple[Cell, ...]] = [
        (index, kind, round(took, 3), None, None, None, None)
        for (index, kind), took in seconds.items()
    ]
    by_template: defaultdict[tuple[int, str], list[Call]] = defaultdict(list)
    for call in facts.calls:
        by_template[call.round, call.template].append(call)
    for (index, template), own in sorted(by_template.items()):
        tokens = sum(call.prompt_tokens + call.completion_tokens for call in own)
        waits = [call.seconds for call in own if call.seconds is not None]
        ends = [float(np.quantile(waits, q)) for q in (0.5, 0.95)] if waits else [None, None]
        rows.append((index, template, None, tokens, len(own), *ends))
    total = sum(stage.seconds for stage in facts.stages)
    rounds = len({index for index, _ in seconds} | {call.round for call in facts.calls})
    return Chart(
        "cost",
        title,
        caption,
        f"{total:.0f} s of work, {len(facts.calls)} calls",
        Table(head, tuple(rows)),
        partial(_draw_cost, seconds, facts.calls),
        height=3.9 + 0.26 * rounds,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _draw_funnel(found: Sequence[Step], figure: "Figure") -> None:
    ax = figure.subplots()
    total = found[0].left
    y = range(len(found))
    ax.barh(y, [step.left for step in found], color=look.BLUE, height=0.62)
    ax.barh(
        y,
        [step.dropped for step in found],
        left=[step.left for step in found],
        color=look.FAINT,
        hatch="////",
        height=0.62,
    )
    before = total
    for at, step in enumerate(found):
        note = f"{step.left}"
        if at:
            note += f"  ({_percent(step.left, before)} of previous, {step.left / total:.0%} of all)"
        before = step.left
        # Always in the margin right of the bars: never on top of one, however long it is.
        ax.text(total * 1.02, at, note, va="center", fontsize=look.SMALL)
    ax.set_yticks(y, [step.name for step in found])
    ax.set_xlim(0, total * 1.75)
    ax.set_xlabel("candidates left (hatched: dropped here)")
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= total])
    ax.invert_yaxis()
    ax.grid(visible=False)


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _draw_losses(trained: Sequence[tuple[str, Sequence[float]]], figure: "Figure") -> None:
    ax = figure.subplots()
    coloured = {trained[0][0], *(name for name, _ in trained[-(SPLIT - 1) :])}
    grey = False
    place = 0
    for name, losses in trained:
        at = np.arange(1, len(losses) + 1)
        values = np.array(losses, dtype=np.float64)
        good = np.isfinite(values)
        marker = "o" if len(losses) < 3 else ""
        if name in coloured:
            style: dict[str, Any] = {
                "color": look.COLOURS[place],
                "ls": look.LINES[place],
                "label": name,
            }
            place += 1
        else:
            style = {"color": look.FAINT, "ls": "-", "label": None if grey else "other rounds"}
            grey = True
        ax.plot(at, np.where(good, values, np.nan), marker=marker, lw=1.3, **style)
        if not good.all():
            ax.plot(
                at[~good],
                np.zeros((~good).sum()),
                ls="",
                marker="x",
                ms=8,
                mew=2,
                color=style["color"],
                transform=ax.get_xaxis_transform(),
                clip_on=False,
                label=f"{name}: {(~good).sum()} without a number",
            )
    ax.set(xlabel="optimiser step", ylabel="loss, nats/token")
    ax.locator_params(axis="x", integer=True)
    figure.legend(loc="outside right upper")


def _draw_cost(
    seconds: "Counter[tuple[int, str]]", calls: Sequence[Call], figure: "Figure"
) -> None:
    rounds = sorted({index for index, _ in seconds} | {call.round for call in calls})
    height = 0.9 + 0.26 * len(rounds)
    stages, lower = figure.subfigures(2, squeeze=False, height_ratios=[height, 2.9]).ravel()
    _draw_seconds(stages.subplots(), seconds, rounds)
    stages.legend(loc="outside upper left", ncols=6)
    tokens, latency = lower.subplots(1, 2)
    _draw_tokens(tokens, calls)
    _draw_latency(latency, calls)


def _draw_seconds(ax: "Axes", seconds: "Counter[tuple[int, str]]", rounds: Sequence[int]) -> None:
    kinds = list(dict.fromkeys(kind for _, kind in seconds))
    totals = Counter({kind: sum(v for (_, k), v in seconds.items() if k == kind) for kind in kinds})
    left = np.zeros(len(rounds))
    y = np.arange(len(rounds))
    seen = sum(totals.values()) * LEAST
    largest = [kind for kind, took in totals.most_common(5) if took >= seen]
    for i, kind in enumerate([*largest, "other"]):
        names = [kind] if kind != "other" else [k for k in kinds if k not in largest]
        if not names:
            continue
        took = np.array([sum(seconds[index, name] for name in names) for index in rounds])
        ax.barh(
            y,
            took,
            left=left,
            color=look.COLOURS[i],
            hatch=look.HATCHES[i],
            height=0.66,
            label=kind,
        )
        left += took
    ax.set_yticks(y, [f"round {index}" if index else "control" for index in rounds])
    ax.set_xlabel("seconds")
    ax.invert_yaxis()


def _draw_tokens(ax: "Axes", calls: Sequence[Call]) -> None:
    ax.set_title("teacher tokens")
    if not calls:
        _say(ax, "too few: no call yet")
        return
    rounds = sorted({call.round for call in calls})
    bottom = np.zeros(len(rounds))
    kinds = (("prompt", look.BLUE, ""), ("completion", look.ORANGE, "////"))
    for kind, colour, hatch in kinds:
        counts = np.array(
            [sum(getattr(c, f"{kind}_tokens") for c in calls if c.round == r) for r in rounds]
        )
        ax.bar(rounds, counts, bottom=bottom, color=colour, hatch=hatch, width=0.6, label=kind)
        bottom += counts
    ax.set_xlabel("round")
    ax.set_xlim(rounds[0] - 1, rounds[-1] + 1)
    ax.locator_params(axis="x", integer=True, nbins=8)
    ax.yaxis.set_major_formatter(_thousands)
    ax.margins(y=0.3)
    ax.legend(loc="upper left", ncols=2)


def _thousands(value: float, _: object) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def _draw_latency(ax: "Axes", calls: Sequence[Call]) -> None:
    ax.set_title("latency of a call")
    answered = [call for call in calls if call.seconds is not None]
    if len(answered) < FEW_CALLS:
        _say(ax, f"too few: {len(answered)} answered calls")
        return
    for i, template in enumerate(sorted({call.template for call in answered})[: len(look.COLOURS)]):
        waits = sorted(c.seconds for c in answered if c.template == template and c.seconds)
        shares = np.arange(1, len(waits) + 1) / max(1, len(waits))
        name = look.plain(template.rpartition("/")[2].removesuffix(".j2"), 20)
        ax.step(
            waits,
            shares,
            where="post",
            color=look.COLOURS[i],
            ls=look.LINES[i],
            label=f"{name} (n = {len(waits)})",
        )
    failed = sum(call.state == "failed" for call in calls)
    ax.set(xlabel="seconds", ylabel="share of calls", ylim=(0, 1.02))
    ax.locator_params(axis="x", nbins=4)
    ax.set_title(f"latency of a call ({failed} failed)")
    ax.legend(loc="lower right")


def _say(ax: "Axes", text: str) -> None:
    ax.text(0.5, 0.5, text, ha="center", transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])
    ax.set_facecolor(look.FAINT)
