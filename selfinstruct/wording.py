"""The prompts of one run: settled when it begins, kept to until its end.

A reference, be it a file, a number or a label, is resolved once. What it came to is stored with its
whole source, so that a label that moves, a file that is deleted or a newer package change nothing
of a run that has begun.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from selfinstruct import recipes
from selfinstruct.config import Config, PromptsConfig
from selfinstruct.disk.files import find_path
from selfinstruct.errors import UserError
from selfinstruct.judging import judge
from selfinstruct.prompting import Form, check
from selfinstruct.quality import consistency, labels, round_trip, rubric
from selfinstruct.registry import (
    Chosen,
    Ref,
    Registry,
    Used,
    Wording,
    of_rows,
    read_ref,
    unused,
)
from selfinstruct.rows import Row
from selfinstruct.task import Task

FOLDER = "prompts"
FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        *(form for forms in recipes.FORMS.values() for form in forms),
        *(each.FORM for each in (labels, consistency, round_trip, rubric, judge)),
    )
}
"""Everything that any run asks, by the name of its template."""


def settle_wording(
    cfg: Config, base: Path, task: Task, stored: Sequence[Row] | None = None
) -> Wording:
    """The prompts that a run of this config asks with; `base` is the config's folder, `stored` what
    the run has begun with.

    What was resolved by a label, or came with the package, stays as it is stored. Raises
    `UserError` for a reference that means nothing and for a template that cannot be rendered,
    naming its file and line, before anything is spent.
    """
    registry = registry_of(cfg.prompts, base)
    known = {(each.chosen.ref, each.weight is None): each.chosen for each in of_rows(stored).used}
    use = _read_use(cfg.prompts)
    arms = _read_arms(cfg.generate.arms, task)
    _require_one_place(use, arms)
    used: list[Used] = []
    for form in forms_of(cfg, task):
        refs = arms.get(form.name)
        for ref, weight in refs.items() if refs else [(use.get(form.name, Ref(form.name)), None)]:
            chosen = _resolve(registry, ref, known.get((ref, weight is None)))
            check(chosen.template, form)
            used.append(Used(chosen, weight))
    for ref in use.values():
        if ref.name not in {each.chosen.ref.name for each in used}:
            registry.choose(ref)  # a run does not ask by it, but it has to mean something
    _require_different(used)
    return Wording(tuple(used), tuple(_notes(registry)))


def registry_of(cfg: PromptsConfig, base: Path) -> Registry:
    """The prompts of a project. Raises `UserError` where the config names a missing folder."""
    return Registry(base / FOLDER if cfg.folder is None else find_path(cfg.folder, base))


def forms_of(cfg: Config, task: Task) -> Iterator[Form]:
    """Everything that a run with these settings may ask."""
    for recipe in task.recipes:
        yield from recipes.FORMS[recipe]
    quality = cfg.filters.quality
    agrees, trip = quality.label_agreement, quality.round_trip
    asked = {
        labels.FORM.name: trip is not None
        or quality.self_consistency is not None
        or (agrees is not None and agrees.by == "teacher"),
        consistency.FORM.name: quality.self_consistency is not None,
        round_trip.FORM.name: trip is not None,
        rubric.FORM.name: quality.rubric is not None,
        judge.FORM.name: cfg.judge.model is not None,
    }
    yield from (FORMS[name] for name, is_on in asked.items() if is_on)


def _resolve(registry: Registry, ref: Ref, before: Chosen | None) -> Chosen:
    if before is not None and ref.kind == "label":
        return before
    chosen = registry.choose(ref)
    if before is not None and before.origin == chosen.origin == "shipped":
        return before
    return chosen


def _read_use(cfg: PromptsConfig) -> dict[str, Ref]:
    found: dict[str, Ref] = {}
    for name, at in cfg.use.items():
        ref = read_ref(f"{name}@{at}")
        _require_form(ref, f"prompts.use has {name!r}")
        found[ref.name] = ref
    return found


def _read_arms(arms: Mapping[str, float], task: Task) -> dict[str, dict[Ref, float]]:
    """Template to the references that share its prompts, each with its weight."""
    found: dict[str, dict[Ref, float]] = {}
    for text, weight in arms.items():
        ref = read_ref(text)
        form = _require_form(ref, f"generate.arms has {text!r}")
        if form.recipe not in task.recipes:
            raise UserError(
                f"generate.arms has {text!r}, and recipe {form.recipe} is not asked",
                why=f"asked is {', '.join(task.recipes)}",
                next_step="name it in generate.recipe or generate.recipes, or take the arm away",
            )
        found.setdefault(ref.name, {})[ref] = weight
    by_recipe = Counter(FORMS[name].recipe for name in found)
    for name, refs in found.items():
        recipe = FORMS[name].recipe
        if by_recipe[recipe] > 1:
            raise UserError(
                f"generate.arms has versions of {by_recipe[recipe]} prompts of recipe {recipe}",
                why="what each brought could not be told apart",
                next_step="compare one, then the other",
            )
        if len(refs) == 1:
            alone = next(iter(refs))
            raise UserError(
                f"generate.arms has {alone} alone, which is compared with nothing",
                next_step=f"add another version, such as {alone.short}@shipped; or set prompts.use",
            )
    return found


def _require_form(ref: Ref, what: str) -> Form:
    if ref.name not in FORMS:
        short = [form.short for form in FORMS.values()]
        near = difflib.get_close_matches(ref.short, short, n=1)
        raise UserError(
            f"{what}, which no run asks by",
            next_step=f"did you mean {near[0]}?" if near else f"one of {', '.join(sorted(short))}",
        )
    return FORMS[ref.name]


def _require_one_place(use: Iterable[str], arms: Iterable[str]) -> None:
    for name in set(use) & set(arms):
        raise UserError(
            f"{FORMS[name].short} is in prompts.use and in generate.arms",
            next_step="take it out of one of them",
        )


def _require_different(used: Sequence[Used]) -> None:
    first: dict[tuple[str, str], Ref] = {}
    for each in used:
        ref = each.chosen.ref
        same = first.setdefault((ref.name, each.chosen.template.version), ref)
        if same != ref:
            raise UserError(
                f"generate.arms has {same} and {ref}, which are the same prompt",
                next_step="take one of them away, and give the other both weights",
            )


def _notes(registry: Registry) -> Iterator[str]:
    """What of a folder is asked by nobody: a name that was mistyped overrides nothing."""
    for name in unused(registry, list(FORMS)):
        near = difflib.get_close_matches(name, FORMS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield f"{registry.folder / name} is asked by no recipe, and included by none{hint}"
