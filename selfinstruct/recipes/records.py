"""Texts with the JSON record that is to be read from each: the record is written first.

So the answer is right by construction, as far as the text keeps to it; that every string of the
record stands in the text is checked, and that it says no other choice than the record has. A record
is held to the user's schema by the server where it offers that, and by the reference implementation
of JSON Schema in any case. A row holds its text as the instruction and the record as the response.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, Prompts, choose_demos
from selfinstruct.recipes.asking import (
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Material,
    Order,
    Wave,
    answers,
    conceive,
    read,
)
from selfinstruct.recipes.parse import read_text
from selfinstruct.recipes.parse_items import read_json
from selfinstruct.schema import Schema, open_schema, parse
from selfinstruct.text import normalise, without_surrogates, words
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection

RECORD = Form(
    "records/record.j2",
    {"order": FULL_ORDER, "schema": '{"type": "object"}', "wishes": {"kind": '"fee"'}},
    {"order": FREE_ORDER, "wishes": {}},
)
TEXT = Form("records/text.j2", {"order": FULL_ORDER, "record": "{}"}, {"order": FREE_ORDER})
FIELD = "generate.records.json_schema"


@dataclass(frozen=True, slots=True)
class TextCheck:
    """Whether a text says its record: `listed` strings need not stand in it, and of `choices` of a
    member it may not say another one instead.
    """

    listed: frozenset[str]
    choices: Mapping[str, Sequence[str]]

    def fault(self, row: Example) -> Rejection | None:
        """Why a row's text is none of its record."""
        missing = value_missing(row.instruction, row.response, self.listed)
        if missing is not None:
            return Rejection(row, "value_missing", missing)
        denied = value_denied(row.instruction, row.response, self.choices)
        return None if denied is None else Rejection(row, "value_denied", denied)


Wishes = Mapping[str, Any]
"""Members of a record to the values they are to have, since these are rare so far."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row without its text, and the demonstrations and order it was made from."""

    row: Example
    demos: tuple[Example, ...]
    order: Order


def records(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order `samples_per_prompt` records, and one text to each valid one.

    Raises `UserError` for a schema that cannot be used.
    """
    schema = open_schema(Path(cfg.records.json_schema or ""), FIELD)
    known = [row.response for row in (*material.train, *material.pool.rows)]
    counts = count_values(schema.value, known)
    drafts: list[_Draft] = []
    rejections: list[Rejection] = []
    blanks = [_blank(order, material, cfg, wave) for order in wave.orders]
    prompts = [
        _record_prompt(blank, schema, draw_wishes(counts, wave.rng), material) for blank in blanks
    ]
    asked = answers(blanks, prompts, ask, cfg.question, cfg.samples_per_prompt)
    for blank, completion in asked:
        for found in _read_records(blank.row, completion, schema):
            if isinstance(found, Rejection):
                rejections.append(found)
            else:
                drafts.append(replace(blank, row=found))
    check = None
    if cfg.records.values_in_text:
        check = TextCheck(_listed(schema.value), told_apart(schema.value, material.train))
    texts = _write_texts(drafts, material.prompts, ask, cfg, check)
    return Drafts(texts.examples, (*rejections, *texts.rejections))


def count_values(schema: Any, responses: Sequence[str]) -> dict[str, Counter[str]]:
    """How often each value that a schema lists stands in these responses, by member; values as
    JSON. Members of the outermost object alone; a response that is no object counts nothing.
    """
    members = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    counts = {
        name: Counter({json.dumps(value): 0 for value in _choices(each)})
        for name, each in members.items()
        if len(_choices(each)) > 1
    }
    for response in responses:
        record = _parsed(response)
        for name in counts.keys() & (record.keys() if isinstance(record, dict) else ()):
            value = json.dumps(record[name])
            if value in counts[name]:
                counts[name][value] += 1
    return counts


def draw_wishes(counts: Mapping[str, Counter[str]], rng: random.Random) -> dict[str, Any]:
    """A value for each counted member, drawn with weight 1 / (1 + its count), as labels are."""
    return {
        name: json.loads(rng.choices(list(seen), [1 / (1 + n) for n in seen.values()])[0])
        for name, seen in counts.items()
    }


def _choices(schema: Any) -> Sequence[Any]:
    if not isinstance(schema, Mapping):
        return ()
    if schema.get("type") == "boolean":
        return (True, False)
    found = schema.get("enum", ())
    return found if isinstance(found, list) else ()


def _parsed(text: str) -> Any:
    """The value of a JSON text, None where it is none."""
    try:
        return parse(text)
    except (ValueError, RecursionError):
        return None


def _blank(order: Order, material: Material, cfg: GenerateConfig, wave: Wave) -> _Draft:
    demos = choose_demos(material.train, material.pool, cfg.demos, wave.rng, full=material.full)
    row = conceive(demos, order, wave)
    return _Draft(row, demos, order)


def _record_prompt(blank: _Draft, schema: Schema, wishes: Wishes, material: Material) -> Prompt:
    told = json.dumps(schema.value, ensure_ascii=False)
    prompt = material.prompts.build(
        RECORD,
        blank.demos,
        order=blank.order,
        schema=told,
        wishes={name: json.dumps(value, ensure_ascii=False) for name, value in wishes.items()},
    )
    if not material.speech.schema:
        return prompt
    return replace(prompt, schema=json.dumps(_narrowed(schema.value, wishes), ensure_ascii=False))


def _narrowed(schema: Any, wishes: Wishes) -> Any:
    """The schema with no choice left where there is a wish: small models pass over it in words."""
    if not wishes:
        return schema
    members = dict(schema["properties"])
    for name, value in wishes.items():
        members[name] = {**members[name], "enum": [value]}
    return {**schema, "properties": members}


def _read_records(
    blank: Example, completion: Completion, schema: Schema
) -> Iterator[Example | Rejection]:
    """The record of an answer as a row without a text; why not, for all else."""
    reading = read(completion, read_json)
    blank = replace(blank, attempt=completion.attempt)
    for place, piece in enumerate(reading.items):
        row = replace(blank, response=piece)
        try:
            record = parse(piece)
            fault = schema.fault(record)
        except (ValueError, RecursionError) as error:
            yield Rejection(row, "unreadable", str(error)[:200])
            continue
        if fault is not None:
            yield Rejection(row, "breaks_schema", fault)
        elif place > 0:
            yield Rejection(row, "surplus")
        else:
            told = without_surrogates(json.dumps(record, ensure_ascii=False))
            yield replace(blank, response=told)
    if reading.reason is not None:
        yield Rejection(replace(blank, response=reading.lost), reading.reason)


def _write_texts(
    drafts: Sequence[_Draft],
    prompts: Prompts,
    ask: Ask,
    cfg: GenerateConfig,
    check: TextCheck | None,
) -> Drafts:
    """A text to each record, dropped where the check finds that it does not say the record."""
    asked = [
        prompts.build(
            TEXT, draft.demos, draft.row.attempt, order=draft.order, record=draft.row.response
        )
        for draft in drafts
    ]
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for draft, completion in answers(drafts, asked, ask, cfg.question):
        reading = read(completion, read_text)
        row = replace(draft.row, attempt=completion.attempt)
        for text in reading.items:
            found = replace(row, instruction=text)
            fault = None if check is None else check.fault(found)
            if fault is None:
                examples.append(found)
            else:
                rejections.append(fault)
        if reading.reason is not None:
            rejections.append(Rejection(replace(row, instruction=reading.lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))


def value_denied(text: str, record: str, choices: Mapping[str, Sequence[str]]) -> str | None:
    """What a text says instead of a listed value of its record, as "size: large": another choice of
    that member stands in it, and its own does not. Members of the outermost object alone.
    """
    told, found = _spelled(text), parse(record)
    for name, values in choices.items():
        own = found.get(name) if isinstance(found, dict) else None
        if isinstance(own, str) and own in values and _spelled(own) not in told:
            others = (value for value in values if value != own and _spelled(value) in told)
            other = next(others, None)
            if other is not None:
                return f"{name}: {other}"
    return None


def told_apart(schema: Any, train: Sequence[Example]) -> dict[str, tuple[str, ...]]:
    """The members that list words to choose from, and these; without those in which a real text
    says another choice than its record has, as it may of topics.
    """
    members = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    choices = {
        name: tuple(value for value in _choices(each) if isinstance(value, str) and words(value))
        for name, each in members.items()
    }
    real = [(row.instruction, row.response) for row in train if _parsed(row.response) is not None]
    return {
        name: values
        for name, values in choices.items()
        if values and not any(value_denied(*row, {name: values}) for row in real)
    }


def _spelled(text: str) -> str:
    """Its words between single blanks, so that whole words are found in it."""
    return f" {' '.join(words(text))} "


def value_missing(text: str, record: str, listed: frozenset[str] = frozenset()) -> str | None:
    """The first string of a record that does not stand in the text, case and white space aside."""
    told = normalise(text)
    strings = (value for value in _strings(parse(record)) if value not in listed)
    return next((value for value in strings if normalise(value) not in told), None)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _listed(schema: Any) -> frozenset[str]:
    """Every string that a schema itself names as a value: a category, which a text need not say."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found |= {*_strings(node.get("enum", [])), *_strings(node.get("const"))}
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return frozenset(found)
