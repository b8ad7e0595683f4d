"""What follows from config and data: what the student writes, who asks, how long arms train.

`plan` shows these before anything is spent and `runs` uses the same ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.account import require_price
from selfinstruct.aiming.goals import check_goals
from selfinstruct.aiming.weights import require_focus
from selfinstruct.chat import Target
from selfinstruct.config import Config, GenerateConfig, load_prices
from selfinstruct.disk.files import find_path
from selfinstruct.errors import UserError
from selfinstruct.filters.embedding import require_sentences
from selfinstruct.filters.executable import Executables
from selfinstruct.filters.extras import require_extras
from selfinstruct.filters.standards import Standards
from selfinstruct.licenses import is_allowed
from selfinstruct.metrics import metrics_of
from selfinstruct.model import CHAT, Speech
from selfinstruct.plugins import find_function
from selfinstruct.recipes import WITHOUT_LABEL, labelling
from selfinstruct.recipes.passages import LEAST_WORDS, of_rows, read_passages
from selfinstruct.schema import open_schema
from selfinstruct.types import Example, RealData

JUDGE = "judge"
"""The metric that takes two students and a model: see `judge`."""

COMPLETED = frozenset({"few_shot"})
"""The recipes that can ask a model without turns, by a text that it goes on with."""


@dataclass(frozen=True)
class Task:
    """The settled choices of one run."""

    target: Target
    recipes: Mapping[str, float]
    steps: int
    speech: Speech = CHAT


def settle(cfg: Config, data: RealData) -> Task:
    """The choices that `auto` leaves open. Raises `UserError` where the seeds cannot serve what is
    asked, and where a filter's package or model is not there.
    """
    require_extras(cfg.filters)
    if cfg.filters.novelty.embedding is not None:
        require_sentences(cfg.filters.novelty.embedding)
    target = settle_target(cfg, data.train)
    _check_terms(cfg)
    _check_gate(cfg, target)
    _check_turns(cfg, target)
    _check_scenarios(cfg, target, data)
    Standards.of(data.train, cfg.filters)  # a pattern, a schema or a package that is at fault
    Executables.of(cfg.filters.executable)
    _check_quality(cfg, target, data)
    speech = cfg.teacher.speech
    recipes = _settle_recipes(cfg.generate, speech, data, target)
    if "records" in recipes:
        _check_records(cfg, target, data)
    if "backtranslate" in recipes:
        _check_passages(cfg, data)
    if "program" in recipes:
        _check_program(cfg)
    takes_label = labelling(recipes, cfg.generate)
    check_goals(cfg.generate, data.labels, takes_label)
    if cfg.generate.focus is not None:
        require_focus(data.dev, data.labels, takes_label)
    return Task(target, recipes, steps_of_an_arm(cfg, len(data.train)), speech)


def _settle_recipes(
    cfg: GenerateConfig, speech: Speech, data: RealData, target: Target
) -> dict[str, float]:
    """The run's recipes with their weights, which sum to 1."""
    recipe: str = cfg.recipe
    if recipe == "auto":
        recipe = "label_first" if data.labels else "self_instruct"
        recipe = recipe if speech.turns else "few_shot"
    weights: dict[str, float] = dict(cfg.recipes.items()) or {recipe: 1.0}
    if "label_first" in weights and not data.labels:
        raise UserError(
            f"generate.{'recipes has' if cfg.recipes else 'recipe is'} label_first, but no seed "
            "has a label",
            next_step="add labels to the seeds, or set generate.recipe: self_instruct",
        )
    if not speech.turns and not weights.keys() <= COMPLETED:
        told = " and ".join(sorted(weights.keys() - COMPLETED))
        raise UserError(
            f"recipe {told} asks in turns, and teacher.template none sends none",
            next_step="set generate.recipe: few_shot, or teacher.template: chat",
        )
    if "label" in target and WITHOUT_LABEL & set(weights):
        raise UserError(
            f"recipe {' and '.join(WITHOUT_LABEL & set(weights))} makes rows without a label, and "
            "the student writes labels",
            next_step="leave it out, or set task.target=response",
        )
    total = sum(weights.values())
    return {name: weights[name] / total for name in sorted(weights)}


def _check_records(cfg: Config, target: Target, data: RealData) -> None:
    """Raises `UserError` where records have no schema, or the seeds another shape than theirs."""
    shape = cfg.generate.records.json_schema
    if shape is None:
        raise UserError(
            "recipe records is asked, and there is no schema",
            next_step="name its file in generate.records.json_schema",
        )
    open_schema(Path(shape), "generate.records.json_schema")
    if target != "response" or any(row.input for row in data.train):
        raise UserError(
            "recipe records is asked, and the seeds are not texts with a record each",
            why="a row has its text in `instruction`, its record in `response`, and no more",
            next_step="map them with seeds.columns, and put what is common to all into task.system",
        )


def _check_passages(cfg: Config, data: RealData) -> None:
    path = cfg.generate.backtranslate.path
    if path is not None:
        read_passages(Path(path), "")
    elif not of_rows(data.train):
        raise UserError(
            "recipe backtranslate is asked, and no seed has a response that it can use",
            why=f"it takes those of {LEAST_WORDS} words or more, to an instruction without input",
            next_step="name a file of real texts in generate.backtranslate.path",
        )


def _check_program(cfg: Config) -> None:
    if cfg.generate.program is None:
        raise UserError(
            "recipe program is asked, and there is none",
            next_step="name a function in generate.program, such as rules:make",
        )
    find_function(cfg.generate.program)


def located(cfg: Config, base: Path) -> Config:
    """The config with the files that it names found, below `base` first, then here; prices read.

    Raises `UserError` for one that is not there. What the config itself says stays the identity of
    a run, wherever its folder is moved.
    """
    schema, tasks = cfg.evaluate.json_schema, cfg.guard.lm_eval_path
    table = cfg.budget.price_file
    listed = load_prices(find_path(table, base)) if table else {}
    evaluate = {"json_schema": schema and str(find_path(schema, base))}
    form, records = cfg.filters.format, cfg.generate.records
    shape = {"json_schema": form.json_schema and str(find_path(form.json_schema, base))}
    filters = {"format": form.model_copy(update=shape)}
    shape = {"json_schema": records.json_schema and str(find_path(records.json_schema, base))}
    texts = cfg.generate.backtranslate
    where = {"path": texts.path and str(find_path(texts.path, base))}
    generate = {
        "records": records.model_copy(update=shape),
        "backtranslate": texts.model_copy(update=where),
    }
    guard = {"lm_eval_path": tasks and str(find_path(tasks, base))}
    return cfg.model_copy(
        update={
            "filters": cfg.filters.model_copy(update=filters),
            "generate": cfg.generate.model_copy(update=generate),
            "evaluate": cfg.evaluate.model_copy(update=evaluate),
            "guard": cfg.guard.model_copy(update=guard),
            "budget": cfg.budget.model_copy(update={"prices": listed | cfg.budget.prices}),
        }
    )


def require_prices(cfg: Config) -> None:
    """Raises `UserError` where cost is limited and a model has no price, before anything is spent.

    The name of a model that runs here is known when it is opened, and its price asked for then.
    """
    rubric = cfg.filters.quality.rubric
    for model in (cfg.teacher, cfg.judge.model, None if rubric is None else rubric.model):
        if model is not None and model.backend in ("openai", "program"):
            require_price(cfg.budget, f"{model.backend}:{model.name}")


def _check_terms(cfg: Config) -> None:
    terms, allow = cfg.teacher.terms, cfg.licenses.allow
    if terms and not is_allowed(terms, allow):
        raise UserError(
            f"what the teacher writes comes under {terms}, which licenses.allow does not name",
            why=f"allowed: {', '.join(allow or ())}; every synthetic row would have to be dropped",
            next_step="name it in licenses.allow, or take another teacher",
        )


def _check_gate(cfg: Config, target: Target) -> None:
    schema = cfg.evaluate.json_schema
    scored = ("nll", *metrics_of(target, cfg.evaluate.metrics, schema))
    if cfg.gate.metric == JUDGE:
        if cfg.judge.model is None:
            raise UserError(
                "gate.metric is judge, and no model judges",
                next_step="name one in judge.model, with its backend and name",
            )
    elif cfg.gate.metric not in ("auto", *scored):
        raise UserError(
            f"gate.metric is {cfg.gate.metric}, which the students are not scored on",
            why=f"they are scored on {', '.join(scored)}",
            next_step="set gate.metric=auto, or add it to evaluate.metrics",
        )


def _check_turns(cfg: Config, target: Target) -> None:
    if cfg.student.train_on == "every_assistant_turn" and target != "response":
        raise UserError(
            f"student.train_on is every_assistant_turn, and the student writes a label ({target})",
            why="an earlier turn has no label, so it would teach the student to answer without one",
            next_step="set student.train_on=last_turn, or task.target=response",
        )


def _check_scenarios(cfg: Config, target: Target, data: RealData) -> None:
    scenarios = cfg.generate.dialogue.scenarios
    unknown = [scenario for scenario in scenarios if scenario not in data.labels]
    asked = (cfg.generate.recipe, *cfg.generate.recipes)
    if "dialogue" in asked and target != "response" and unknown:
        raise UserError(
            f"generate.dialogue.scenarios has {unknown[0]!r}, which is no label of the seeds",
            why=f"the student writes a label ({target}), and a conversation has that of its "
            "scenario",
            next_step="name labels, leave scenarios out to take all labels, or set "
            "task.target=response",
        )


def _check_quality(cfg: Config, target: Target, data: RealData) -> None:
    """Raises `UserError` for a filter that the rows, or what the student writes, cannot serve."""
    quality = cfg.filters.quality
    if quality.label_agreement is not None and not data.labels:
        raise UserError(
            "filters.quality.label_agreement is on, but no seed has a label",
            next_step="add labels to the seeds, or leave it out",
        )
    if quality.asks_students and target == "response":
        raise UserError(
            "filters.quality.label_agreement asks students for labels, but they write responses",
            next_step="set filters.quality.label_agreement.by=teacher, or another task.target",
        )
    trip = quality.round_trip
    if trip is not None and trip.least is None and (target == "response" or not data.labels):
        raise UserError(
            "filters.quality.round_trip needs least where rows have no labels",
            next_step="set filters.quality.round_trip.least, a ROUGE-L F1 in 0..1",
        )


def settle_target(cfg: Config, rows: Sequence[Example]) -> Target:
    """`task.target`, checked against the rows, or what fits them if it is `auto`."""
    labelled = all(row.label is not None for row in rows)
    answered = all(row.response for row in rows)
    target = cfg.task.target
    if target == "auto":
        if labelled:
            return "label_and_response" if answered else "label"
        target = "response"
    for part, present in (("label", labelled), ("response", answered)):
        if part in target and not present:
            raise UserError(
                f"task.target is {target}, but some seeds have no {part}",
                next_step=f"give every seed a {part}, or set another task.target",
            )
    return target


def steps_of_an_arm(cfg: Config, real_rows: int) -> int:
    """Optimiser steps of every student of the run: arms differ in rows and not in compute.

    `student.epochs` counts passes over a mixture of the full planned size; the control, whose
    mixture is smaller, sees its rows more often.
    """
    if cfg.student.max_steps is not None:
        return cfg.student.max_steps
    share = cfg.mixture.synthetic_share
    copies = real_rows * cfg.mixture.repeat
    planned = copies / (1 - share) if share < 1 else cfg.generate.accept
    if cfg.mixture.max_rows is not None:
        planned = min(planned, cfg.mixture.max_rows)
    return max(1, math.ceil(cfg.student.epochs * planned / cfg.student.batch_size))
