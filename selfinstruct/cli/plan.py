"""`plan`: what a run would do and what its gate could see, before anything is spent."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfinstruct import stats
from selfinstruct.account import price_of
from selfinstruct.chat import reference
from selfinstruct.cli.aims import aims, tell_aims, tell_recipes
from selfinstruct.cli.display import Display
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.config import Config, GenerateConfig, ModelConfig, load_config
from selfinstruct.endpoint import read_endpoint
from selfinstruct.estimate import Evidence, estimate, evidence_of
from selfinstruct.guard import guard_rows
from selfinstruct.licenses import UNKNOWN, count_licenses
from selfinstruct.privacy import Finder, survey
from selfinstruct.proxy import named_proxy
from selfinstruct.recipes import Material, Situation, Wave, draw_orders, fill_orders
from selfinstruct.redaction import redact
from selfinstruct.seeds import notes, read_real_data
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.task import Task, located, require_prices, settle
from selfinstruct.teacher import as_sent
from selfinstruct.telling import personal_data, seconds
from selfinstruct.tracking import require_trackers
from selfinstruct.types import SPLITS, Completion, Prompt, RealData, Sampling, Split

TOKENS_PER_WORD = 1.4  # English under byte-pair tokenisers; a rough guide, and said to be one
DISCORDANT = 0.3  # share of gate rows on which two students differ; 0.2 to 0.35 in our trials


def plan_run(
    path: Path, overrides: Sequence[str], pilot: int | None = None, console: Console | None = None
) -> dict[str, Any]:
    """Splits, calls, tokens, the first prompt and the smallest gain the gate can find.

    With what the run's own finished waves came to, if it has any; otherwise, if `pilot` is given,
    with what so many real calls come to, which are kept for the run. `console` shows them going.
    """
    asked = load_config(path, overrides)
    cfg = located(asked, path.parent)
    require_prices(cfg)
    require_trackers(cfg.student.report_to)
    data = read_real_data(cfg.seeds, path.parent, cfg.seed)
    task = settle(cfg, data)
    prompts = first_prompts(cfg, data, task)
    finder = Finder.of(cfg.privacy)
    rounds = cfg.rounds.max if cfg.gate.horizon == "fixed" else None
    alpha = stats.alpha_of_round(cfg.gate.alpha, 1, rounds)
    answer_words = [len(reference(row, task.target).split()) for row in data.train]
    return {
        "schema_version": SCHEMA_VERSION,
        "run": str(Path(cfg.out) / cfg.name),
        "data": {split: len(data.split(split)) for split in SPLITS},
        "labels": list(data.labels),
        "duplicates": data.duplicates,
        "skipped": data.skipped,
        "unused": data.unused,
        "notes": list(notes(data, cfg.seeds)),
        "target": task.target,
        "recipes": dict(task.recipes),
        "aim": aims(cfg.generate),
        "teacher": cfg.teacher.base_url or f"{cfg.teacher.backend}:{cfg.teacher.name}",
        "accept": cfg.generate.accept,
        "hosts": [
            {"role": role, **asked}
            for role, model in (("teacher", cfg.teacher), ("judge", cfg.judge.model))
            for asked in _hosts(model)
        ],
        "licenses": count_licenses(data.train),
        "personal_data": [
            {
                "role": role,
                "split": split,
                **asdict(survey(data.split(split), finder)),
                "remote": model.is_remote,
                "hidden": cfg.privacy.hides_from(model),
            }
            for role, split, model in _readers(cfg)
        ],
        "calls_per_round": _calls(cfg.generate, task),
        "prompt_tokens_per_call": _tokens(prompts[0]),
        "first_prompt": {
            "template": prompts[0].template,
            "version": prompts[0].version,
            "schema": json.loads(prompts[0].schema) if prompts[0].schema else None,
            "messages": [[message.role, message.content] for message in prompts[0].messages],
        },
        "steps_per_student": task.steps,
        "reference_tokens": round(sum(answer_words) / len(answer_words) * TOKENS_PER_WORD),
        "gate": {
            "rows": len(data.gate),
            "alpha_per_round": alpha,
            "alpha_for": "a round" if rounds else "in round 1",
            "detectable_gain": stats.detectable_gain(math.sqrt(DISCORDANT), len(data.gate), alpha)
            if "label" in task.target
            else None,
        },
        "guard": {
            "rows": len(guard_rows(cfg.guard, path.parent, data, cfg.seed)),
            "of": cfg.guard.path,
            "tasks": list(cfg.guard.lm_eval),
            "margin": cfg.guard.margin,
        },
        "judge": {
            "model": cfg.judge.model and f"{cfg.judge.model.backend}:{cfg.judge.model.name}",
            "calls_per_round": 2 * len(data.gate) if cfg.judge.model else 0,
        },
        "estimate": _estimate(asked, cfg, path.parent, pilot, console),
    }


def _estimate(
    asked: Config, cfg: Config, base: Path, pilot: int | None, console: Console | None
) -> dict[str, Any] | None:
    """What the rounds will take, None where nobody has asked the teacher yet."""
    seen, source = _seen_in_run(cfg), "the run so far"
    if seen is None and pilot is not None:
        seen, source = _pilot(asked, base, pilot, console), "pilot"
    if seen is None:
        return None
    model = f"{cfg.teacher.backend}:{cfg.teacher.name}"
    found = estimate(seen, cfg.generate, price_of(cfg.budget, model))
    return {
        "source": source,
        "seen": asdict(seen),
        "a_round": None if found is None else asdict(found),
        "rounds": cfg.rounds.max,
        "currency": cfg.budget.currency,
    }


def _seen_in_run(cfg: Config) -> Evidence | None:
    """What the waves of this very run came to, if it has begun under the same settings."""
    folder = Path(cfg.out) / cfg.name
    if not (folder / "run.db").exists():
        return None
    with Store(folder) as store:
        stored = store.meta("identity")
        if stored is None or cfg.identity_beside(stored) != cfg.identity:
            return None
        return evidence_of(store)


def _pilot(cfg: Config, base: Path, calls: int, console: Console | None) -> Evidence:
    with Display(console or Console(stderr=True), cfg.rounds.max) as display:
        from selfinstruct.runs import Run  # takes a second, and most plans make no call

        return Run(cfg, base, display).pilot(calls)


def _hosts(model: ModelConfig | None) -> list[dict[str, str | None]]:
    """Which machines a model's rows go to, and through which proxy; none where they stay here."""
    if model is None:
        return []
    found: list[dict[str, str | None]] = []
    for url in model.base_urls:
        endpoint = read_endpoint(url, allow_http=model.allow_http)
        proxy = named_proxy(endpoint) if model.use_proxy else None
        told = proxy and redact(proxy)  # it may hold a password
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        at = f"{host}:{endpoint.port}"
        found.append({"host": at, "scheme": endpoint.scheme, "proxy": told})
    return found


def _readers(cfg: Config) -> list[tuple[str, Split, ModelConfig]]:
    """Who reads which real rows."""
    judge = cfg.judge.model
    judging: list[tuple[str, Split, ModelConfig]] = [("judge", "gate", judge)] if judge else []
    return [("teacher", "train", cfg.teacher), *judging]


def first_prompts(cfg: Config, data: RealData, task: Task) -> Sequence[Prompt]:
    """The first prompts of round 1, as they would be sent, sent to nobody."""
    asked: list[Prompt] = []

    def listen(
        prompts: Sequence[Prompt], _sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        asked.extend(prompts)
        return [[Completion("", "error")] * samples for _ in prompts]

    material = Material(data.train, (), data.labels, task.target, lambda _: None, task.speech)
    rng = random.Random(f"{cfg.seed}/1/generate/0")
    here = Situation(data.train, data.labels, f"{cfg.seed}/1")
    orders = draw_orders(task.recipes, here, cfg.generate, cfg.generate.prompts_per_wave, rng)
    fill_orders(material, listen, cfg.generate, Wave(1, 0, rng, orders))
    hidden = Finder.of(cfg.privacy) if cfg.privacy.hides_from(cfg.teacher) else None
    return [as_sent(prompt, hidden) for prompt in asked]


def _rights(plan: dict[str, Any]) -> dict[str, str]:
    """What personal data the rows hold and who reads it, and what they come under."""
    facts = {
        f"personal data, {found['split']}": personal_data(found, found["role"])
        for found in plan["personal_data"]
    }
    if set(plan["licenses"]) != {UNKNOWN}:
        counts = ", ".join(f"{name} {rows}" for name, rows in plan["licenses"].items())
        facts["licences, train"] = counts
    return facts


def _guards(guard: dict[str, Any]) -> str:
    rows = [f"{guard['rows']} rows of {guard['of']}"] if guard["rows"] else []
    held = ", ".join([*rows, *guard["tasks"]])
    if not held:
        return "none"
    return f"{held}: a loss of {guard['margin']:.0%} against the base must be ruled out"


def _estimated(found: dict[str, Any], accept: int) -> dict[str, str]:
    """What was seen and what it comes to, one line each."""
    seen, each = found["seen"], found["a_round"]
    what = f"{found['source']}: {seen['calls']} calls, {seen['kept']} of {seen['candidates']} kept"
    if each is None:
        return {"estimate": f"{what}; too few to tell, take more with --pilot"}
    tokens = (seen["prompt_tokens"] + seen["completion_tokens"]) / seen["calls"]
    rows = f"{round(each['accepted']['value'])} accepted rows"
    short = each["accepted"]["low"] < accept
    runs_dry = f" (down to {round(each['accepted']['low'])}: candidates may run out)"
    facts = {
        "estimate": f"{what}: {_span(each['share'], '.0%')}, {tokens:.0f} tokens a call",
        "a round": f"about {_cost(each, found['currency'])} for {rows}" + runs_dry * short,
    }
    if found["rounds"] > 1:
        whole = {
            name: each[name] and {end: n * found["rounds"] for end, n in each[name].items()}
            for name in ("calls", "tokens", "cost", "seconds")
        }
        facts[f"{found['rounds']} rounds"] = f"at most {_cost(whole, found['currency'])}"
    return facts


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


def _calls(cfg: GenerateConfig, task: Task) -> dict[str, int]:
    """Calls of one round if every candidate is accepted, and if candidates run out first."""
    each = 1.0 if task.target == "label" else 2.0
    turns = cfg.dialogue.turns
    own = {
        "few_shot": 1 / cfg.items_per_call if task.speech.turns else 1.0,
        "dialogue": 1.0 if cfg.dialogue.mode == "whole" else (turns.least + turns.most) / 2,
    }
    a_row = sum(share * own.get(recipe, each) for recipe, share in task.recipes.items())
    least = math.ceil(cfg.accept * a_row)
    return {"least": least, "most": max(least, math.ceil(cfg.max_candidates * a_row))}


def _tokens(prompt: Prompt) -> int:
    words = sum(len(message.content.split()) for message in prompt.messages)
    return round(words * TOKENS_PER_WORD)


def print_plan(plan: dict[str, Any]) -> None:
    """The plan as a table, then the first prompt."""
    console = stdout()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = ", ".join(f"{split} {n}" for split, n in plan["data"].items())
    left = ", ".join(
        f"{plan[name]} {name}" for name in ("duplicates", "skipped", "unused") if plan[name]
    )
    gate = plan["gate"]
    calls = plan["calls_per_round"]
    facts = {
        "run": plan["run"],
        "real rows": rows + (f" ({left} left out)" if left else ""),
        "labels": str(len(plan["labels"])) if plan["labels"] else "none",
        "student writes": plan["target"].replace("_", " "),
        "teacher": f"{plan['teacher']} asked by {tell_recipes(plan['recipes'])}"
        + ", its JSON held to a schema by the server" * bool(plan["first_prompt"]["schema"]),
        "calls a round": f"{calls['least']} if all are accepted, at most about {calls['most']}",
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
    for each in plan["hosts"]:
        by = f", through the proxy {each['proxy']}" if each["proxy"] else ""
        facts[f"{each['role']} asked at"] = f"{each['host']} over {each['scheme']}{by}"
    facts |= _rights(plan)
    for name, fact in facts.items():
        table.add_row(Text(name, style="bold"), Text(escape(fact)))
    console.print(table)
    for note in plan["notes"]:
        console.print(Text.assemble(("note  ", "yellow bold"), escape(note)))
    prompt = plan["first_prompt"]
    console.print(Text(f"\nfirst prompt ({prompt['template']} {prompt['version']})", style="bold"))
    for role, content in prompt["messages"]:
        console.print(Text(f"[{role}] ", style="cyan"), Text(escape(content)), sep="")
