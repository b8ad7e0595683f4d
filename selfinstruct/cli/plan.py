"""`plan`: what a run would do and what its gate could see, before anything is spent."""

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.request import getproxies, proxy_bypass

from rich.table import Table
from rich.text import Text

from selfinstruct import stats
from selfinstruct.chat import reference
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.config import Config, GenerateConfig, ModelConfig, load_config
from selfinstruct.endpoint import read_endpoint
from selfinstruct.guard import guard_rows
from selfinstruct.recipes import RECIPES, Material, Wave
from selfinstruct.redaction import redact
from selfinstruct.seeds import notes, read_real_data
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.task import Task, located, settle
from selfinstruct.types import SPLITS, Completion, Prompt, RealData, Sampling

TOKENS_PER_WORD = 1.4  # English under byte-pair tokenisers; a rough guide, and said to be one
DISCORDANT = 0.3  # share of gate rows on which two students differ; 0.2 to 0.35 in our trials


def plan_run(path: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Splits, calls, tokens, the first prompt and the smallest gain the gate can find."""
    cfg = located(load_config(path, overrides), path.parent)
    data = read_real_data(cfg.seeds, path.parent, cfg.seed)
    task = settle(cfg, data)
    prompts = first_prompts(cfg, data, task)
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
        "recipe": task.recipe,
        "teacher": cfg.teacher.base_url or f"{cfg.teacher.backend}:{cfg.teacher.name}",
        "hosts": [
            {"role": role, **asked}
            for role, model in (("teacher", cfg.teacher), ("judge", cfg.judge.model))
            if (asked := _host(model, getproxies())) is not None
        ],
        "calls_per_round": _calls(cfg.generate, task),
        "prompt_tokens_per_call": _tokens(prompts[0]),
        "first_prompt": {
            "template": prompts[0].template,
            "version": prompts[0].version,
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
    }


def _host(model: ModelConfig | None, proxies: Mapping[str, str]) -> dict[str, str | None] | None:
    """Which machine a model's rows go to, and through which proxy; None where they stay here."""
    if model is None or model.base_url is None:
        return None
    endpoint = read_endpoint(model.base_url, allow_http=model.allow_http)
    used = model.use_proxy and not endpoint.local and not proxy_bypass(endpoint.host)
    proxy = (proxies.get(endpoint.scheme) or proxies.get("all")) if used else None
    told = proxy and redact(proxy)  # it may hold a password
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return {"host": f"{host}:{endpoint.port}", "scheme": endpoint.scheme, "proxy": told}


def first_prompts(cfg: Config, data: RealData, task: Task) -> Sequence[Prompt]:
    """The first prompts of round 1, rendered for real and sent to nobody."""
    asked: list[Prompt] = []

    def listen(
        prompts: Sequence[Prompt], _sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        asked.extend(prompts)
        return [[Completion("", "error")] * samples for _ in prompts]

    material = Material(data.train, (), data.labels, task.target, lambda _: None)
    wave = Wave(1, 0, random.Random(f"{cfg.seed}/1/generate/0"))
    RECIPES[task.recipe](material, listen, cfg.generate, wave)
    return asked


def _guards(guard: dict[str, Any]) -> str:
    rows = [f"{guard['rows']} rows of {guard['of']}"] if guard["rows"] else []
    held = ", ".join([*rows, *guard["tasks"]])
    if not held:
        return "none"
    return f"{held}: a loss of {guard['margin']:.0%} against the base must be ruled out"


def _calls(cfg: GenerateConfig, task: Task) -> dict[str, int]:
    """Calls of one round if every candidate is accepted, and if candidates run out first."""
    answers = 0 if task.target == "label" else 1
    least = cfg.accept * (1 + answers)
    return {"least": least, "most": max(least, cfg.max_candidates * (1 + answers))}


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
        "teacher": f"{plan['teacher']} asked by recipe {plan['recipe']}",
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
    for each in plan["hosts"]:
        by = f", through the proxy {each['proxy']}" if each["proxy"] else ""
        facts[f"{each['role']} asked at"] = f"{each['host']} over {each['scheme']}{by}"
    for name, fact in facts.items():
        table.add_row(Text(name, style="bold"), Text(escape(fact)))
    console.print(table)
    for note in plan["notes"]:
        console.print(Text.assemble(("note  ", "yellow bold"), escape(note)))
    prompt = plan["first_prompt"]
    console.print(Text(f"\nfirst prompt ({prompt['template']} {prompt['version']})", style="bold"))
    for role, content in prompt["messages"]:
        console.print(Text(f"[{role}] ", style="cyan"), Text(escape(content)), sep="")
