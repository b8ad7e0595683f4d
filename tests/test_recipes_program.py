"""A user's own function as the writer: what it is told, and what becomes of what it gives."""

import random
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from selfinstruct.chat import Target
from selfinstruct.config import Config, GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import screen
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Order, Wave
from selfinstruct.recipes.program import program
from selfinstruct.seeds import read_real_data
from selfinstruct.types import Drafts, Example
from tests.scripted_ask import Scripted, say

ROOT = Path(__file__).parents[1]
TOLD: list[tuple[Mapping[str, Any], int]] = []


def sums(wish: Mapping[str, Any], count: int, rng: random.Random) -> Iterable[dict[str, Any]]:
    TOLD.append((wish, count))
    for _ in range(count):
        a, b = rng.randrange(90), rng.randrange(90)
        yield {"instruction": f"Add {a} and {b}", "response": str(a + b)}


def tickets(wish: Mapping[str, Any], count: int, _rng: random.Random) -> Iterable[dict[str, Any]]:
    yield {"instruction": "Name it.", "input": "a fee", "label": wish["label"]}
    yield {"instruction": "Name it.", "input": "a loan", "label": "loan"}
    yield {"instruction": " ", "input": "", "label": "fee"}
    for n in range(count):
        yield {"instruction": "Name it.", "input": f"late {n}", "label": "fee"}


def breaks(_wish: object, _count: int, _rng: object) -> Iterable[dict[str, Any]]:
    raise ZeroDivisionError("the rules divide by nothing")


def leaves(_wish: object, _count: int, _rng: object) -> Iterable[dict[str, Any]]:
    raise SystemExit(0)


def goes_on(_wish: object, _count: int, rng: random.Random) -> Iterable[dict[str, Any]]:
    while True:
        yield {"instruction": f"Add {rng.random()} to itself"}


def talks(_wish: object, count: int, _rng: object) -> Iterable[dict[str, Any]]:
    print("asked")  # noqa: T201
    for n in range(count):
        print("row", n)  # noqa: T201
        yield {"instruction": f"Add {n} to itself"}


def inputs(_wish: object, _count: int, _rng: object) -> Iterable[dict[str, Any]]:
    yield {"input": "a fee", "label": "fee", "license": "CC0-1.0"}
    yield {"input": "a fee without a label"}
    yield {"input": "a loan", "label": "loan"}


def knows_fees(wish: Mapping[str, Any], count: int, rng: random.Random) -> list[dict[str, Any]]:
    each = {"instruction": "Name it.", "label": "fee"}
    rows = [{**each, "input": f"a fee of {rng.random()}"} for _ in range(count)]
    return rows if wish["label"] == "fee" else []


def labelled(wish: Mapping[str, Any], count: int, rng: random.Random) -> list[dict[str, Any]]:
    each = {"label": wish["label"], "response": "It is."}
    return [{**each, "input": f"is number {rng.random()} mine"} for _ in range(count)]


def gives(value: Any) -> Any:
    return lambda _wish, _count, _rng: [value]


NO_DICT, NO_FIELD, NO_TEXT = gives("a text"), gives({"text": "x"}), gives({"instruction": 3})


def nothing(_wish: object, _count: int, _rng: object) -> None:
    """Somebody forgot to return."""


def one_dict(_wish: object, _count: int, _rng: object) -> dict[str, Any]:
    return {"instruction": "Add 1 and 1"}


REAL = Example("Name it.", "a charge", "A fee it is.", label="fee")


def play(
    name: str,
    orders: tuple[Order, ...] = (Order("program"),),
    target: Any = "response",
    seed: int = 0,
) -> Drafts:
    cfg = GenerateConfig(samples_per_prompt=3, program=f"tests.test_recipes_program:{name}")
    labels = ("fee",) if target == "label" else ()
    material = Material((REAL,), Shelf(), labels, target, lambda _: None)
    silent = Scripted(lambda *_: say("never"))
    found = program(material, silent, cfg, Wave(2, 0, random.Random(seed), orders, "Gemma"))
    assert silent.prompts == []
    return found


def test_the_function_is_told_the_order_and_its_rows_are_right_by_construction() -> None:
    TOLD.clear()
    found = play("sums", (Order("program", request="large ones", persona="a clerk"),))
    assert RECIPES["program"] is program
    wish = {"label": None, "request": "large ones", "persona": "a clerk", "style": ""}
    assert [(wish, 3)] == TOLD
    for row in found.examples:
        _, a, _, b = row.instruction.split()
        assert row.response == str(int(a) + int(b))
        assert (row.source, row.request, row.round) == ("recipe:program", "large ones", 2)


def test_the_same_chance_gives_the_same_rows() -> None:
    order = (Order("program"),)
    assert play("sums", order) == play("sums", order) != play("sums", order, seed=1)


def test_rows_that_are_none_and_those_beyond_the_count_are_told() -> None:
    found = play("tickets", (Order("program", "fee"),), "label")
    assert [row.input for row in found.examples] == ["a fee"]
    assert [item.reason for item in found.rejections] == [
        "unknown_label",
        "unreadable",
        *["surplus"] * 3,
    ]


def test_a_labelled_input_alone_has_the_instruction_of_the_real_rows() -> None:
    """The student would be trained on another prompt than the one it is asked with."""
    found = play("inputs", (Order("program", "fee"),), "label")
    assert [(row.instruction, row.input) for row in found.examples] == [("Name it.", "a fee")]
    assert [item.reason for item in found.rejections] == ["unknown_label"] * 2


def test_an_order_without_rows_is_counted() -> None:
    """A round whose function gives nothing asked again and again, and never came to its end."""
    found = play("knows_fees", (Order("program", "fee"), Order("program", "loan")))
    assert [row.label for row in found.examples] == ["fee"] * 3
    assert [(item.reason, item.what.label) for item in found.rejections] == [("empty", "loan")]


def test_rows_bring_their_own_licence_and_not_the_terms_of_a_teacher_nobody_asked() -> None:
    assert {row.license for row in play("inputs").examples} == {"CC0-1.0", ""}


def test_what_is_printed_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(play("talks").examples) == 3
    assert capsys.readouterr() == ("", "asked\nrow 0\nrow 1\nrow 2\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "breaks",
            r"failed: ZeroDivisionError: the rules divide by nothing "
            r"\(test_recipes_program\.py, line \d+\)",
        ),
        ("leaves", "failed: SystemExit: 0"),
        ("goes_on", "gave more than 1003 rows and was stopped"),
        ("nothing", "gave NoneType where rows are wanted"),
        ("one_dict", "gave dict where rows are wanted"),
        ("NO_DICT", "gave str for a row"),
        ("NO_FIELD", "gave a row with 'text'"),
        ("NO_TEXT", "gave 3 as instruction"),
    ],
)
def test_a_function_that_cannot_serve_is_told_and_how_to_go_on(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        play(name)
    assert "start the same command again" in caught.value.next_step


def test_a_function_that_is_gone_is_told() -> None:
    with pytest.raises(UserError, match="has no function gone"):
        play("gone")


def test_the_rules_of_the_guide_write_rows_that_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As somebody would who copies them, with the settings below them, beside the billing rows."""
    guide = (ROOT / "docs/guide.md").read_text(encoding="utf-8").partition("    # billing_rules.py")
    code, _, below = guide[2].partition("\n`wish`")
    settings = below.partition("\n    generate:")[2].partition("\n\n")[0]
    (tmp_path / "billing_rules.py").write_text(dedent(f"    # {code}"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    written = yaml.safe_load(dedent(f"    generate:{settings}"))
    teacher = {"backend": "llamacpp", "name": "bundled"}
    seeds = {"path": str(ROOT / "seeds/billing.jsonl")}
    cfg = Config.model_validate({**written, "seeds": seeds, "teacher": teacher})
    data = read_real_data(cfg.seeds, tmp_path, 0)
    target: Target = "label_and_response"
    material = Material(data.train, Shelf(), data.labels, target, lambda _: None)
    orders = tuple(Order("program", label) for label in cfg.generate.quotas) * 4
    silent = Scripted(lambda *_: say("never"))
    drafts = program(material, silent, cfg.generate, Wave(1, 0, random.Random(0), orders))
    held_out = (*data.dev, *data.gate, *data.final)
    indexes = Indexes.build(data.train, (), held_out, cfg.filters)
    done = screen(drafts, indexes, cfg.filters)
    assert {row.instruction for row in done.accepted} == {row.instruction for row in data.train}
    assert len(done.accepted) >= 16, Counter(item.reason for item in done.rejected)
    assert {item.reason for item in done.rejected} <= {"too_similar", "duplicate"}
