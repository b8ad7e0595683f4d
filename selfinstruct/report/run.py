"""`report`: a run's folder in, one HTML page and the pictures with their numbers beside it out."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from selfinstruct import sentences, telling
from selfinstruct.disk.files import write_atomic
from selfinstruct.report import canvas, words
from selfinstruct.report.chart import Chart
from selfinstruct.report.charts import run_charts
from selfinstruct.report.files import write_chart
from selfinstruct.report.gather import Facts, RoundFacts, gather
from selfinstruct.report.html import picture, render
from selfinstruct.report.samples import dropped_samples, kept_samples
from selfinstruct.review.words import judge_lines

PAGE, FOLDER = "report.html", "report"


def write_report(folder: Path) -> list[Path]:
    """Read the ledger of a run, finished or not; write `report.html` and `report/NAME.svg`, `.csv`.

    The paths that were written, the page first. The same ledger and reviews give the same bytes.
    Raises `StoreError` where there is no run or it has not begun.
    """
    facts = gather(folder)
    by_people = judge_lines(folder)
    drawn = [(chart, canvas.draw_svg(chart)) for chart in run_charts(facts)]
    page = folder / PAGE
    write_atomic(page, run_page(facts, drawn, by_people))
    pairs = (write_chart(chart, svg, folder / FOLDER) for chart, svg in drawn)
    return [page, *(path for pair in pairs for path in pair)]


def run_page(
    facts: Facts, drawn: Sequence[tuple[Chart, str]], by_people: Sequence[str] = ()
) -> str:
    """The whole page as HTML text; `by_people` is what people's decisions say of the judge."""
    config = facts.config
    dumped = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True) if config else ""
    return render(
        "run.html.j2",
        name=facts.name,
        champion=words.tell_champion(facts.summary),
        summary=facts.summary,
        left_out=sentences.left_out(facts.summary["data"]),
        took=telling.seconds(facts.summary["seconds"]),
        rounds=[_round(each, facts) for each in facts.bootstrap_rounds],
        students=[telling.tell_student(each) for each in facts.summary["students"]],
        final=[telling.tell_student(each) for each in facts.summary["final"]],
        opened=sentences.opened(facts.summary["final_seen"]),
        origin=sentences.origin(forked) if (forked := facts.summary["forked_from"]) else "",
        final_gain=[
            f"{telling.gain(name, at)} {telling.NAMES.get(name, name)}"
            for name, at in facts.summary["final_gain"].items()
        ],
        metrics=telling.name_metrics(facts.summary["students"]),
        signals=[
            {"round": each.index, "text": words.tell_signal(signal)}
            for each in facts.rounds
            for signal in each.signals
            if signal.alarm
        ],
        tell_guard=words.tell_guard,
        by_people=by_people,
        tracker_faults=[sentences.tell_fault(each) for each in facts.summary["tracker_faults"]],
        watched=any(each.signals for each in facts.rounds),
        charts=[{"chart": chart, "picture": picture(chart, svg)} for chart, svg in drawn],
        folder=FOLDER,
        learned=[row for each in facts.rounds if (row := _learned(each))],
        kept=kept_samples(facts),
        dropped=dropped_samples(facts),
        config=dumped,
    )


def _round(each: RoundFacts, facts: Facts) -> dict[str, Any]:
    verdict = each.verdict
    outcome = verdict.outcome if verdict else "reject" if each.failed else "unfinished"
    entry = next((r for r in facts.summary["rounds"] if r["index"] == each.index), None)
    return {
        "index": each.index,
        "outcome": outcome,
        "sign": telling.sign(outcome),
        "headline": words.headline(verdict) if verdict else _unjudged(each),
        "why": entry["why"] if entry and entry["why"] else "",
        "details": list(words.details(verdict)) if verdict else [],
        "guards": verdict.guards if verdict else (),
        "people": sentences.tell_review(entry["review"]) if entry and entry["review"] else "",
        "kept": len(each.accepted),
        "seen": len(each.accepted) + len(each.rejected),
        "arms": [sentences.tell_prompt_arm(arm) for arm in entry["prompt_arms"]] if entry else [],
        "rivals": [sentences.tell_rivals(pair) for pair in entry["rivals"]] if entry else [],
    }


def _unjudged(each: RoundFacts) -> str:
    return "rejected: the student came to no numbers" if each.failed else "not finished"


def _learned(each: RoundFacts) -> Mapping[str, Any] | None:
    mixed = each.mixed
    if mixed is None:
        return None
    return {
        "student": each.student,
        "real": mixed["rows"] - mixed["synthetic"],
        "synthetic": mixed["synthetic"],
        "asked": f"{mixed['asked_share']:.0%}",
        "achieved": f"{mixed['achieved_share']:.0%}",
        "unit": mixed["unit"],
        "steps": str(len(each.losses)) if each.losses else "not recorded",
        "loss": _last(each.losses),
    }


def _last(losses: Sequence[float]) -> str:
    if not losses:
        return "not recorded"
    return "no number" if math.isnan(losses[-1]) else f"{losses[-1]:.3f}"
