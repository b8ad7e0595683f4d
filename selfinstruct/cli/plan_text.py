"""A plan for people: its facts as a table, its notes, the first prompt."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.aims import tell_aims, tell_prompts, tell_recipes
from selfinstruct.cli.false_alarms import tell_false_alarms
from selfinstruct.cli.plan import DISCORDANT
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.licenses import UNKNOWN
from selfinstruct.telling import personal_data, seconds

SHOWN_FAULTS = 3


def print_plan(plan: dict[str, Any]) -> None:
    """The plan as a table, then the first prompt."""
    console = stdout()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = ", ".join(f"{split} {n}" for split, n in plan["data"].items())
    left = ", ".join(
        f"{plan[name]} {name}"
        for name in ("duplicates", "skipped", "incomplete", "unused", "forbidden")
        if plan[name]
    )
    gate = plan["gate"]
    prompt = plan["first_prompt"]
    facts = {
        "run": plan["run"],
        "real rows": rows + (f" ({left} left out)" if left else ""),
        **_file(plan["file"]),
        "labels": str(len(plan["labels"])) if plan["labels"] else "none",
        "student writes": plan["target"].replace("_", " "),
        "teacher": _asked(plan),
        "calls a round": _calls(plan["calls_per_round"]),
        "tokens a call": f"about {plan['prompt_tokens_per_call']} in the prompt",
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
    facts |= tell_aims(plan["aim"])
    facts |= tell_prompts(plan["prompts"])
    for each in plan["hosts"]:
        by = f", through the proxy {each['proxy']}" if each["proxy"] else ""
        facts[f"{each['role']} asked at"] = f"{each['host']} over {each['scheme']}{by}"
    facts |= tell_false_alarms(plan["contamination"])
    facts |= _rights(plan)
    for name, fact in facts.items():
        table.add_row(Text(name, style="bold"), Text(escape(fact)))
    console.print(table)
    for note in plan["notes"]:
        console.print(Text.assemble(("note  ", "yellow bold"), escape(note)))
    if prompt is not None:
        _print_prompt(console, prompt)


def _calls(calls: dict[str, int]) -> str:
    if calls["least"] == calls["most"]:
        return f"at most about {calls['most']}"
    return f"{calls['least']} if all are accepted, at most about {calls['most']}"


def _asked(plan: dict[str, Any]) -> str:
    """Who asks the teacher, and how."""
    held = plan["first_prompt"] is not None and plan["first_prompt"]["schema"] is not None
    told = ", its JSON held to a schema by the server" if held else ""
    return f"{plan['teacher']} asked by {tell_recipes(plan['recipes'])}{told}"


def _print_prompt(console: Console, prompt: dict[str, Any]) -> None:
    console.print(Text(f"\nfirst prompt ({escape(prompt['told'])})", style="bold"))
    for role, content in prompt["messages"]:
        console.print(Text(f"[{role}] ", style="cyan"), Text(escape(content)), sep="")


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
