"""`sweep`: one pool at several synthetic shares, the choice, and the share written back."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.display import Display
from selfinstruct.cli.tables import NAMES
from selfinstruct.cli.text import escape
from selfinstruct.config import Config, load_config
from selfinstruct.edit import set_value
from selfinstruct.errors import UserError
from selfinstruct.files import write_atomic
from selfinstruct.metrics import metrics_of
from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.ratio import Choice, choose
from selfinstruct.seeds import group_rows
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.sweep import Design, Outcome, frozen, plan_arms, run_sweep, scores_by_share
from selfinstruct.task import settle

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
) -> dict[str, Any]:
    """Train and score what is missing, then the table and the choice as one object."""
    cfg = load_config(config, overrides)
    folder = Path(cfg.out) / cfg.name
    with Store(folder) as store:
        data, pool = frozen(store)
    if not data.dev:
        raise UserError(
            "there are no dev rows to score on, and a sweep never looks at gate",
            next_step="start a run with a larger seeds.split.dev",
        )
    known = ("nll", *metrics_of(settle(cfg, data).target, cfg.evaluate.metrics))
    if metric not in known:
        raise UserError(
            f"{metric} is not a score of these students", next_step=f"one of {', '.join(known)}"
        )
    arms = plan_arms(design, shares or DEFAULT_SHARES, seeds, len(data.train), len(pool))
    with Display(console, None) as display:
        outcomes = run_sweep(cfg, folder, arms, display)
    groups = group_rows(data.dev, cfg.seeds.near_duplicate)
    choice = choose(scores_by_share(outcomes, metric), metric, groups)
    return _found(cfg, folder, design, metric, len(data.dev), outcomes, choice)


def write_share(config: Path, share: float) -> None:
    """Put the share into the config, its comments where they were."""
    text = config.read_text(encoding="utf-8")
    write_atomic(config, set_value(text, ("mixture", "synthetic_share"), f"{share:g}"))


def _found(
    cfg: Config,
    folder: Path,
    design: Design,
    metric: str,
    rows: int,
    outcomes: Sequence[Outcome],
    choice: Choice,
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "run": str(folder),
        "design": design,
        "metric": metric,
        "dev_rows": rows,
        "student": cfg.student.name,
        "arms": [
            {
                "share": outcome.arm.share,
                "seed": outcome.arm.seed,
                **outcome.mixture,
                "score": outcome.report.mean(metric) if outcome.report else None,
                "failure": outcome.failure or None,
            }
            for outcome in outcomes
        ],
        "shares": [asdict(point) for point in choice.points],
        "best": choice.best,
        "chosen": choice.share,
        "differs": choice.differs,
        "why": choice.why,
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
    for arm in found["arms"]:
        if arm["failure"]:
            what = f"gap: share {arm['share']:g}, seed {arm['seed']}: {arm['failure']}"
            console.print(Text(escape(what), style="red"))
    console.print(Text(found["why"]))
    console.print(Text(f"chosen share: {found['chosen']:g}", style="bold"))


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
