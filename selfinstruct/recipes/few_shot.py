"""Many new rows a call: demonstrations are shown, and so many more of the kind are asked for.

With labels, the rows of a call have the label of its order, as in `label_first`; without, each is
an instruction with its input and response. A teacher that takes turns is asked for JSON, under a
schema where its server holds to one. One that takes none, a base model, is shown a list and goes on
with it by one row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, choose_demos
from selfinstruct.recipes.asking import (
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Material,
    Order,
    Wave,
    answers,
    conceive,
    conceive_labelled,
    read,
    with_text,
)
from selfinstruct.recipes.parse_items import Item, Lost, Read, read_block, read_items, read_line
from selfinstruct.text import question_text
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection, Sampling

TEXT = ("text",)
ANSWERED_TEXT = ("text", "response")
TASK = ("instruction", "input", "response")

ASK = Form(
    "few_shot/ask.j2",
    {
        "order": FULL_ORDER,
        "subject": "texts",
        "fields": TEXT,
        "shown": ['{"text": "What is this charge?"}'],
        "count": 10,
    },
    {"order": FREE_ORDER, "fields": TASK, "shown": []},
)
COMPLETE = Form(
    "few_shot/complete.j2",
    {
        "order": FULL_ORDER,
        "subject": "texts",
        "fields": ["Text"],
        "shown": [["What is this charge?"]],
    },
    {
        "order": FREE_ORDER,
        "fields": ["Instruction", "Input", "Response"],
        "shown": [["Name a colour.", "", "Blue."]],
    },
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """An order, what its rows consist of, the demonstrations and what the new rows share."""

    order: Order
    fields: tuple[str, ...]
    demos: tuple[Example, ...]
    blank: Example


def few_shot(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order `samples_per_prompt` answers of `items_per_call` rows; of one row each from a
    teacher without turns.
    """
    turns = material.speech.turns
    plans = [_plan(order, material, cfg, wave) for order in wave.orders]
    prompts = [
        _question(plan, material, cfg) if turns else _opening(plan, material, cfg) for plan in plans
    ]
    sampling, most = _sampling(cfg, material), cfg.items_per_call if turns else 1
    examples: list[Example] = []
    rejections: list[Rejection] = []
    asked = answers(plans, prompts, ask, sampling, cfg.samples_per_prompt)
    for plan, completion in asked:
        drafts = _read(plan, completion, most, turns=turns)
        examples += drafts.examples
        rejections += drafts.rejections
    return Drafts(tuple(examples), tuple(rejections))


def schema_of(fields: Sequence[str]) -> str:
    """The JSON schema of an answer: an object with a list, since OpenAI's strict mode takes no list
    alone and no optional field (platform.openai.com/docs/guides/structured-outputs).
    """
    row = {
        "type": "object",
        "properties": {field: {"type": "string"} for field in fields},
        "required": list(fields),
        "additionalProperties": False,
    }
    whole = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": row}},
        "required": ["items"],
        "additionalProperties": False,
    }
    return json.dumps(whole, separators=(",", ":"))


def _plan(order: Order, material: Material, cfg: GenerateConfig, wave: Wave) -> _Plan:
    label = order.label
    demos = choose_demos(material.train, material.pool, cfg.demos, wave.rng, label, material.full)
    if label is None:
        return _Plan(order, TASK, demos, conceive(demos, order, wave))
    blank = conceive_labelled(demos, order, wave, material.train)
    fields = TEXT if material.target == "label" else ANSWERED_TEXT
    return _Plan(order, fields, demos, blank)


def _shown(plan: _Plan) -> list[list[str]]:
    """The demonstrations, field by field."""
    return [
        [question_text(demo) if field == "text" else getattr(demo, field) for field in plan.fields]
        for demo in plan.demos
    ]


def _opening(plan: _Plan, material: Material, cfg: GenerateConfig) -> Prompt:
    """What a teacher without turns goes on with; each value stands on a line of its own."""
    shown = [[" ".join(value.split()) for value in row] for row in _shown(plan)]
    named = [field.capitalize() for field in plan.fields]
    return material.prompts.build(
        COMPLETE, plan.demos, order=plan.order, subject=cfg.subject, fields=named, shown=shown
    )


def _question(plan: _Plan, material: Material, cfg: GenerateConfig) -> Prompt:
    shown = [dict(zip(plan.fields, row, strict=True)) for row in _shown(plan)]
    prompt = material.prompts.build(
        ASK,
        plan.demos,
        order=plan.order,
        subject=cfg.subject,
        fields=plan.fields,
        shown=[json.dumps(row, ensure_ascii=False) for row in shown],
        count=cfg.items_per_call,
    )
    held = material.speech.schema
    return replace(prompt, schema=schema_of(plan.fields)) if held else prompt


def _sampling(cfg: GenerateConfig, material: Material) -> Sampling:
    """Room for every row of an answer; a row without turns ends with its line, or where the next
    begins.
    """
    how = cfg.question
    if material.speech.turns:
        return replace(how, max_tokens=how.max_tokens * cfg.items_per_call)
    one_line = material.labels and material.target == "label"
    end = "\n" if one_line else "\n\n"
    return replace(how, stop=(*how.stop, end))


def _read(plan: _Plan, completion: Completion, most: int, *, turns: bool) -> Drafts:
    """A draft of every row that was asked for, and why each other piece is none."""

    def reader(text: str) -> Read:
        if turns:
            return read_items(text, plan.fields, cut=completion.finish_reason == "length")
        return read_line(text) if plan.fields == TEXT else read_block(text, plan.fields)

    reading = read(completion, reader)
    blank = replace(plan.blank, attempt=completion.attempt)
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for item in reading.items:
        if isinstance(item, Lost):
            rejections.append(Rejection(with_text(blank, item.words), "unreadable"))
        elif len(examples) == most:
            rejections.append(Rejection(_example(blank, plan.fields, item), "surplus"))
        else:
            examples.append(_example(blank, plan.fields, item))
    if reading.reason is not None:
        rejections.append(Rejection(with_text(blank, reading.lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))


def _example(blank: Example, fields: Sequence[str], item: Item) -> Example:
    values = dict(zip(fields, item, strict=True))
    if fields == TASK:
        return replace(blank, **values)  # type: ignore[arg-type]
    return replace(with_text(blank, values["text"]), response=values.get("response", ""))
