"""Records first, then the texts that hold them: what is asked, and what becomes of every answer."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import DemosConfig, GenerateConfig, RecordsConfig
from selfinstruct.errors import UserError
from selfinstruct.model import CHAT, Speech
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import Material, Order, Wave
from selfinstruct.recipes.records import (
    RECORD,
    TEXT,
    count_values,
    draw_wishes,
    records,
    told_apart,
    value_denied,
    value_missing,
)
from selfinstruct.types import Completion, Drafts, Example, FinishReason, Prompt
from selfinstruct.types import Sampling as How

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "team": {"enum": ["sales", "support"]},
        "urgent": {"type": "boolean"},
        "hours": {"type": "number", "minimum": 0},
    },
    "required": ["name", "team"],
    "additionalProperties": False,
}
GOOD = {"name": "Ada Lovelace", "team": "sales", "urgent": True}
TRAIN = tuple(
    Example(
        f"Person {n} of sales is waiting.",
        response=json.dumps({"name": f"Person {n}", "team": "sales", "urgent": n == 0}),
        license="CC0",
    )
    for n in range(4)
)


@dataclass
class Teacher:
    """Answers each template by a function of the question's number; keeps what it was asked."""

    record: Callable[[int], str]
    text: Callable[[int], str] = lambda n: f"Ada Lovelace waits, number {n}."
    finish: dict[str, FinishReason] = field(default_factory=dict)
    asked: dict[str, list[Prompt]] = field(default_factory=dict)

    def __call__(
        self, prompts: Sequence[Prompt], _sampling: How, samples: int
    ) -> list[list[Completion]]:
        found = []
        for at, prompt in enumerate(prompts):
            self.asked.setdefault(prompt.template, []).append(prompt)
            answer = self.record if prompt.template == RECORD.name else self.text
            finish = self.finish.get(prompt.template, "stop")
            found.append(
                [
                    Completion(answer(at * samples + n), finish, attempt=f"{prompt.template}/{at}")
                    for n in range(samples)
                ]
            )
        return found


@pytest.fixture
def cfg(tmp_path: Path) -> GenerateConfig:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return GenerateConfig(
        samples_per_prompt=2,
        demos=DemosConfig(real=2, synthetic=0),
        records=RecordsConfig(json_schema=str(path)),
    )


def run(
    teacher: Teacher, cfg: GenerateConfig, speech: Speech = CHAT, order: Order | None = None
) -> Drafts:
    material = Material(TRAIN, Shelf(), (), "response", lambda _: None, speech)
    order = order or Order("records")
    return records(material, teacher, cfg, Wave(3, 0, random.Random(0), (order, order)))


def reasons(drafts: Drafts) -> Counter[str]:
    return Counter(each.reason for each in drafts.rejections)


def test_a_row_is_a_text_and_the_record_that_was_there_before_it(cfg: GenerateConfig) -> None:
    teacher = Teacher(lambda _: f"```json\n{json.dumps(GOOD, indent=2)}\n```")
    drafts = run(teacher, cfg)
    assert drafts.rejections == ()
    assert len(drafts.examples) == 4
    for n, row in enumerate(drafts.examples):
        assert row.instruction == f"Ada Lovelace waits, number {n}."
        assert (row.input, row.response) == ("", json.dumps(GOOD))
        assert (row.source, row.depth, row.round) == ("recipe:records", 1, 3)
        assert (row.license, row.attempt) == ("CC0", f"{TEXT.name}/{n}")
        assert set(row.parents) <= {each.id for each in TRAIN}
        assert json.dumps(GOOD) in teacher.asked[TEXT.name][n].messages[-1].content
        assert teacher.asked[TEXT.name][n].about == f"{RECORD.name}/{n // 2}"


@pytest.mark.parametrize(("speech", "held"), [(Speech(schema=True), True), (CHAT, False)])
def test_the_schema_is_in_the_words_and_held_to_by_the_server_where_it_does(
    cfg: GenerateConfig, speech: Speech, held: bool
) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD))
    run(teacher, cfg, speech)
    for prompt in teacher.asked[RECORD.name]:
        assert json.dumps(SCHEMA) in prompt.messages[0].content
        assert bool(prompt.schema) == held
        shown = [turn.content for turn in prompt.messages if turn.role == "assistant"]
        assert set(shown) <= {row.response for row in TRAIN}
        assert len(shown) == 2
    assert {prompt.schema for prompt in teacher.asked[TEXT.name]} == {""}


@pytest.mark.parametrize(
    ("answer", "finish", "reason", "value"),
    [
        ('{"name": "Ada", "team": "ops"}', "stop", "breaks_schema", "$.team: 'ops' is not one of"),
        ('{"name": "Ada"}', "stop", "breaks_schema", "$: 'team' is a required property"),
        ('{"name": 5, "team": "sales"}', "stop", "breaks_schema", "$.name: 5 is not of type"),
        ('{"name": "A", "team": "sales", "x": 1}', "stop", "breaks_schema", "$: Additional prop"),
        ("[]", "stop", "breaks_schema", "$: [] is not of type 'object'"),
        ('{"name": "Ada", "team": "sales",}', "stop", "unreadable", ""),
        ('{"name": "Ada", "name": "Bob", "team": "sales"}', "stop", "unreadable", "a name stands"),
        ('{"name": "Ada", "team": "sales", "hours": NaN}', "stop", "unreadable", "NaN is no JSON"),
        ('{"name": "Ada", "te', "stop", "unreadable", ""),
        ('{"name": "Ada", "te', "length", "truncated", ""),
        ("name: Ada", "stop", "unreadable", ""),
        ("", "stop", "empty", ""),
        ("", "error", "failed_call", ""),
        ("I cannot", "refusal", "refused", ""),
        ("[" * 100_000, "stop", "unreadable", ""),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_no_valid_record_is_dropped_with_the_place_and_the_rule(
    cfg: GenerateConfig, answer: str, finish: FinishReason, reason: str, value: str
) -> None:
    teacher = Teacher(lambda _: answer, finish={RECORD.name: finish})
    drafts = run(teacher, cfg)
    assert drafts.examples == ()
    assert reasons(drafts) == {reason: 4}
    assert all(value in str(each.value or "") for each in drafts.rejections)
    assert TEXT.name not in teacher.asked


def test_half_a_character_in_a_record_is_no_character(cfg: GenerateConfig) -> None:
    answer = '{"name": "A\\ud83d B\\ud83d\\ude00", "team": "sales"}'
    drafts = run(Teacher(lambda _: answer, lambda _: "a b"), cfg)
    [response] = {each.what.response for each in drafts.rejections}
    assert response == '{"name": "A\ufffd B😀", "team": "sales"}'


def test_a_second_record_in_one_answer_is_surplus(cfg: GenerateConfig) -> None:
    drafts = run(Teacher(lambda _: f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}"), cfg)
    assert (len(drafts.examples), reasons(drafts)) == (4, {"surplus": 4})


SIZES = {"size": ("small", "medium", "extra large")}


@pytest.mark.parametrize(
    ("text", "record", "denied"),
    [
        # written by SmolLM2-135M, and kept once
        ("4 large water bottles for Monday", {"size": "medium"}, None),  # large is no choice here
        ("4 extra large water bottles", {"size": "medium"}, "size: extra large"),
        ("2 SMALL notebooks, please hurry", {"size": "medium"}, "size: small"),
        ("a medium one, not a small one", {"size": "medium"}, None),
        ("a smaller one", {"size": "medium"}, None),
        ("no size is said", {"size": "medium"}, None),
        ("a small one", {}, None),
        ("a small one", {"size": ["medium"]}, None),
        ("a small one", [], None),
    ],
)
def test_a_text_may_not_say_another_choice_than_its_record(
    text: str, record: Any, denied: str | None
) -> None:
    assert value_denied(text, json.dumps(record), SIZES) == denied


@pytest.mark.parametrize(
    ("real", "checked"),
    [
        ([], {"team": ("sales", "support")}),
        ([("Ada of sales", GOOD)], {"team": ("sales", "support")}),
        ([("Ada asks sales for support", GOOD)], {"team": ("sales", "support")}),
        ([("Ada wants support to pay", GOOD)], {}),  # so real rows say the other word
        ([("Ada wants support", "no record")], {"team": ("sales", "support")}),
    ],
)
def test_a_member_whose_other_choices_real_texts_say_is_not_checked(
    real: list[tuple[str, Any]], checked: dict[str, tuple[str, ...]]
) -> None:
    rows = [
        Example(text, response=record if isinstance(record, str) else json.dumps(record))
        for text, record in real
    ]
    assert told_apart(SCHEMA, rows) == checked


def test_a_text_that_denies_its_record_is_dropped_unless_that_is_allowed(
    cfg: GenerateConfig,
) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD), text=lambda n: f"Ada Lovelace of support, {n}.")
    drafts = run(teacher, cfg)
    assert reasons(drafts) == {"value_denied": 4}
    assert {each.value for each in drafts.rejections} == {"team: support"}
    lenient = cfg.records.model_copy(update={"values_in_text": False})
    assert len(run(teacher, cfg.model_copy(update={"records": lenient})).examples) == 4


def test_a_text_that_lacks_a_value_is_dropped_unless_that_is_allowed(cfg: GenerateConfig) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD), text=lambda n: f"Somebody waits, number {n}.")
    drafts = run(teacher, cfg)
    assert reasons(drafts) == {"value_missing": 4}
    assert {each.value for each in drafts.rejections} == {"Ada Lovelace"}
    assert drafts.rejections[0].what.instruction == "Somebody waits, number 0."
    lenient = cfg.records.model_copy(update={"values_in_text": False})
    assert len(run(teacher, cfg.model_copy(update={"records": lenient})).examples) == 4


@pytest.mark.parametrize(
    ("text", "record", "missing"),
    [
        ("Ada waits in Rome", {"name": "Ada", "city": "Rome"}, None),
        ("ADA\nwaits  in rome", {"name": "ada", "city": "Rome"}, None),
        ("ada lovelace waits", {"name": "Ada  Lovelace"}, None),
        ("Ada waits", {"name": "Ada", "city": "Rome"}, "Rome"),
        ("Ada waits", {"people": [{"name": "Ada"}, {"name": "Bob"}]}, "Bob"),
        ("Ada waits", {"name": "Ada", "team": "sales"}, None),
        ("Ada waits", {"hours": 5, "urgent": True, "note": None}, None),
        ("Ada waits", {"note": ""}, None),
        ("アダさんは東京にいます", {"city": "東京"}, None),
        ("", {"name": "Ada"}, "Ada"),
        ("Ada", {"Bob": "Ada"}, None),
    ],
)
def test_every_string_of_a_record_stands_in_its_text(
    text: str, record: dict[str, Any], missing: str | None
) -> None:
    assert value_missing(text, json.dumps(record), frozenset({"sales"})) == missing


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("cut in the", "length", "truncated"),
        ("", "stop", "empty"),
        ("...", "stop", "unreadable"),
        ("", "error", "failed_call"),
        ("no", "refusal", "refused"),
    ],
)
def test_a_record_whose_text_failed_does_not_disappear(
    cfg: GenerateConfig, text: str, finish: FinishReason, reason: str
) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD), lambda _: text, {TEXT.name: finish})
    drafts = run(teacher, cfg)
    assert (drafts.examples, reasons(drafts)) == ((), {reason: 4})
    assert {each.what.response for each in drafts.rejections} == {json.dumps(GOOD)}


def test_rare_values_are_asked_for_more_often() -> None:
    often = [row.response for row in TRAIN] + ["no JSON", "[1]", '{"team": "ops", "urgent": 5}']
    counts = count_values(SCHEMA, often)
    assert counts == {
        "team": {'"sales"': 4, '"support"': 0},
        "urgent": {"true": 1, "false": 3},
    }
    rng = random.Random(0)
    drawn = [draw_wishes(counts, rng) for _ in range(2000)]
    support = sum(each["team"] == "support" for each in drawn) / 2000
    assert support == pytest.approx(1 / (1 + 1 / 5), abs=0.03)
    urgent = sum(each["urgent"] is True for each in drawn) / 2000
    assert urgent == pytest.approx((1 / 2) / (1 / 2 + 1 / 4), abs=0.03)


@pytest.mark.parametrize(
    "schema", [True, {}, {"properties": {"a": True}}, {"properties": {"a": {"enum": ["one"]}}}]
)
def test_a_schema_without_choices_wishes_nothing(schema: Any) -> None:
    assert draw_wishes(count_values(schema, ['{"a": "one"}']), random.Random(0)) == {}


def test_what_is_wished_for_is_asked_for(cfg: GenerateConfig) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD))
    order = Order("records", None, "a lost parcel", "a pensioner", "terse")
    drafts = run(teacher, cfg, order=order)
    for prompt in teacher.asked[RECORD.name]:
        last = prompt.messages[-1].content
        assert '"team": "s' in last
        assert '"urgent": ' in last
        assert "a lost parcel" in last
    for prompt in teacher.asked[TEXT.name]:
        last = prompt.messages[-1].content
        assert all(each in last for each in (order.request, order.persona, order.style))
    assert {row.request for row in drafts.examples} == {"a lost parcel"}


def test_a_server_that_holds_to_the_schema_is_left_no_choice_where_there_is_a_wish(
    cfg: GenerateConfig,
) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD))
    run(teacher, cfg, Speech(schema=True))
    for prompt in teacher.asked[RECORD.name]:
        held = json.loads(prompt.schema)
        team, urgent = (held["properties"].pop(name) for name in ("team", "urgent"))
        assert [len(each["enum"]) for each in (team, urgent)] == [1, 1]
        assert f'"team": "{team["enum"][0]}"' in prompt.messages[-1].content
        assert urgent["type"] == "boolean"
        kept = {name: SCHEMA["properties"][name] for name in ("name", "hours")}
        assert held == {**SCHEMA, "properties": kept}


def test_no_demonstrations_still_make_a_question(cfg: GenerateConfig) -> None:
    teacher = Teacher(lambda _: json.dumps(GOOD))
    bare = cfg.model_copy(update={"demos": DemosConfig(real=0, synthetic=0)})
    assert len(run(teacher, bare).examples) == 4
    assert all(len(prompt.messages) == 1 for prompt in teacher.asked[RECORD.name])
    assert json.dumps(SCHEMA) in teacher.asked[RECORD.name][0].messages[0].content


def test_a_schema_that_cannot_be_used_is_refused(cfg: GenerateConfig, tmp_path: Path) -> None:
    gone = replace_schema(cfg, str(tmp_path / "gone.json"))
    with pytest.raises(UserError, match=r"generate.records.json_schema: .*gone.json"):
        run(Teacher(lambda _: ""), gone)


def replace_schema(cfg: GenerateConfig, path: str) -> GenerateConfig:
    return cfg.model_copy(update={"records": RecordsConfig(json_schema=path)})


def test_the_same_chance_asks_the_same(cfg: GenerateConfig) -> None:
    first, again = (Teacher(lambda _: json.dumps(GOOD)) for _ in range(2))
    assert run(first, cfg) == run(again, cfg)
    assert first.asked == again.asked


@given(st.text(st.characters()))
def test_any_text_may_hold_any_record(text: str) -> None:
    for record in ('{"a": "b"}', json.dumps({"a": text}), json.dumps([text, [text]])):
        missing = value_missing(text, record)
        assert missing is None or missing in json.loads(record) or missing == "b"
