"""`sweep`: one pool at several synthetic shares, the choice, and the share written back."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.display import Display
from selfinstruct.cli.text import escape
from selfinstruct.config import load_config
from selfinstruct.disk.edit import set_value
from selfinstruct.disk.files import write_atomic
from selfinstruct.errors import UserError
from selfinstruct.metrics import metrics_of
from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.seeds import group_rows
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.task import located, settle
from selfinstruct.telling import NAMES
from selfinstruct.tuning.arms import Design, frozen, plan_arms
from selfinstruct.tuning.ratio import MIN_ROWS, Choice, by_label, choose, require_rows
from selfinstruct.tuning.sweep import (
    Outcome,
    Swept,
    run_sweep,
    scores_by_share,
)

DEFAULT_SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)


def read_arguments(given: Sequence[str]) -> tuple[list[float], list[str]]:
    """What stands after CONFIG in, shares and settings out: a bare number is a share.

    So `--share 0 .25 .5` reads as people write it.
    """
    shares: list[float] = []
    settings: list[str] = []
    for text in given:
        try:
            shares.append(float(text))
        except ValueError:
            settings.append(text)
    return shares, settings


def sweep_command(
    config: Path,
    overrides: Sequence[str],
    shares: Sequence[float],
    seeds: int,
    design: Design,
    metric: str,
    console: Console,
    *,
    halving: bool = False,
    force: bool = False,
) -> dict[str, Any]:
    """Train and score what is missing, then the table and the choice as one object.

    It is kept in the run's ledger too, under `sweep`. `halving` trains the worse half of the shares
    short, `force` chooses on fewer than 20 dev rows all the same. Raises `UserError` where dev has
    no two rows to compare on, and where real rows alone cannot be trained.
    """
    cfg = located(load_config(config, overrides), config.parent)
    folder = Path(cfg.out) / cfg.name
    with Store(folder) as store:
        data, pool = frozen(store)
    groups = group_rows(data.dev, cfg.seeds.near_duplicate)
    require_rows(len(data.dev), groups)
    known = (
        "nll",
        *metrics_of(settle(cfg, data).target, cfg.evaluate.metrics, cfg.evaluate.json_schema),
    )
    if metric not in known:
        raise UserError(
            f"{metric} is not a score of these students", next_step=f"one of {', '.join(known)}"
        )
    arms = plan_arms(design, shares or DEFAULT_SHARES, seeds, len(data.train), len(pool))
    with Display(console, None) as display:
        swept = run_sweep(cfg, folder, arms, display, metric if halving else None)
    scores = scores_by_share(swept.outcomes, metric)
    if 0.0 not in scores:
        raise UserError(
            "real rows alone (share 0) could not be trained, so there is nothing to compare with",
            why="; ".join(dict.fromkeys(filter(None, (one.failure for one in swept.outcomes)))),
            next_step="mend that, and run the same sweep again",
        )
    choice = choose(scores, metric, groups, 2 if force else MIN_ROWS)
    found = {
        "schema_version": SCHEMA_VERSION,
        "run": str(folder),
        "design": design,
        "metric": metric,
        "dev_rows": len(data.dev),
        "student": cfg.student.name,
        **_told(swept, choice, metric),
        "labels": _labels(by_label(scores, [row.label for row in data.dev])),
    }
    with Store(folder, write=True) as store:
        store.set_meta("sweep", found)
    return found


def write_share(config: Path, share: float) -> None:
    """Put the share into the config, its comments where they were."""
    text = config.read_text(encoding="utf-8")
    write_atomic(config, set_value(text, ("mixture", "synthetic_share"), f"{share:g}"))


def _told(swept: Swept, choice: Choice, metric: str) -> dict[str, Any]:
    halving = None
    if swept.halving is not None:
        halving = {
            **asdict(swept.halving),
            "dropped": list(swept.halving.dropped),
            "arms": [_arm(outcome, metric) for outcome in swept.rungs],
        }
    return {
        "arms": [_arm(outcome, metric) for outcome in swept.outcomes],
        "shares": [{**asdict(point), "seeds": list(point.seeds)} for point in choice.points],
        "best": choice.best,
        "chosen": choice.share,
        "differs": choice.differs,
        "detectable": choice.detectable,
        "why": choice.why,
        "warning": choice.warning,
        "halving": halving,
    }


def _arm(outcome: Outcome, metric: str) -> dict[str, Any]:
    return {
        "share": outcome.arm.share,
        "seed": outcome.arm.seed,
        "steps": outcome.arm.steps,
        **outcome.mixture,
        "score": outcome.report.mean(metric) if outcome.report else None,
        "seconds": dict(outcome.seconds),
        "failure": outcome.failure or None,
    }


def _labels(means: dict[str, dict[float, float]]) -> dict[str, dict[str, float]]:
    return {
        label: {f"{share:g}": mean for share, mean in by_share.items()}
        for label, by_share in means.items()
    }


def print_sweep(console: Console, found: dict[str, Any]) -> None:
    """One row for each share, what failed, then the choice and why."""
    metric = found["metric"]
    better = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
    title = f"{found['design']} sweep of {found['run']} on {found['dev_rows']} dev rows"
    table = Table(title=Text(escape(title)), title_justify="left", title_style="bold")
    table.add_column("share")
    for column in (
        "real + synthetic",
        "seeds",
        f"{NAMES.get(metric, metric)}\n{better}",
        "gain over real rows alone\n[95 %]",
        "p (Holm)",
        "behind the best\n± standard error",
    ):
        table.add_column(column, justify="right")
    table.add_column("")
    for point in found["shares"]:
        table.add_row(*_cells(point, found))
    console.print(table)
    for line, style in _lines(found):
        console.print(Text(escape(line), style=style))


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands under the table, each line with its style."""
    halving = found["halving"]
    for arm in (*(halving["arms"] if halving else ()), *found["arms"]):
        if arm["failure"]:
            short = f", {arm['steps']} steps" if arm["steps"] else ""
            yield f"gap: share {arm['share']:g}, seed {arm['seed']}{short}: {arm['failure']}", "red"
    if halving:
        yield from ((line, "") for line in _halving_lines(halving))
    if found["warning"]:
        yield f"warning: {found['warning']}", "yellow"
    yield found["why"], ""
    if found["detectable"] is not None and not found["differs"] and not found["warning"]:
        size = f"{found['detectable']:.2g} in {found['metric']}"
        yield f"A difference of {size} would be found four times in five.", ""
    yield f"chosen share: {found['chosen']:g}", "bold"


def _halving_lines(halving: dict[str, Any]) -> list[str]:
    """Which short trainings there were, with their scores, and what followed from them."""
    lines = []
    for steps in dict.fromkeys(arm["steps"] for arm in halving["arms"]):
        scores = [
            f"{arm['share']:g}: " + ("gap" if arm["score"] is None else f"{arm['score']:.3f}")
            for arm in halving["arms"]
            if arm["steps"] == steps
        ]
        lines.append(f"rung of {steps} steps, one seed: {', '.join(scores)}")
    lines.append(halving["why"])
    if halving["dropped"]:
        names = ", ".join(f"{share:g}" for share in halving["dropped"])
        lines.append(f"not trained in full, so not in the table: share {names}")
    return lines


def _cells(point: dict[str, Any], found: dict[str, Any]) -> list[str | Text]:
    arm = next(
        arm for arm in found["arms"] if arm["share"] == point["share"] and not arm["failure"]
    )
    gain, behind = point["gain"], f"{point['behind']:.3f} ± {point['behind_error']:.3f}"
    control = point["share"] == 0
    chosen = point["share"] == found["chosen"]
    return [
        f"{point['share']:g}",
        f"{arm['rows'] - arm['synthetic']} + {arm['synthetic']}",
        str(len(point["seeds"])),
        f"{point['value']:.3f}",
        "" if control else f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]",
        "" if control else f"{point['adjusted']:.2g}",
        "best" if point["share"] == found["best"] else behind,
        Text("◀ chosen", style="green bold") if chosen else "",
    ]
