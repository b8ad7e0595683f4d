"""What a run asks with, as its ledger has it."""

import json

import pytest

from selfinstruct.prompting import SHIPPED, Source, Template
from selfinstruct.registry import Chosen, Origin, Ref, Used, Wording, of_rows

NAME = "label_first/question.j2"


def used(
    text: str, at: str = "", origin: Origin = "folder", number: int | None = None, **more: float
) -> Used:
    template = Template(NAME, {NAME: Source(text, "somewhere"), "aim.j2": Source("x", "")})
    return Used(Chosen(Ref(NAME, at), template, origin, number), **more)


ARMS = (used("a", "7", "registry", 7, weight=0.7), used("b", "new", "registry", 8, weight=0.3))


@pytest.mark.parametrize("wording", [Wording(), Wording((used("a"),)), Wording(ARMS)])
def test_what_is_stored_comes_back(wording: Wording) -> None:
    rows = json.loads(json.dumps(wording.to_rows()))
    again = of_rows(rows)
    assert again.to_rows() == wording.to_rows()
    assert again.contents == wording.contents
    assert again.arms == wording.arms


def test_a_run_that_is_older_asked_with_what_is_shipped() -> None:
    assert of_rows(None).prompts == SHIPPED


def test_arms_are_known_by_their_references_and_told_by_their_numbers() -> None:
    seven, eight = ARMS
    wording = Wording(ARMS)
    assert wording.contents == {
        "prompts.label_first/question@7": seven.chosen.template.version,
        "prompts.label_first/question@new": eight.chosen.template.version,
    }
    assert list(wording.arms.values()) == ["label_first/question@7", "label_first/question@8"]
    assert wording.arms[NAME, eight.chosen.template.version] == "label_first/question@8"
    assert wording.prompts.templates == {}
    assert [(arm.name, arm.weight) for arm in wording.prompts.arms] == [
        *(("label_first/question@7", 0.7), ("label_first/question@8", 0.3))
    ]


@pytest.mark.parametrize(
    ("each", "told"),
    [
        (used("a", "", "folder", 3), "label_first/question@3"),
        (used("a", "production", "registry", 3), "label_first/question@3 (production)"),
        (used("a", "3", "registry", 3), "label_first/question@3"),
    ],
)
def test_a_version_is_told_by_its_number(each: Used, told: str) -> None:
    version = each.chosen.template.version
    assert Wording((each,)).tell(NAME, version) == told
    assert Wording((each,)).tell(NAME, "0" * 12) == f"{NAME} {'0' * 12}"


def test_what_has_no_number_is_told_by_its_digest() -> None:
    version = used("a").chosen.template.version
    assert used("a").told == f"label_first/question@{version} (not committed)"
    assert used("a", origin="shipped").told == f"label_first/question@shipped {version}"
