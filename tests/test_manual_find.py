import pytest

from selfinstruct.errors import UserError
from selfinstruct.manual.find import find, named
from selfinstruct.manual.walk import groups


def names(word: str) -> list[str]:
    return [knob.name for group in find(word) for knob in group.knobs]


@pytest.mark.parametrize("word", ["novelty", "Novelty", "filters.novelty"])
def test_a_word_finds_all_names_that_hold_it(word: str) -> None:
    assert names(word)[:2] == ["filters.novelty.over", "filters.novelty.threshold"]
    assert all("novelty" in name for name in names(word))


def test_a_word_of_no_name_is_looked_for_in_the_texts() -> None:
    assert "licenses.allow" in names("licence")


def test_no_word_finds_all_but_models_beside_the_teacher() -> None:
    found = names("")
    assert "teacher.name" in found
    assert "judge.model" in found
    assert not any(name.startswith("judge.model.") for name in found)
    assert len(found) == len(set(found))
    assert set(found) < {knob.name for group in groups() for knob in group.knobs}


def test_a_model_beside_the_teacher_is_found_by_its_own_name() -> None:
    assert "judge.model.timeout_s" in names("judge.model.")
    assert names("timeout_s") == ["teacher.timeout_s", "filters.executable.timeout_s"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("gate.alpha", "gate.alpha"),
        ("seeds.split.train", "seeds.split"),
        ("generate.question.temperature", "generate.question"),
        ("budget.prices.gpt-5.input", "budget.prices.*.input"),
        ("judge.model.name", "judge.model.name"),
        ("filters.quality.rubric", "filters.quality.rubric"),
    ],
)
def test_one_name_is_one_setting(word: str, name: str) -> None:
    knob = named(word)
    assert knob is not None
    assert knob.name == name


@pytest.mark.parametrize("word", ["", "novelty", "filters.quality.rubric.leats", "gate"])
def test_what_is_no_name_is_no_setting(word: str) -> None:
    assert named(word) is None


@pytest.mark.parametrize(
    ("word", "near"), [("nvelty", "filters.novelty.threshold"), ("gate.alhpa", "gate.alpha")]
)
def test_nothing_found_says_what_is_near(word: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        find(word)
    assert near in caught.value.why
    assert caught.value.next_step == "selfinstruct settings lists all"
