"""Choices are what the model's own NLL says, answer by answer; `nll` reads each prompt anew."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from selfinstruct import chat
from selfinstruct.models.choices import UNLIKELY, choice_logs, first_line, tree_of
from selfinstruct.models.transformers_model import TransformersModel
from selfinstruct.types import Message
from tests.tiny import tiny_tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

PROMPTS = [
    (Message("system", "s"), Message("user", words))
    for words in ("hi", "a longer one about cards", "y" * 90, "", "q \u05d0\u202e 漢字 😀", "hi")
]
ANSWERS = ["fee", "refund", "fee waiver", "a", "a label of quite a few words, it seems"]


@pytest.fixture(scope="module")
def model(tiny_base: Path) -> Iterator[TransformersModel]:
    opened = TransformersModel.load(str(tiny_base), device="cpu", batch_size=4)
    yield opened
    opened.close()


def by_nll(model: TransformersModel, prompt: tuple[Message, ...]) -> list[float]:
    scored = model.nll([(*prompt, Message("assistant", answer)) for answer in ANSWERS])
    return [-each.mean * each.tokens for each in scored]


def require_like(found: Sequence[float] | None, exact: Sequence[float], unlikely: float) -> int:
    """Exact for all that are not far behind, and never too low; how many were left out."""
    assert found is not None
    best = max(exact)
    assert max(found) == pytest.approx(best, abs=1e-3)
    for said, log in zip(found, exact, strict=True):
        assert said >= log - 1e-3
        if log >= best + unlikely + 1e-3:
            assert said == pytest.approx(log, abs=1e-3)
    return sum(said > log + 1e-3 for said, log in zip(found, exact, strict=True))


def test_a_choice_is_the_sum_of_log_probabilities(model: TransformersModel) -> None:
    found = model.choose(PROMPTS, ANSWERS)
    for prompt, logs in zip(PROMPTS, found, strict=True):
        require_like(logs, by_nll(model, prompt), UNLIKELY)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
def test_how_many_are_scored_at_once_changes_nothing(model: TransformersModel, rows: int) -> None:
    tokenizer = tiny_tokenizer()
    prompts = [chat.encode_prompt(tokenizer, prompt) for prompt in PROMPTS[:2]]
    told = [(*PROMPTS[0], Message("assistant", answer)) for answer in ANSWERS]
    answers = [chat.encode(tokenizer, turns).answer_ids for turns in told]
    found = choice_logs(model._model, prompts, answers, rows, torch.device("cpu"), -math.inf)
    for prompt, logs in zip(PROMPTS, found, strict=False):
        assert logs == pytest.approx(by_nll(model, prompt), abs=1e-3)


@pytest.mark.parametrize("unlikely", [-3.0, -0.5, 0.0])
def test_an_answer_far_behind_is_never_taken_for_likelier_than_it_is(
    model: TransformersModel, unlikely: float
) -> None:
    tokenizer = tiny_tokenizer()
    prompts = [chat.encode_prompt(tokenizer, prompt) for prompt in PROMPTS]
    told = [(*PROMPTS[0], Message("assistant", answer)) for answer in ANSWERS]
    answers = [chat.encode(tokenizer, turns).answer_ids for turns in told]
    device = torch.device("cpu")
    found = choice_logs(model._model, prompts, answers, 2, device, unlikely)
    exact = [by_nll(model, prompt) for prompt in PROMPTS]
    pairs = zip(found, exact, strict=True)
    assert sum(require_like(one, other, unlikely) for one, other in pairs) > 0


def test_answers_share_what_they_begin_with() -> None:
    root = tree_of([[1, 2], [1, 3], [4], [1, 2, 5], [4]])
    assert sorted(root.children) == [1, 4]
    assert root.children[4].ends == [2, 4]
    assert list(root.children[1].children[2].below()) == [0, 3]
    assert sorted(root.below()) == [0, 1, 2, 3, 4]


def test_a_first_line_ends_with_its_break_whatever_comes_after(model: TransformersModel) -> None:
    tokenizer = tiny_tokenizer()
    ids = chat.encode(tokenizer, (Message("user", "a"), Message("assistant", "fee\nA"))).answer_ids
    line = first_line(tokenizer, ids)
    assert tokenizer.decode(line) == "fee\n"
    (whole,) = model.choose(PROMPTS[:1], ["fee", "fee waiver"])
    (lines,) = model.choose(PROMPTS[:1], ["fee", "fee waiver"], first_line=True)
    assert whole is not None and lines is not None
    ended = model.nll([(*PROMPTS[0], Message("assistant", "fee\n"))])[0]
    end = model.nll([(*PROMPTS[0], Message("assistant", "fee\nx"))])[0]
    assert lines[0] > -ended.mean * ended.tokens > -1e9  # less than one token is left out
    assert lines[0] > -end.mean * end.tokens
    assert lines != pytest.approx(whole)


def test_an_answer_without_a_break_has_no_first_line() -> None:
    tokenizer = tiny_tokenizer()
    with pytest.raises(ValueError, match="no line break"):
        first_line(tokenizer, [5, 6, 7])


def test_a_prompt_that_does_not_fit_has_no_choice_and_harms_no_other(
    model: TransformersModel,
) -> None:
    long = (Message("user", "word " * 100_000),)
    found = model.choose([PROMPTS[0], long, PROMPTS[1]], ANSWERS)
    assert [each is None for each in found] == [False, True, False]
    require_like(found[2], by_nll(model, PROMPTS[1]), UNLIKELY)
    told = [(*prompt, Message("assistant", "a")) for prompt in (PROMPTS[0], long)]
    assert model.fits(told) == [True, False]


def test_nothing_to_choose_from_is_nothing(model: TransformersModel) -> None:
    assert model.choose([], ANSWERS) == []
    assert model.choose(PROMPTS[:2], []) == [None, None]
