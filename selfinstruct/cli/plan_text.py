"""A plan for people: its facts as a table, its notes, the first prompt."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.aims import tell_aims, tell_prompts, tell_recipes
from selfinstruct.cli.false_alarms import tell_false_alarms, tell_meanings
from selfinstruct.cli.plan import DISCORDANT
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.licenses import UNKNOWN
from selfinstruct.sentences import left_out, personal_data
from selfinstruct.telling import seconds

SHOWN_FAULTS = 3


def print_plan(plan: dict[str, Any]) -> None:
    """The plan as a table, then the first prompt, and the first row of a program."""
    console = stdout()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = ", ".join(f"{split} {n}" for split, n in plan["data"].items())
    left = left_out(plan)
    gate = plan["gate"]
    facts = {
        "run": plan["run"],
        "real rows": rows + (f" ({left})" if left else ""),
        **_file(plan["file"]),
        "labels": str(len(plan["labels"])) if plan["labels"] else "none",
        "student writes": plan["target"].replace("_", " "),
        "teacher": _asked(plan),
        **_calls(plan),
        "training": f"{plan['steps_per_student']} optimiser steps for every student",
        "gate": f"{gate['rows']} rows, alpha {gate['alpha_per_round']:.3g} {gate['alpha_for']}",
    }
    if gate["detectable_gain"] is not None:
        facts["it can find"] = (
            f"gains of {100 * gate['detectable_gain']:.1f} points or more (80 % power, students"
            f" differing on {DISCORDANT:.0%} of rows); smaller ones end inconclusive"
        )
    facts["guards"] = _guards(plan["guard"])
    if plan["judge"]["model"]:
        calls = plan["judge"]["calls_per_round"]
        facts["judge"] = f"{plan['judge']['model']}, at most {calls} calls a round"
    if plan["estimate"]:
        facts |= _estimated(plan["estimate"], plan["accept"])
    facts |= _written(plan["program"])
    facts |= tell_aims(plan["aim"])
    facts |= tell_prompts(plan["prompts"])
    for each in plan["hosts"]:
        by = f", through the proxy {each['proxy']}" if each["proxy"] else ""
        facts[f"{each['role']} asked at"] = f"{each['host']} over {each['scheme']}{by}"
    facts |= tell_false_alarms(plan["contamination"])
    facts |= tell_meanings(plan["meanings"])
    facts |= _rights(plan)
    for name, fact in facts.items():
        table.add_row(Text(name, style="bold"), Text(escape(fact)))
    console.print(table)
    for note in plan["notes"]:
        console.print(Text.assemble(("note  ", "yellow bold"), escape(note)))
    _print_first(console, plan)


def _asked(plan: dict[str, Any]) -> str:
    """Who asks the teacher, and how."""
    held = plan["first_prompt"] is not None and plan["first_prompt"]["schema"] is not None
    told = ", its JSON held to a schema by the server" if held else ""
    return f"{plan['teacher']} asked by {tell_recipes(plan['recipes'])}{told}"


def _calls(plan: dict[str, Any]) -> dict[str, str]:
    """What is asked of the teacher in a round; nothing where only a program writes."""
    calls = plan["calls_per_round"]
    if not calls["most"]:
        return {"calls a round": "none"}
    known = calls["least"] == calls["most"]
    least = "" if known else f"{calls['least']} if all are accepted, "
    return {
        "calls a round": f"{least}at most about {calls['most']}",
        "tokens a call": f"about {plan['prompt_tokens_per_call']} in the prompt",
    }


def _print_first(console: Console, plan: dict[str, Any]) -> None:
    prompt, written = plan["first_prompt"], plan["program"]
    if prompt is not None:
        console.print(Text(f"\nfirst prompt ({escape(prompt['told'])})", style="bold"))
        _print_said(console, prompt["messages"])
    if written is not None:
        console.print(Text(f"\nfirst row of {escape(written['name'])}", style="bold"))
        parts = ("label", "instruction", "input", "response")
        _print_said(console, [(name, written["first"].get(name, "")) for name in parts])


def _print_said(console: Console, parts: Iterable[Sequence[str]]) -> None:
    """Each part that is there, after its name."""
    for name, said in parts:
        if said:
            console.print(Text(f"[{name}] ", style="cyan"), Text(escape(said)), sep="")


def _file(found: dict[str, Any]) -> dict[str, str]:
    """How the seeds were read, and what of the file was not."""
    facts = {}
    if found["read_as"]:
        facts["read as"] = "; ".join(found["read_as"])
    if found["columns_left_aside"]:
        facts["columns left aside"] = ", ".join(found["columns_left_aside"])
    if found["conversations_mended"]:
        facts["mended"] = (
            f"{found['conversations_mended']} conversations: turns in a row of one speaker joined, "
            "greetings before the first user left out"
        )
    if found["faults"]:
        facts["first rows skipped"] = "\n".join(found["faults"][:SHOWN_FAULTS])
    return facts


def _written(found: dict[str, Any] | None) -> dict[str, str]:
    """What a program gave when it was asked for the first wave."""
    if found is None:
        return {}
    none = "".join(f", {reason} {rows}" for reason, rows in found["rejected"].items())
    return {"program": f"{found['name']}, first wave: {found['rows']} rows to filter{none}"}


def _rights(plan: dict[str, Any]) -> dict[str, str]:
    """What personal data the rows hold and who reads it, and what they come under."""
    facts = {
        f"personal data, {found['split']}": personal_data(found, found["role"])
        for found in plan["personal_data"]
    }
    if set(plan["licenses"]) != {UNKNOWN}:
        counts = ", ".join(f"{name} {rows}" for name, rows in plan["licenses"].items())
        facts["licences, train"] = counts
    policy = plan["license_policy"]
    if policy["terms"]:
        facts["teacher's terms"] = policy["terms"]
    if policy["allow"] is not None:
        facts["licences allowed"] = f"{', '.join(policy['allow'])}; rows under others: " + (
            "left out" if policy["on_forbidden"] == "drop" else "none"
        )
    return facts


def _guards(guard: dict[str, Any]) -> str:
    rows = [f"{guard['rows']} rows of {guard['of']}"] if guard["rows"] else []
    held = ", ".join([*rows, *guard["tasks"]])
    if not held and guard["target"] == "label":
        return "none: the student writes labels alone (guard.path=general tells what it unlearns)"
    if not held:
        return "none"
    return f"{held}: a loss of {guard['margin']:.0%} against the base must be ruled out"


def _estimated(found: dict[str, Any], accept: int) -> dict[str, str]:
    """What was seen and what it comes to, one line each."""
    seen, each = found["seen"], found["a_round"]
    what = f"{found['source']}: {seen['calls']} calls, {seen['kept']} of {seen['candidates']} kept"
    if each is None:
        return {"estimate": f"{what}; too few to tell, take more with --pilot", **_beside(found)}
    tokens = (seen["prompt_tokens"] + seen["completion_tokens"]) / seen["calls"]
    rows = f"{round(each['accepted']['value'])} accepted rows"
    short = each["accepted"]["low"] < accept
    runs_dry = f" (down to {round(each['accepted']['low'])}: candidates may run out)"
    facts = {
        "estimate": f"{what}: {_span(each['share'], '.0%')}, {tokens:.0f} tokens a call",
        "a round": f"about {_cost(each, found['currency'])} for {rows}" + runs_dry * short,
        **_beside(found),
    }
    if found["rounds"] > 1:
        whole = {
            name: each[name] and {end: n * found["rounds"] for end, n in each[name].items()}
            for name in ("calls", "tokens", "cost", "seconds")
        }
        facts[f"{found['rounds']} rounds"] = f"at most {_cost(whole, found['currency'])}"
    return facts


def _beside(found: dict[str, Any]) -> dict[str, str]:
    """That a round will not have the calls of the pilot, where it will not."""
    if found["reused"]:
        return {}
    return {
        "beside it": "the pilot's own calls: with generate.focus, round 1 asks for the labels on "
        "which its champion is weak, and for little of what the pilot asked"
    }


def _cost(found: dict[str, Any], currency: str) -> str:
    """Calls, tokens, money and the teacher's time, each with its range."""
    money = [f"{_span(found['cost'], '.2g')} {currency}"] if found["cost"] else []
    took = found["seconds"]
    return ", ".join(
        [
            f"{_span(found['calls'], '.0f')} calls",
            f"{_span(found['tokens'], '.0f')} tokens",
            *money,
            f"{seconds(took['value'])} of the teacher's time ({seconds(took['low'])} to "
            f"{seconds(took['high'])})",
        ]
    )


def _span(found: dict[str, float], form: str) -> str:
    low, high = format(found["low"], form), format(found["high"], form)
    return f"{format(found['value'], form)} ({low} to {high})"
