"""A review as text: an item with all there is to judge it by, and how far the review is."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from selfinstruct.cli.text import escape, one_line
from selfinstruct.review.again import SMALLEST
from selfinstruct.review.nouns import Constancy, Item, Neighbour, Progress
from selfinstruct.telling import interval, seconds
from selfinstruct.text import whole_question
from selfinstruct.types import Interval

WIDTH = 110
"""Characters of a neighbour that are shown."""


def print_item(console: Console, item: Item, progress: Progress) -> None:
    """The item, printed so that nothing in it can act on the terminal."""
    # A row that comes again when all are decided is numbered as the last: nothing marks it.
    where = f"{min(progress.done + 1, progress.total)} of {progress.total}"
    head = [where, f"round {item.round}", escape(item.fate), escape(item.recipe or item.id)]
    console.rule(style="dim")
    console.print(Text(" · ".join(head), style="bold"))
    for name, value in _fields(item):
        console.print(Text.assemble((f"{name:<12} ", "cyan"), escape(value)))


def print_progress(console: Console, progress: Progress) -> None:
    """How far, what was decided, and what that says of the rows and of the judge."""
    for line in progress_lines(progress):
        console.print(Text(line))


def progress_lines(progress: Progress) -> Iterator[str]:
    """The same, line by line."""
    counts = {
        "accepted": progress.accepted,
        "edited": progress.edited,
        "rejected": progress.rejected,
        "put off": progress.skipped,
        "flagged": progress.flagged,
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    yield f"{progress.done} of {progress.total} decided" + (f": {told}" if told else "")
    if progress.accept_rate is not None:
        share = interval("exact_match", _row(progress.accept_rate))  # any share, in percent
        yield f"rows that stand as they are: {share}, by {progress.random_done} drawn by chance"
    judge = progress.judge
    if judge.share is not None:
        kappa = "none" if judge.kappa is None else f"{judge.kappa:.2f}"
        yield f"the judge agrees on {judge.share:.0%} of {judge.n} (kappa {kappa})"
    yield from _constancy(progress.constancy)
    if progress.per_minute is not None and progress.seconds_left:
        yield f"{progress.per_minute:.1f} a minute, {seconds(progress.seconds_left)} left"
    for label in progress.by_label:
        yield f"  {escape(label.label or 'no label')}: {label.done} of {label.total}"


def _constancy(found: Constancy) -> Iterator[str]:
    """How far people agree with themselves, or why that is not known."""
    if not found.planned and not found.n:
        yield (
            f"no rows come again: a queue of less than {SMALLEST} is too small for it, or"
            " review.reshow was 0 when it was made"
        )
    elif found.share is None:
        yield f"{found.planned} rows come again later, without a mark; none has yet"
    else:
        kappa = "none" if found.kappa is None else f"{found.kappa:.2f}"
        share = interval("exact_match", _row(found.share))
        yield (
            f"agreement with oneself: {share} of {found.n} rows decided twice (kappa {kappa}),"
            f" {found.planned} planned"
        )


def _fields(item: Item) -> Iterator[tuple[str, str]]:
    example = item.example
    yield "why", ", ".join(why.replace("_", " ") for why in item.why)
    if item.measured is not None and item.measured.value is not None:
        limit = item.measured.threshold
        yield "measured", f"{item.measured.value}" + ("" if limit is None else f" (limit {limit})")
    for score in item.scores:
        told = f" ({score.detail})" if score.detail else ""
        yield "score", f"{score.name} {score.value:.3g} by a {score.source}{told}"
    for name, near in (("near real", item.nearest_real), ("near made", item.nearest_synthetic)):
        if near is not None:
            yield name, _near(near)
    for turn in example.turns:
        yield f"[{turn.role}]", turn.content
    yield "instruction", example.instruction
    if example.input:
        yield "input", example.input
    if example.label is not None:
        yield "label", example.label
    yield "response", example.response


def _near(near: Neighbour) -> str:
    label = f"[{near.example.label}] " if near.example.label is not None else ""
    return f"{near.rouge_l:.2f} {label}{one_line(whole_question(near.example), WIDTH)}"


def _row(found: Interval) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
