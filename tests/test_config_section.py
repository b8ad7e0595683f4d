import pytest
from pydantic import ValidationError

from selfinstruct.config.section import (
    Count,
    Drawn,
    Section,
    Share,
    check_id,
    check_sampling,
    defaults_of,
    identity_of,
    operational,
)
from selfinstruct.types import Sampling


class Inner(Section):
    share: Share = 0.5
    threads: Count = operational(4)


class Outer(Section):
    name: str = operational("a")
    inner: Inner = Inner()
    maybe: Inner | None = None


def test_identity_is_every_field_that_is_not_operational() -> None:
    assert dict(identity_of(Outer())) == {"inner.share": 0.5, "maybe": None}


def test_an_optional_section_is_named_by_its_own_fields() -> None:
    found = dict(identity_of(Outer(maybe=Inner(share=0.1))))
    assert found == {"inner.share": 0.5, "maybe.share": 0.1}


class Whole(Section):
    path: str
    inner: Inner
    other: Inner = Inner(share=0.2)
    words: tuple[str, ...] = ("a", "b")
    maybe: Inner | None = None


def test_defaults_are_those_of_the_identity_fields_that_have_one() -> None:
    found = dict(defaults_of(Whole))
    wanted = {"inner.share": 0.5, "other.share": 0.2, "words": ["a", "b"], "maybe": None}
    assert found == wanted
    untouched = dict(identity_of(Whole(path="p", inner=Inner())))
    assert untouched == {**found, "path": "p"}


@pytest.mark.parametrize("values", [{"sahre": 0.1}, {"share": 1.5}, {"threads": -1}])
def test_unknown_keys_and_values_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Inner.model_validate(values)


class Asking(Section):
    question: Drawn = Sampling(temperature=0.9, top_p=0.8, max_tokens=128)


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ({}, Sampling(0.9, 0.8, 128)),
        ({"temperature": 0.2}, Sampling(0.2, 0.8, 128)),
        ({"max_tokens": 9, "stop": ["x"]}, Sampling(0.9, 0.8, 9, ("x",))),
    ],
)
def test_a_sampling_keeps_its_defaults_where_nothing_else_is_given(
    given: dict[str, object], drawn: Sampling
) -> None:
    """Not those of `Sampling`: a warmer question would be twice as long."""
    assert Asking.model_validate({"question": given}).question == drawn
    assert Asking(question=Sampling(0.2)).question == Sampling(0.2)


@pytest.mark.parametrize(
    "given",
    [
        {"temperature": -0.1},
        {"temperature": "nan"},
        {"temperature": "inf"},
        {"top_p": 0},
        {"top_p": 1.1},
        {"max_tokens": 0},
        {"temperatur": 0.2},
    ],
)
def test_a_way_to_draw_that_there_is_not_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        Asking.model_validate({"question": given})


@pytest.mark.parametrize("edge", [Sampling(0.0, 1.0, 1), Sampling(2.0, 0.01, 10**6)])
def test_the_ends_of_what_there_is_are_taken(edge: Sampling) -> None:
    assert check_sampling(edge) is edge


def test_a_section_never_changes() -> None:
    with pytest.raises(ValidationError):
        Inner().share = 0.1


@pytest.mark.parametrize("name", ["run", "a", "try-2", "Run_1.5", "3", "console", "a" * 64])
def test_a_name_for_a_folder(name: str) -> None:
    assert check_id(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/../../b",
        "/etc",
        "a/b",
        "a\\b",
        "C:a",
        "a\0",
        "a\n",
        " a",
        ".hidden",
        "-rf",
        "a.",
        "%2e%2e",
        "\uff0e\uff0e",
        "a\u202e",
        "~",
        "$HOME",
        "CON",
        "nul.txt",
        "Lpt1",
        "a" * 65,
    ],
)
def test_no_name_leaves_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="a name is 1 to 64 letters"):
        check_id(name)
