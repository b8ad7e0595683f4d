"""`compare`: any students of any runs on the same gate rows, each against the first named."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from selfinstruct.config import GateConfig
from selfinstruct.contestants import Contestant, contestants, share_rows, unlike
from selfinstruct.errors import UserError
from selfinstruct.judging.comparison import (
    MIN_ROWS,
    Comparison,
    Flip,
    compare,
    compare_slices,
    dimensions_of,
    flips,
    is_worse_than,
)
from selfinstruct.judging.gate import primary_metric
from selfinstruct.seeds import group_rows
from selfinstruct.summary import SCHEMA_VERSION

FLIPS = 10
INCIDENTAL = ("student.name",)


def compare_students(
    names: Sequence[str],
    limits: Sequence[str] = (),
    *,
    force: bool = False,
    held_out: bool = False,
) -> dict[str, Any]:
    """The students named, or all of one run, each against the first; `limits` as METRIC:EPS.

    Of the rows that changed, which are gate rows, `asked` and both answers are None unless
    `held_out`.

    Raises `UserError` for students that do not compare, unless `force`, which pairs them on the
    rows they share and says so; it decides on fewer than `MIN_ROWS` rows too.
    """
    reference, *others = contestants(names)
    checks = [read_limit(limit) for limit in limits]
    found = [_against(one, reference, checks, force=force, held_out=held_out) for one in others]
    return {
        "schema_version": SCHEMA_VERSION,
        "reference": reference.name,
        "held_out": held_out,
        "comparisons": found,
        "failed": [f"{one['student']}: {text}" for one in found for text in one["failed"]],
    }


def read_limit(text: str) -> tuple[str, float]:
    """`METRIC:EPS` in, such as `accuracy:0.02`; its parts out. `UserError` for anything else."""
    metric, _, margin = text.partition(":")
    try:
        allowed = float(margin)
    except ValueError:
        allowed = -1.0
    if not metric or not 0 <= allowed < float("inf"):
        raise UserError(
            f"--fail-if-worse {text!r} is not METRIC:EPS",
            next_step="for example --fail-if-worse accuracy:0.02",
        )
    return metric, allowed


def _against(
    one: Contestant,
    reference: Contestant,
    limits: Sequence[tuple[str, float]],
    *,
    force: bool,
    held_out: bool,
) -> dict[str, Any]:
    reasons = unlike(one, reference)
    if reasons and not force:
        raise UserError(
            f"{one.name} and {reference.name} do not compare: {'; '.join(reasons)}",
            why="a difference could come from how they were scored",
            next_step="evaluate both in the same way, or add --force to compare what they share",
        )
    one, reference = share_rows(one, reference) if reasons else (one, reference)
    groups = group_rows(reference.rows, reference.settings.get("seeds.near_duplicate"))
    metrics = [name for name in reference.report.scores if name in one.report.scores]
    least = 2 if force else MIN_ROWS
    found = {
        name: compare(one.report, reference.report, name, groups=groups, min_rows=least)
        for name in metrics
    }
    primary = primary_metric(GateConfig(), reference.report)
    slices = compare_slices(
        one.report, reference.report, primary, dimensions_of(reference.rows), groups=groups
    )
    changed = flips(one.report, reference.report, primary)
    won = [flip for flip in changed if flip.gain > 0]
    lost = [flip for flip in reversed(changed) if flip.gain < 0]
    return {
        "student": one.name,
        "reference": reference.name,
        "n": len(one.report.ids),
        "forced": reasons,
        "warning": _too_few(found[primary], force=force),
        "metrics": {name: asdict(each) for name, each in found.items()},
        "primary": primary,
        "slices": [asdict(each) for each in slices],
        "improvements": _texts(won, reference, held_out=held_out),
        "regressions": _texts(lost, reference, held_out=held_out),
        "settings": _differing(one.settings, reference.settings),
        "mixture": {"student": one.mixture, "reference": reference.mixture},
        "cost": {"student": _cost(one), "reference": _cost(reference)},
        "failed": list(_failures(found, limits)),
    }


def _too_few(found: Comparison, *, force: bool) -> str | None:
    """What so few rows can see at best, and that it was decided on them all the same."""
    if found.n >= MIN_ROWS:
        return None
    so = "decided by force" if force else "nothing is decided, or --force"
    return (
        f"only {found.n} rows, which find no gain below {found.detectable:.3f} in {found.metric} "
        f"four times in five: {so}"
    )


def _failures(
    found: Mapping[str, Comparison], limits: Sequence[tuple[str, float]]
) -> Sequence[str]:
    failures = []
    for metric, margin in limits:
        if metric not in found:
            raise UserError(
                f"the students were not scored on {metric}",
                next_step=f"--fail-if-worse knows {', '.join(found)}",
            )
        if is_worse_than(found[metric], margin):
            gain = found[metric].gain
            failures.append(
                f"{metric} is worse by more than {margin:g}: {gain.value:+.3f}, 95 % interval "
                f"{gain.low:+.3f} to {gain.high:+.3f}"
            )
    return failures


def _texts(
    changed: Sequence[Flip], reference: Contestant, *, held_out: bool
) -> list[dict[str, Any]]:
    rows = {row.id: row for row in reference.rows}
    return [
        {
            "id": flip.id,
            "gain": flip.gain,
            "label": rows[flip.id].label,
            "asked": rows[flip.id].input or rows[flip.id].instruction if held_out else None,
            "ours": flip.ours if held_out else None,
            "theirs": flip.theirs if held_out else None,
        }
        for flip in changed[:FLIPS]
    ]


def _differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {"student": ours.get(key), "reference": theirs.get(key)}
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key) != theirs.get(key) and key not in INCIDENTAL
    }


def _cost(one: Contestant) -> dict[str, Any]:
    return {"run": dict(one.spent), "seconds": round(one.seconds, 1)}
