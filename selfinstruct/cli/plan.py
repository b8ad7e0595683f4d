"""`plan`: what a run would do and what its gate could see, before anything is spent."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from selfinstruct import stats
from selfinstruct.account import price_of
from selfinstruct.chat import reference
from selfinstruct.checkpoints.weights import OnNote
from selfinstruct.cli.aims import aims
from selfinstruct.cli.display import Display
from selfinstruct.cli.false_alarms import (
    false_alarms,
    meanings,
    warn_of_false_alarms,
    warn_of_misses,
    warn_of_same_meanings,
)
from selfinstruct.cli.first_wave import first_wave
from selfinstruct.cli.long_rows import long_rows
from selfinstruct.config import Config, GenerateConfig, ModelConfig, load_config
from selfinstruct.endpoint import read_endpoint
from selfinstruct.estimate import Evidence, estimate, evidence_of
from selfinstruct.filters.embedding import open_encoder
from selfinstruct.judging.guard import guard_rows, guarded_by
from selfinstruct.licenses import count_licenses
from selfinstruct.privacy import Finder, survey
from selfinstruct.progress import OnProgress, Progress
from selfinstruct.proxy import named_proxy
from selfinstruct.redaction import redact
from selfinstruct.registry import Wording
from selfinstruct.seeds import notes, read_examples, split_read
from selfinstruct.seeds.survey import odd_rows, survey_rows
from selfinstruct.setting import first_focus
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION, prompt_facts
from selfinstruct.task import Task, located, require_prices, settle
from selfinstruct.tracking import require_trackers
from selfinstruct.types import SPLITS, Prompt, RealData, Split
from selfinstruct.wording import settle_wording

TOKENS_PER_WORD = 1.4  # English under byte-pair tokenisers; a rough guide, and said to be one
MAX_FAULTS = 20
UNFOCUSED = (
    "generate.focus goes by the real-only student, which is not scored on dev yet: the first "
    "prompt shown here, and calls of --pilot, are for other labels than those of round 1"
)
SURPLUS = 4  # a teacher of whose rows a quarter is kept needs so many times those wanted
DISCORDANT = 0.3  # share of gate rows on which two students differ; 0.2 to 0.35 in our trials


def plan_run(
    path: Path, overrides: Sequence[str], pilot: int | None = None, console: Console | None = None
) -> dict[str, Any]:
    """Splits, calls, tokens, the first prompt and the smallest gain the gate can find.

    With what the run's own finished waves came to, if it has any; otherwise, if `pilot` is given,
    with what so many real calls come to, which are kept for the run. `console`, the standard error
    by itself, shows how far it is.
    """
    asked = load_config(path, overrides)
    cfg = located(asked, path.parent)
    require_prices(cfg)
    require_trackers(cfg.student.report_to)
    console = console or Console(stderr=True)
    with Display(console, None) as display:
        read = read_examples(cfg.seeds, path.parent, display)
        data = split_read(read, cfg.seeds, cfg.seed, cfg.licenses, display)
        task = settle(cfg, data)
        wording = settle_wording(cfg, path.parent, task, _stored_prompts(cfg))
        focus = _first_focus(cfg)
        prompts, written = first_wave(cfg, data, task, wording.prompts, focus)
        alarms = false_alarms(cfg, data, display)
        meant = meanings(cfg, data, partial(open_encoder, on_note=_noting(display)))
        found = survey_rows(read.examples)
        personal = _personal_data(cfg, data, display)
        guards = guard_rows(cfg.guard, task.target, path.parent, data, cfg.seed)
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
        "forbidden": data.forbidden,
        "incomplete": data.incomplete,
        "file": {
            "read_as": list(read.form),
            "columns_left_aside": list(read.unread),
            "conversations_mended": read.mended,
            "faults": list(read.faults[:MAX_FAULTS]),
        },
        "notes": [
            *notes(data, cfg.seeds),
            *odd_rows(found, task.target, cfg.task.system),
            *long_rows(found, cfg, task.target),
            *wording.notes,
            *([UNFOCUSED] if focus is None and prompts else []),
            *_surplus(cfg.generate, task),
            *warn_of_false_alarms(alarms),
            *warn_of_same_meanings(meant),
            *warn_of_misses(cfg),
        ],
        "target": task.target,
        "recipes": dict(task.recipes),
        "aim": aims(cfg.generate),
        "prompts": [prompt_facts(used) for used in wording.used],
        "teacher": cfg.teacher.base_url or f"{cfg.teacher.backend}:{cfg.teacher.name}",
        "accept": cfg.generate.accept,
        "hosts": [
            {"role": role, **host}
            for role, model in (("teacher", cfg.teacher), ("judge", cfg.judge.model))
            for host in _hosts(model)
        ],
        "contamination": alarms,
        "meanings": meant,
        "licenses": count_licenses(data.train),
        "license_policy": {**cfg.licenses.model_dump(mode="json"), "terms": cfg.teacher.terms},
        "personal_data": personal,
        "calls_per_round": _calls(cfg.generate, task),
        "prompt_tokens_per_call": _tokens(prompts[0]) if prompts else 0,
        "first_prompt": _told(prompts[0], wording) if prompts else None,
        "program": written and {"name": cfg.generate.program, **written},
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
            "rows": len(guards),
            "of": guarded_by(cfg.guard, task.target),
            "target": task.target,
            "tasks": list(cfg.guard.lm_eval),
            "margin": cfg.guard.margin,
        },
        "judge": {
            "model": cfg.judge.model and f"{cfg.judge.model.backend}:{cfg.judge.model.name}",
            "calls_per_round": 2 * len(data.gate) if cfg.judge.model else 0,
        },
        "estimate": _estimate(asked, cfg, path.parent, pilot, focus, console),
    }


def _estimate(
    asked: Config,
    cfg: Config,
    base: Path,
    pilot: int | None,
    focus: Mapping[str, float] | None,
    console: Console,
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
        "reused": source != "pilot" or focus is not None,
        "seen": asdict(seen),
        "a_round": None if found is None else asdict(found),
        "rounds": cfg.rounds.max,
        "currency": cfg.budget.currency,
    }


def _stored_prompts(cfg: Config) -> list[dict[str, Any]] | None:
    """What this very run, if it has begun, asks with."""
    folder = Path(cfg.out) / cfg.name
    if not (folder / "run.db").exists():
        return None
    with Store(folder) as store:
        found: list[dict[str, Any]] | None = store.meta("prompts")
        return found


def _seen_in_run(cfg: Config) -> Evidence | None:
    """What the waves of this very run came to, if it has begun under the same settings."""
    with _this_run(cfg) as store:
        return None if store is None else evidence_of(store)


def _first_focus(cfg: Config) -> Mapping[str, float] | None:
    """The weights of labels in round 1; None where its champion is not there to go by."""
    if cfg.generate.focus is None:
        return {}
    with _this_run(cfg) as store:
        data = None if store is None else store.real_data()
        return None if store is None or data is None else first_focus(cfg, store, data)


@contextmanager
def _this_run(cfg: Config) -> Iterator[Store | None]:
    """The ledger of this very run, None where it has not begun under the same settings."""
    folder = Path(cfg.out) / cfg.name
    if not (folder / "run.db").exists():
        yield None
        return
    with Store(folder) as store:
        stored = store.meta("identity")
        begun = stored is not None and cfg.identity_beside(stored) == cfg.identity
        yield store if begun else None


def _pilot(cfg: Config, base: Path, calls: int, console: Console) -> Evidence:
    with Display(console, cfg.rounds.max) as display:
        from selfinstruct.runs import Run  # takes a second, and most plans make no call

        return Run(cfg, base, display).pilot(calls)


def _noting(on_progress: OnProgress) -> OnNote:
    """Hears what takes long, and tells it as progress."""
    return lambda note: on_progress(Progress(0, "plan", note=note))


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


def _personal_data(cfg: Config, data: RealData, on_progress: OnProgress) -> list[dict[str, Any]]:
    """What of it the rows hold, by who reads them."""
    finder = Finder.of(cfg.privacy)
    return [
        {
            "role": role,
            "split": split,
            **asdict(survey(data.split(split), finder, on_progress)),
            "remote": model.is_remote,
            "hidden": cfg.privacy.hides_from(model),
        }
        for role, split, model in _readers(cfg)
    ]


def _readers(cfg: Config) -> list[tuple[str, Split, ModelConfig]]:
    """Who reads which real rows."""
    judge = cfg.judge.model
    judging: list[tuple[str, Split, ModelConfig]] = [("judge", "gate", judge)] if judge else []
    return [("teacher", "train", cfg.teacher), *judging]


def _calls(cfg: GenerateConfig, task: Task) -> dict[str, int]:
    """Calls of one round if every candidate is accepted, and if candidates run out first.

    The first wave is asked whole, however few of its rows would do: nothing tells yet how many are
    kept.
    """
    each = 1.0 if task.target == "label" else 2.0
    turns = cfg.dialogue.turns
    own = {
        "backtranslate": 1.0,
        "evolve": each + cfg.evolve.eliminate,
        "program": 0.0,
        "few_shot": 1 / cfg.items_per_call if task.speech.turns else 1.0,
        "dialogue": 1.0 if cfg.dialogue.mode == "whole" else (turns.least + turns.most) / 2,
    }
    a_row = sum(share * own.get(recipe, each) for recipe, share in task.recipes.items())
    an_answer = a_row + task.recipes.get("few_shot", 0.0) * (1 - own["few_shot"])  # all its rows
    first = cfg.prompts_per_wave * cfg.samples_per_prompt * an_answer
    least = math.ceil(max(first, cfg.accept * a_row))
    return {"least": least, "most": max(least, math.ceil(cfg.max_candidates * a_row))}


def _surplus(cfg: GenerateConfig, task: Task) -> list[str]:
    """A note where the first wave asks for many times what a round wants."""
    each = cfg.items_per_call if task.speech.turns else 1
    shares = (
        share * (each if recipe == "few_shot" else 1)
        for recipe, share in task.recipes.items()
        if recipe != "program"  # its rows cost nothing
    )
    rows = round(cfg.prompts_per_wave * cfg.samples_per_prompt * sum(shares))
    if rows <= SURPLUS * cfg.accept:
        return []
    return [
        f"the first wave of a round asks for {rows} rows, and a round wants {cfg.accept}; to pay "
        "for fewer, lower generate.samples_per_prompt or generate.prompts_per_wave"
    ]


def _told(prompt: Prompt, wording: Wording) -> dict[str, Any]:
    return {
        "template": prompt.template,
        "version": prompt.version,
        "told": wording.tell(prompt.template, prompt.version),
        "schema": json.loads(prompt.schema) if prompt.schema else None,
        "messages": [[message.role, message.content] for message in prompt.messages],
    }


def _tokens(prompt: Prompt) -> int:
    words = sum(len(message.content.split()) for message in prompt.messages)
    return round(words * TOKENS_PER_WORD)
