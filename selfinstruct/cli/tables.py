"""A summary as tables a person understands; knows nothing of how it came about."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.aims import tell_prompts
from selfinstruct.cli.text import Output, escape
from selfinstruct.licenses import UNKNOWN
from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.sentences import (
    left_out,
    opened,
    origin,
    overlap,
    personal_data,
    tell_ending,
    tell_fault,
    tell_labels,
    tell_prompt_arm,
    tell_review,
    tell_rivals,
    tell_unmet,
)
from selfinstruct.telling import NAMES, interval, money, name_signal, seconds
from selfinstruct.types import QUOTA_FULL, SPLITS, UNNEEDED

ARMS_SHOWN = 3
"""Arms at either end that a person is shown."""
COLOURS = {"accept": "green", "reject": "red", "inconclusive": "yellow"}


def print_summary(console: Console, summary: dict[str, Any]) -> None:
    """The students, the rounds and what it cost."""
    data = summary["data"]
    rows = ", ".join(f"{split} {data[split]}" for split in SPLITS)
    left = left_out(data)
    console.print(Text(f"{summary['run']}: real rows {rows}" + (f" ({left})" if left else "")))
    if summary["forked_from"]:
        console.print(Text(escape(origin(summary["forked_from"]))))
    for name, told in tell_prompts(summary["prompts"]).items():
        console.print(Text(escape(f"{name}: {told}")))
    if summary["students"]:
        console.print(_students(summary["students"], "on gate: real rows no student has seen"))
    _print_quality(console, summary["quality"])
    for entry in summary["rounds"]:
        _print_round(console, entry)
    if summary["final"]:
        title = f"on final: opened {escape(opened(summary['final_seen']))}"
        console.print(_students(summary["final"], title))
    if summary["final_gain"]:
        gains = "; ".join(
            f"{NAMES.get(metric, metric)} {found['value']:+.3f} [{found['low']:+.3f}, "
            f"{found['high']:+.3f}]"
            for metric, found in summary["final_gain"].items()
        )
        console.print(Text(f"gain over real rows alone on final, more is better: {gains}"))
    _print_end(console, summary)


def _print_quality(console: Console, quality: dict[str, Any]) -> None:
    """What the quality filters' models know of the real rows; a judge that has no say, loudly."""
    if rubric := quality["rubric"]:
        told = f"{rubric['rows']} real rows and {rubric['spoilt']} spoilt ones"
        if auc := rubric["auc"]:
            told += f", AUC {auc['value']:.2f} [{auc['low']:.2f}, {auc['high']:.2f}]"
        judge = escape(rubric["judge"])
        if rubric["doubt"]:
            line = f"JUDGE NOT USED: {judge} {rubric['doubt']} ({told})"
            console.print(Text(line, style="bold red"))
        else:
            line = f"judge: {judge} on {told}; at grade {rubric['least']} {rubric['passed']:.0%} of"
            line += f" the real rows pass, {rubric['caught']:.0%} of the spoilt fail"
            console.print(Text(line))
    if suspects := quality["suspects"]:
        found = suspects["suspects"]
        first = "".join(
            f"; {each['id']} says {escape(each['label'])}, they say {escape(each['said'])}"
            for each in found[:3]
        )
        line = f"real rows that students trained without them label otherwise: {len(found)} of"
        console.print(Text(f"{line} {suspects['rows']}{first}"))


def _students(students: list[dict[str, Any]], title: str) -> Table:
    metrics = list(students[0]["metrics"])
    table = Table(title=f"{title} (95 % intervals)", title_justify="left", title_style="bold")
    table.add_column("student")
    for metric in metrics:
        arrow = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
        table.add_column(f"{NAMES.get(metric, metric)}\n{arrow}", justify="right")
    table.add_column("rows", justify="right")
    for student in students:
        cells = [interval(metric, student["metrics"][metric]) for metric in metrics]
        table.add_row(student["name"], *cells, str(student["n"]))
    return table


def _print_round(console: Console, entry: dict[str, Any]) -> None:
    head = Text(f"round {entry['index']}: ", style="bold")
    verdict = entry["verdict"] or "not finished"
    head.append(verdict.upper(), style=COLOURS.get(verdict, ""))
    console.print(head)
    _print_candidates(console, entry)
    if entry["scores"]:
        scored = ", ".join(
            f"{escape(name)} {found['mean']:.2f} on {found['n']}"
            for name, found in entry["scores"].items()
        )
        console.print(Text(f"  mean scores: {scored}"))
    if entry["review"]:
        console.print(Text(f"  people: {escape(tell_review(entry['review']))}"))
    for line in _of_rows(entry):
        console.print(Text(f"  {line}"))
    if mixture := entry["mixture"]:
        real = mixture["rows"] - mixture["synthetic"]
        console.print(
            Text(
                f"  mixture: {real} real + {mixture['synthetic']} synthetic rows, synthetic share"
                f" {mixture['achieved_share']:.0%} (asked {mixture['asked_share']:.0%})"
            )
        )
    for guard in (entry["gate"] or {}).get("guards", ()):
        console.print(Text(f"  guard: {_guarded(guard)}"))
    if entry["signals"]:
        console.print(Text(f"  watch: {_watched(entry['signals'])}"))
    if entry["why"]:
        console.print(Text(f"  why: {entry['why']}"))


def _of_rows(entry: dict[str, Any]) -> list[str]:
    """Whether labels are right, what of the real rows the teacher read and its rows repeat, and
    what those come under.
    """
    told = []
    if found := entry["labels"]:
        told.append(f"labels: {escape(tell_labels(found))}")
    if found := entry["personal_data"]:
        told.append(f"personal data: {personal_data(found, 'teacher')}")
    if found := entry["overlap"]:
        told.append(f"copied: {overlap(found)}")
    if entry["licenses"].keys() - {UNKNOWN}:
        counts = ", ".join(f"{escape(name)} {rows}" for name, rows in entry["licenses"].items())
        told.append(f"licences: {counts}")
    return told


def _print_candidates(console: Console, entry: dict[str, Any]) -> None:
    """How many were kept, what was not reached, which arms yield, and what was dropped for what."""
    dropped = {name: n for name, n in entry["rejected"].items() if name not in UNNEEDED}
    late = sum(entry["rejected"].get(name, 0) for name in UNNEEDED)
    seen = entry["accepted"] + sum(dropped.values()) + late
    share = f" ({entry['accepted'] / seen:.0%})" if seen else ""
    what = "the round or their quota was" if entry["rejected"].get(QUOTA_FULL) else "the round was"
    more = f"; {late} more would have been, but {what} full" if late else ""
    console.print(f"  kept {entry['accepted']} of {seen} candidates{share}{more}", highlight=False)
    if entry["ending"]:
        ended = tell_ending(entry["ending"], entry["accepted"], entry["target"])
        console.print(Text(f"  ended: {ended}"))
    for short in entry["unmet"]:
        console.print(Text(f"  not met: {escape(tell_unmet(short))}", style="yellow"))
    for arm in entry["prompt_arms"]:
        console.print(Text(f"  arm {escape(tell_prompt_arm(arm))}"))
    for pair in entry["rivals"]:
        console.print(Text(f"  {escape(tell_rivals(pair))}"))
    for name, told in _arms(entry["arms"]):
        console.print(Text(f"  {name}: {told}"))
    reasons = ", ".join(f"{escape(reason)} {n}" for reason, n in dropped.items())
    if reasons:
        console.print(Text(f"  dropped: {reasons}"))


def _arms(arms: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The arms that were kept least and most of, where there are several; all are in the JSON."""
    if len(arms) < 2:
        return []
    few = min(ARMS_SHOWN, len(arms) // 2)
    least, most = arms[:few], arms[: -few - 1 : -1]
    return [
        (f"{end} kept", "; ".join(map(_arm, found)))
        for end, found in (("least", least), ("most", most))
    ]


def _arm(arm: dict[str, Any]) -> str:
    """One arm with its share kept, such as `label_first fee 7.5 % [2.6, 19.9] of 40`."""
    names = [
        arm["arm"] or arm["recipe"],
        arm["label"] or "",
        arm["request"] and f"{arm['request'][:30]!r}",
    ]
    share = interval("exact_match", arm["share"])  # any share of rows, in percent
    tokens = "" if arm["tokens"] is None else f", {arm['tokens']:.0f} tokens a row"
    return f"{escape(' '.join(filter(None, names)))} {share} of {arm['candidates']}{tokens}"


def _guarded(guard: dict[str, Any]) -> str:
    """What became of one guard; nats of an answer rise where something is lost."""
    scores = f"{guard['base']:.2f} of the base, {guard['candidate']:.2f} now, on {guard['n']} rows"
    what = f"{escape(guard['name'])} {guard['held']}, {guard['metric']} {scores}"
    return f"{what} (margin {guard['margin']:.2f})"


def _watched(signals: list[dict[str, Any]]) -> str:
    """The alarms, loudest first, or that there are none."""
    loud = [signal for signal in signals if signal["alarm"]]
    names = ", ".join(
        f"{name_signal(signal['name'], signal['of'])} at {signal['ratio']['value']:.2f} of "
        f"{'the control' if signal['of'] == 'student' else 'the real rows'}"
        for signal in loud
    )
    if not loud:
        return f"{len(signals)} signals, no alarm"
    quiet = all(signal["of"] == "synthetic" for signal in loud)
    return f"ALARM {names}" + (
        " (mixture and student are quiet, so it blocks nothing)" if quiet else ""
    )


def _print_end(console: Console, summary: dict[str, Any]) -> None:
    spent = summary["spent"]
    tokens = spent["prompt_tokens"] + spent["completion_tokens"]
    parts = [
        f"{spent['calls']} teacher calls",
        f"{tokens} tokens",
        *_cost(summary["account"]),
        f"{seconds(summary['seconds'])} of work",
        f"{summary['looks']} {'look' if summary['looks'] == 1 else 'looks'} at gate",
        *([] if summary["state"] == "finished" else ["not finished"]),
    ]
    for names in summary["served"].values():
        if len(names) > 1:
            told = ", ".join(f"{escape(name)} ({count} answers)" for name, count in names.items())
            console.print(Text(f"the teacher answered as {told}: its rows may differ", "yellow"))
    for fault in summary["tracker_faults"]:
        console.print(Text(escape(f"not all was reported: {tell_fault(fault)}"), "yellow"))
    champion = (summary["champion"] or "none yet", "bold")
    console.print(Text.assemble("champion: ", champion, " · ", " · ".join(parts)))


def _cost(account: dict[str, Any]) -> list[str]:
    """The money, where there are prices, and what failures and kills added to the calls."""
    cost, lost = account["cost"], account["lost_calls"]
    parts = [] if cost is None else [money(cost, account["currency"])]
    return [*parts, *([f"and {lost} calls lost that were asked again"] if lost else [])]


def stdout() -> Console:
    """A console for data: wide enough not to fold tables where there is no terminal."""
    console = Output(highlight=False)
    return console if console.is_terminal else Output(highlight=False, width=140)
