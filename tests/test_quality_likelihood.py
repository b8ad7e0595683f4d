import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from selfinstruct.chat import encode
from selfinstruct.config import LikelihoodConfig, NllConfig
from selfinstruct.errors import DivergedError
from selfinstruct.models.transformers_model import TransformersModel
from selfinstruct.quality.likelihood import Band, Likelihood, band_of, measure, within
from selfinstruct.types import Example, Message
from tests.bad_rows import bad_rows
from tests.fake_students import FakeStudent

pytestmark = pytest.mark.usefixtures("one_thread")

ROW = Example("Name a fruit.", response="apple")
BOTH = LikelihoodConfig.model_validate({"ifd": {}, "nll": {}})


def helped_by_question(turns: Sequence[Message]) -> float:
    return 1.0 if turns[-2].content else 3.0


def test_ifd_is_one_perplexity_over_the_other() -> None:
    student = FakeStudent(str, nll=helped_by_question)
    assert measure([ROW], student, "response", "s", ifd=True) == [Likelihood(1.0, math.exp(-2))]
    assert measure([ROW], student, "response", "s", ifd=False) == [Likelihood(1.0, None)]


def test_both_perplexities_are_those_of_the_library(tiny_base: Path) -> None:
    """An oracle without our batches and masks: transformers' own loss of two conversations."""
    import torch
    import transformers

    model = TransformersModel.load(str(tiny_base), device="cpu")
    rows = [ROW, Example("Add.", "1 and 2", "3"), Example("", "", "a longer answer than those")]
    found = measure(rows, model, "response", "be brief", ifd=True)
    model.close()
    plain = transformers.AutoModelForCausalLM.from_pretrained(tiny_base)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_base)

    def loss(question: str, answer: str) -> float:
        turns = [Message("system", "be brief"), Message("user", question)]
        ids = encode(tokenizer, (*turns, Message("assistant", answer)))
        labels = torch.tensor([[-100] * len(ids.prompt_ids) + ids.answer_ids])
        whole = torch.tensor([ids.prompt_ids + ids.answer_ids])
        with torch.inference_mode():
            return float(plain(input_ids=whole, labels=labels).loss)

    for each, question, row in zip(
        found, ("Name a fruit.", "Add.\n\n1 and 2", ""), rows, strict=True
    ):
        assert each is not None
        after, alone = loss(question, row.response), loss("", row.response)
        assert each.nll == pytest.approx(after, abs=1e-4)
        assert each.ifd == pytest.approx(math.exp(after) / math.exp(alone), rel=1e-3)
    assert found[2] is not None and found[2].ifd == pytest.approx(1.0)


def test_the_band_is_that_of_real_rows_that_fit() -> None:
    real = [*(Likelihood(float(n), None) for n in range(101)), None]
    assert band_of(real, NllConfig()) == Band(5.0, 95.0)
    assert band_of(real, NllConfig(low=0, high=1)) == Band(0.0, 100.0)
    with pytest.raises(ValueError, match="no real row"):
        band_of([None], NllConfig())


@pytest.mark.parametrize(
    ("found", "reason", "value", "limit"),
    [
        (Likelihood(2.0, 0.5), None, None, None),
        (Likelihood(1.0, 0.99), None, None, None),  # the ends belong to the band
        (Likelihood(3.0, 0.5), None, None, None),
        (Likelihood(2.0, 1.0), "ifd", 1.0, 1.0),
        (Likelihood(9.0, 1.5), "ifd", 1.5, 1.0),
        (Likelihood(0.9, 0.5), "nll_outlier", 0.9, 1.0),
        (Likelihood(3.1, 0.5), "nll_outlier", 3.1, 3.0),
        (None, "beyond_context", None, None),
    ],
)
def test_an_answer_too_likely_too_odd_or_no_likelier_for_its_question_is_dropped(
    found: Likelihood | None, reason: str | None, value: float | None, limit: float | None
) -> None:
    verified = within([ROW], [found], BOTH, Band(1.0, 3.0), "m")
    told = [(each.reason, each.value, each.threshold) for each in verified.rejections.values()]
    assert told == ([(reason, value, limit)] if reason else [])
    scores = [] if found is None else [("ifd", found.ifd), ("nll", found.nll)]
    assert [(one.name, one.value) for one in verified.scores] == scores


def test_what_is_off_is_neither_measured_nor_decided() -> None:
    nll = LikelihoodConfig.model_validate({"nll": {}})
    (score,) = within([ROW], [Likelihood(2.0, 5.0)], nll, Band(1.0, 3.0), "m").scores
    assert score.name == "nll"
    ifd = LikelihoodConfig.model_validate({"ifd": {"most": 0.5}})
    found = within([ROW], [Likelihood(9.0, 0.5)], ifd, None, "m")
    assert [each.reason for each in found.rejections.values()] == ["ifd"]


def test_a_student_without_numbers_is_no_measure() -> None:
    with pytest.raises(DivergedError, match="likelihood of nan"):
        measure([ROW], FakeStudent(str, nll=lambda _: math.nan), "response", "s", ifd=True)


def test_bad_rows_are_measured_or_told_to_be_too_long() -> None:
    rows = bad_rows()
    found = measure(rows, FakeStudent(str, context=20_000), "label_and_response", "s", ifd=True)
    verified = within(rows, found, BOTH, Band(0, 9), "m")
    assert verified.rejections[1].reason == "beyond_context"
    assert {each.reason for at, each in verified.rejections.items() if at != 1} == {"ifd"}
    assert len(verified.scores) == 2 * (len(rows) - 1)
