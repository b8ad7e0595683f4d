"""`ablate`: what each filter of a run gains, on dev rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.ablation import PREFIX, Plan, effects, plan_ablations, run_ablations
from selfinstruct.cli.display import Display
from selfinstruct.cli.text import escape
from selfinstruct.ratio import MIN_ROWS, require_rows
from selfinstruct.refilter import RULES, Rule, read_record
from selfinstruct.seeds import group_rows
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.sweep import Outcome
from selfinstruct.task import located
from selfinstruct.telling import NAMES, gain
from selfinstruct.types import Report

COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow"}


def ablate_command(
    folder: Path,
    names: Sequence[str],
    seeds: int,
    console: Console,
    share: float | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> dict[str, Any]:
    """Train and score what is missing, then the table as one object, kept in the run's ledger too.

    Files that the run's config names are looked for from here. Raises `UserError` for a filter that
    is not on and where dev has no two rows to compare on, `StoreError` for a run that another
    process is writing.
    """
    begun = (folder / "run.db").exists()  # a writer would begin one; a reader says there is none
    with Store(folder, write=begun) as store:
        record = read_record(store)
        record = replace(record, cfg=located(record.cfg, Path()))
        data = record.data
        groups = group_rows(data.dev, record.cfg.seeds.near_duplicate)
        require_rows(len(data.dev), groups)
        plan = plan_ablations(record, names, share, rules)
        with Display(console, None) as display:
            outcomes = run_ablations(record, plan, seeds, display)
        metrics = _metrics(outcomes[None])
        by_metric = {metric: effects(outcomes, metric, groups) for metric in metrics}
        found = {
            "schema_version": SCHEMA_VERSION,
            "run": str(folder),
            "dev_rows": len(data.dev),
            "student": record.cfg.student.name,
            "steps": record.task.steps,
            "seeds": seeds,
            "real": len(data.train),
            "synthetic": plan.synthetic,
            "share": plan.share,
            "kept": len(plan.reference),
            "metrics": list(metrics),
            "filters": list(_filters(plan, outcomes, by_metric, seeds)),
            "failures": _failures(outcomes),
            "warning": _warning(len(data.dev)),
        }
        store.set_meta("ablation", found)
    return found


def _metrics(reference: Sequence[Outcome]) -> list[str]:
    """The scores of the students, NLL first."""
    reports: list[Report] = [one.report for one in reference if one.report is not None]
    return sorted(reports[0].scores, key=lambda name: name != "nll") if reports else []


def _filters(
    plan: Plan,
    outcomes: Mapping[str | None, Sequence[Outcome]],
    by_metric: Mapping[str, Any],
    seeds: int,
) -> Iterator[dict[str, Any]]:
    for one in plan.ablations:
        told = {metric: of[one.name] for metric, of in by_metric.items() if one.name in of}
        yield {
            "name": one.name,
            "new": one.new,
            "gone": one.gone,
            "unknown": one.unknown,
            "differing": [plan.differing(one, seed) for seed in range(seeds)],
            "trained": one.name in outcomes,
            "effects": {metric: asdict(effect) for metric, effect in told.items()},
        }


def _failures(outcomes: Mapping[str | None, Sequence[Outcome]]) -> list[dict[str, Any]]:
    return [
        {"filter": name, "seed": one.arm.seed, "failure": one.failure}
        for name, of in outcomes.items()
        for one in of
        if one.report is None
    ]


def _warning(rows: int) -> str:
    if rows >= MIN_ROWS:
        return ""
    return f"{rows} dev rows are fewer than {MIN_ROWS}, so nothing is called better or worse"


def print_ablation(console: Console, found: dict[str, Any]) -> None:
    """One row for each filter that was trained without, then those that change nothing."""
    trained = [one for one in found["filters"] if one["effects"]]
    if trained:
        console.print(_table(trained, found))
    for line, style in _lines(found):
        console.print(Text(escape(line), style=style))


def _table(trained: Sequence[dict[str, Any]], found: dict[str, Any]) -> Table:
    title = (
        f"what each filter of {found['run']} gains on {found['dev_rows']} dev rows: students of "
        f"{found['real']} real + {found['synthetic']} synthetic rows, {found['steps']} steps, "
        f"{found['seeds']} seed(s)"
    )
    table = Table(title=Text(escape(title)), title_justify="left", title_style="bold")
    table.add_column("filter")
    table.add_column("without it\nrows in, out", justify="right")
    table.add_column("of them drawn", justify="right")
    table.add_column("score")
    for column in ("with it", "without", "gain of having it\n[95 %], more is better", "p (Holm)"):
        table.add_column(column, justify="right")
    table.add_column("having it is")
    for one in trained:
        for at, (metric, effect) in enumerate(one["effects"].items()):
            table.add_row(
                escape(one["name"].removeprefix(PREFIX)) if at == 0 else "",
                f"+{one['new']}, -{one['gone']}" if at == 0 else "",
                f"{sum(one['differing']) / len(one['differing']):.3g}" if at == 0 else "",
                NAMES.get(metric, metric),
                f"{effect['value']:.3f}",
                f"{effect['without']:.3f}",
                gain(metric, effect["gain"]),
                f"{effect['adjusted']:.2g}",
                Text(effect["verdict"], style=COLOURS[effect["verdict"]]),
                end_section=at == len(one["effects"]) - 1,
            )
    return table


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for failed in found["failures"]:
        what = "all filters" if failed["filter"] is None else f"without {failed['filter']}"
        yield f"gap: {what}, seed {failed['seed']}: {failed['failure']}", "red"
    same = [one for one in found["filters"] if not one["trained"]]
    known = [one["name"].removeprefix(PREFIX) for one in same if not one["unknown"]]
    if known:
        yield f"not trained, since the rows are the same without: {', '.join(known)}", ""
    for one in found["filters"]:
        if one["unknown"]:
            why = "" if one["trained"] else ", so there is nothing to train on"
            name = one["name"].removeprefix(PREFIX)
            yield (
                f"{name}: {one['unknown']} candidates more were never asked on or measured{why}",
                "",
            )
        if one["trained"] and not any(one["differing"]):
            name = one["name"].removeprefix(PREFIX)
            yield f"{name}: none of its rows were drawn; a larger --share draws more", "yellow"
    if found["warning"]:
        yield f"warning: {found['warning']}", "yellow"
    if found["seeds"] == 1:
        yield "one seed cannot see a training's luck: another may turn it round", "yellow"
