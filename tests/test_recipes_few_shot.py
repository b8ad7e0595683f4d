"""Many rows a call: what is asked of which teacher, and what becomes of each piece of an answer."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from selfinstruct.chat import Target, plain_text
from selfinstruct.config import DemosConfig, GenerateConfig
from selfinstruct.model import CHAT, Speech
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import Material, Order, Wave
from selfinstruct.recipes.few_shot import few_shot, schema_of
from selfinstruct.types import Completion, Drafts, Example, FinishReason, Prompt, Sampling

LABELLED = tuple(
    Example(
        "Name the intent.",
        f"{label} text {n}\nwith two lines",
        f"{label} reply {n}",
        label=label,
        kind="ticket",
        license="CC0",
    )
    for label in ("late_fee", "refund")
    for n in range(3)
)
PLAIN = tuple(
    Example(f"Do task {n}.", f"input {n}" if n % 2 else "", f"done {n}") for n in range(4)
)
CFG = GenerateConfig(
    samples_per_prompt=2,
    items_per_call=3,
    subject="messages of ATM users",
    demos=DemosConfig(real=4, synthetic=0),
)
HELD = Speech(turns=True, schema=True)
BASE = Speech(turns=False, schema=False)
ORDER = Order("few_shot", "late_fee")


@dataclass
class Teacher:
    """Gives its answers in turn, over and over; keeps what it was asked."""

    answers: Sequence[str]
    finish: FinishReason = "stop"
    prompts: list[Prompt] = field(default_factory=list)
    sampling: Sampling = field(default_factory=Sampling)

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        self.prompts += prompts
        self.sampling = sampling
        said = [
            Completion(self.answers[n % len(self.answers)], self.finish, attempt=f"call {n}")
            for n in range(len(prompts) * samples)
        ]
        return [said[n : n + samples] for n in range(0, len(said), samples)]


def ask(
    answers: Sequence[str],
    speech: Speech = CHAT,
    order: Order = ORDER,
    target: Target = "label",
    finish: FinishReason = "stop",
    cfg: GenerateConfig = CFG,
    pool: Sequence[Example] = (),
) -> tuple[Teacher, Drafts]:
    teacher = Teacher(answers, finish)
    train = PLAIN if order.label is None else LABELLED
    labels = () if order.label is None else ("late_fee", "refund")
    material = Material(train, Shelf(pool), labels, target, lambda _: None, speech)
    return teacher, few_shot(material, teacher, cfg, Wave(2, 0, random.Random(0), (order,)))


def words_of(prompt: Prompt) -> str:
    return plain_text(prompt.messages)


def items(*rows: dict[str, Any]) -> str:
    return json.dumps({"items": rows})


def test_a_base_model_goes_on_with_a_list_of_lines() -> None:
    teacher, drafts = ask([" a new text", ' "Another one"'], BASE)
    [prompt] = teacher.prompts
    heading, *lines, last = words_of(prompt).splitlines()
    assert heading == 'Messages of ATM users of the kind "late fee":'
    shown = {f"- late_fee text {n} with two lines" for n in range(3)}
    assert (set(lines), len(lines), last) == (shown, 3, "-")
    assert (teacher.sampling.stop, teacher.sampling.max_tokens) == (("\n",), 128)
    assert prompt.schema == ""
    texts = [(row.instruction, row.input, row.response) for row in drafts.examples]
    assert texts == [
        ("Name the intent.", "a new text", ""),
        ("Name the intent.", "Another one", ""),
    ]
    assert drafts.rejections == ()


def test_a_base_model_goes_on_with_blocks_of_fields() -> None:
    answer = " Where is it?\nResponse: On its way.\nText: more"
    teacher, drafts = ask([answer], BASE, target="label_and_response")
    [prompt] = teacher.prompts
    assert words_of(prompt).endswith("\n\nText:")
    assert "Text: late_fee text 0 with two lines\nResponse: late_fee reply 0\n" in words_of(prompt)
    assert teacher.sampling.stop == ("\n\n",)
    [(text, reply)] = {(row.input, row.response) for row in drafts.examples}
    assert (text, reply) == ("Where is it?", "On its way.")
    assert [each.reason for each in drafts.rejections] == ["unreadable"] * 2


def test_a_base_model_writes_tasks() -> None:
    answer = " Name a fruit.\nInput: none\nResponse: A fig."
    teacher, drafts = ask([answer], BASE, Order("few_shot"), "response")
    assert "Instruction: Do task 0.\nInput: none\nResponse: done 0" in words_of(teacher.prompts[0])
    [row] = {(row.instruction, row.input, row.response) for row in drafts.examples}
    assert row == ("Name a fruit.", "", "A fig.")


def test_a_request_a_persona_and_a_style_are_shown_to_either_teacher() -> None:
    order = replace(ORDER, request="about a lost parcel", persona="a pensioner", style="terse")
    for speech in (BASE, CHAT):
        teacher, drafts = ask(["{}", "x y"], speech, order)
        words = words_of(teacher.prompts[0])
        assert all(each in words for each in (order.request, order.persona, order.style))
        fates = [*drafts.examples, *(each.what for each in drafts.rejections)]
        assert {row.request for row in fates} == {"about a lost parcel"}


@pytest.mark.parametrize(("speech", "held"), [(HELD, True), (CHAT, False)])
@pytest.mark.parametrize(
    ("order", "target", "fields"),
    [
        (ORDER, "label", ("text",)),
        (ORDER, "label_and_response", ("text", "response")),
        (Order("few_shot"), "response", ("instruction", "input", "response")),
    ],
)
def test_a_chat_model_is_asked_for_json_and_held_to_it_where_its_server_does(
    speech: Speech, held: bool, order: Order, target: Target, fields: tuple[str, ...]
) -> None:
    rows = [{name: f"{name} {n}" for name in fields} for n in range(3)]
    teacher, drafts = ask([items(*rows)], speech, order, target)
    [prompt] = teacher.prompts
    first, answer, last = (turn.content for turn in prompt.messages)
    assert prompt.schema == (schema_of(fields) if held else "")
    shown = json.loads(answer)["items"]
    assert len(shown) == (4 if order.label is None else 3)
    assert all(tuple(each) == fields for each in shown)
    assert first.startswith(f"Write {len(shown)} ")
    assert last.startswith("Write 3 more ")
    assert order.label is None or '"late_fee"' in last
    assert teacher.sampling.max_tokens == 3 * CFG.question.max_tokens
    assert len(drafts.examples) == 2 * 3
    assert [row.attempt for row in drafts.examples] == ["call 0"] * 3 + ["call 1"] * 3
    if order.label is None:
        assert drafts.examples[1].input == "input 1"
    assert all(row.response == "response 0" for row in drafts.examples[::3] if row.response)


def test_a_schema_is_one_that_strict_servers_take() -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(schema_of(("text", "response")))
    Draft202012Validator.check_schema(schema)
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if node["type"] == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
            waiting += node["properties"].values()
        elif node["type"] == "array":
            waiting.append(node["items"])
    assert Draft202012Validator(schema).is_valid({"items": [{"text": "a", "response": "b"}]})
    assert not Draft202012Validator(schema).is_valid({"items": [{"text": "a"}]})


@pytest.mark.parametrize(
    ("answer", "finish", "texts", "reasons"),
    [
        (items(*({"text": f"t {n}"} for n in range(5))), "stop", 3, ["surplus"] * 2),
        ('[{"text": "one"}, {"txt": 3, "b": 4}, {"text": "two"}]', "stop", 2, ["unreadable"]),
        ('[{"text": "one"}, {"text": "two"}, {"text": "thr', "length", 2, ["truncated"]),
        ('[{"text": "one"}, {"text": "two"},', "length", 2, ["truncated"]),
        ('[{"text": "one"}, {"text": "two"}]', "length", 2, ["truncated"]),
        ("1. one is\n2. two is\n3. thr", "length", 2, ["truncated"]),
        ("", "error", 0, ["failed_call"]),
        ("I cannot", "refusal", 0, ["refused"]),
        ("[]", "stop", 0, ["unreadable"]),
        ("  \n", "stop", 0, ["empty"]),
        ("<think>hm", "stop", 0, ["truncated"]),
    ],
)
def test_every_piece_of_an_answer_is_a_draft_or_a_rejection(
    answer: str, finish: FinishReason, texts: int, reasons: list[str]
) -> None:
    _, drafts = ask([answer], finish=finish)
    assert len(drafts.examples) == 2 * texts
    assert [each.reason for each in drafts.rejections] == reasons * 2


@pytest.mark.parametrize(
    ("answer", "finish", "reasons"),
    [
        ("", "stop", ["empty"]),
        ("...", "stop", ["unreadable"]),
        ("a text cut in the mid", "length", ["truncated"]),
        ("", "error", ["failed_call"]),
    ],
)
def test_no_line_of_a_base_model_disappears(
    answer: str, finish: FinishReason, reasons: list[str]
) -> None:
    _, drafts = ask([answer], BASE, finish=finish)
    assert drafts.examples == ()
    assert [each.reason for each in drafts.rejections] == reasons * 2


def test_a_row_knows_where_it_comes_from() -> None:
    child = Example("Name the intent.", "old", label="late_fee", depth=1, origin="synthetic")
    cfg = CFG.model_copy(update={"demos": DemosConfig(real=2, synthetic=1)})
    teacher, drafts = ask([items({"text": "new"})], pool=[child], cfg=cfg)
    [prompt] = teacher.prompts
    for row in drafts.examples:
        assert row.parents == prompt.parents
        assert child.id in row.parents
        assert (row.origin, row.round, row.depth) == ("synthetic", 2, 2)
        assert (row.source, row.kind, row.label) == ("recipe:few_shot", "ticket", "late_fee")


def test_a_text_without_an_instruction_is_the_instruction() -> None:
    rows = tuple(replace(row, instruction=row.input, input="") for row in LABELLED)
    material = Material(rows, Shelf(), ("late_fee", "refund"), "label", lambda _: None)
    teacher = Teacher([items({"text": "new text"})])
    drafts = few_shot(material, teacher, CFG, Wave(1, 0, random.Random(0), (ORDER,)))
    assert {(row.instruction, row.input) for row in drafts.examples} == {("new text", "")}


def test_a_label_without_a_row_to_show_still_has_its_shape() -> None:
    cfg = CFG.model_copy(update={"demos": DemosConfig(real=0, synthetic=0)})
    for speech in (BASE, CHAT):
        teacher, drafts = ask(["only words here"], speech, cfg=cfg)
        assert {row.input for row in drafts.examples} == {"only words here"}
    assert 'a list "items" of objects with "text"' in words_of(teacher.prompts[0])


@pytest.mark.parametrize("speech", [BASE, CHAT, HELD])
def test_the_same_chance_asks_the_same(speech: Speech) -> None:
    assert ask(["a b"], speech) == ask(["a b"], speech)
