"""`ablate`: what each filter of a run gains, on dev rows."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.display import Display
from selfinstruct.cli.text import escape
from selfinstruct.refilter import RULES, Rule, read_record
from selfinstruct.seeds import group_rows
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.task import located
from selfinstruct.telling import NAMES, gain, seconds
from selfinstruct.tuning.ablation import (
    PREFIX,
    Plan,
    Work,
    foresee,
    plan_ablations,
    run_ablations,
)
from selfinstruct.tuning.effects import effects
from selfinstruct.tuning.ratio import MIN_ROWS, require_rows
from selfinstruct.tuning.sweep import Outcome
from selfinstruct.types import Report

COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow"}
WORDS = {"better": "helps", "worse": "hurts", "inconclusive": "no detectable difference"}
"""What having a filter does, by the finding on a metric."""


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
        with Display(console, None) as display:
            plan = plan_ablations(record, names, share, rules, display)
            told = foreseen(foresee(record, plan, seeds), seeds)
            console.print(told, markup=False, highlight=False, soft_wrap=True)
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


def foreseen(work: Work, seeds: int) -> str:
    """How long it will take, before it begins."""
    if work.students == 0:
        return "nothing to train: the rows are the same without any of these filters"
    pools = work.students // seeds
    what = (
        f"{work.students} students: {pools} pools, one of them with all filters, x {seeds} seed(s)"
    )
    if work.missing == 0:
        return f"{what}; all of them are trained already"
    done = work.students - work.missing
    known = f", {done} of them already" if done else ""
    if work.each is None:
        time = "how long is not known, since this run has trained none yet"
    else:
        time = f"about {seconds(work.each * work.missing)}, at {seconds(work.each)} each"
    return f"{what}{known}; {time}. Each is kept: stopped, the same command goes on"


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
            "off": list(one.off),
            "alone": one.alone,
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
    return f"{rows} dev rows are fewer than {MIN_ROWS}, so nothing is said to help or hurt"


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
    table.add_column("filter, and the rows it keeps away")
    table.add_column("score", no_wrap=True)
    for column in ("with it", "without", "gain of having it\n[95 %], more is better", "p\n(Holm)"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("having it", min_width=13)
    for one in trained:
        for at, (metric, effect) in enumerate(one["effects"].items()):
            table.add_row(
                escape(_kept_away(one, found["synthetic"])) if at == 0 else "",
                NAMES.get(metric, metric),
                f"{effect['value']:.3f}",
                f"{effect['without']:.3f}",
                gain(metric, effect["gain"]),
                f"{effect['adjusted']:.2g}",
                Text(WORDS[effect["verdict"]], style=COLOURS[effect["verdict"]]),
                end_section=at == len(one["effects"]) - 1,
            )
    return table


def _kept_away(one: dict[str, Any], synthetic: int) -> str:
    """A filter, the candidates that no other one drops, and what of the students' rows differs."""
    differ = sum(one["differing"]) / len(one["differing"])
    return (
        f"{one['name'].removeprefix(PREFIX)}\ndrops {one['alone']} alone; without it +{one['new']},"
        f" -{one['gone']}\n{differ:.3g} of {synthetic} rows drawn differ"
    )


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _advice(found)
    yield from _gaps(found)


def _advice(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What to do about each filter that shows an effect, and what the others may still be worth."""
    unseen = []
    for one in found["filters"]:
        name, said = one["name"].removeprefix(PREFIX), _findings(one)
        if said["better"]:
            yield f"{name} pays for itself: it helps {said['better']}", "green"
        if said["worse"]:
            command = shlex.join(["selfinstruct", "refilter", found["run"], *one["off"]])
            tried = f"try a run without it: {command} --apply NAME"
            yield f"{name} hurts {said['worse']}; {tried}", "red"
        if one["effects"] and not (said["better"] or said["worse"]):
            unseen.append(name)
    if unseen:
        yield (
            f"no detectable difference is not proof of none: {', '.join(unseen)} may be worth all "
            "that lies in its intervals; more --seeds or more dev rows make them narrower",
            "",
        )


def _findings(one: dict[str, Any]) -> dict[str, str]:
    """The metrics that a filter helps and those that it hurts, by name."""
    return {
        verdict: ", ".join(
            NAMES.get(metric, metric)
            for metric, effect in one["effects"].items()
            if effect["verdict"] == verdict
        )
        for verdict in ("better", "worse")
    }


def _gaps(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
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
