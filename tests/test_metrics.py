from pathlib import Path

import pytest

from selfinstruct import chat
from selfinstruct.chat import Reply, Target
from selfinstruct.errors import UserError
from selfinstruct.metrics import metrics_of
from selfinstruct.types import Example

ROWS = (Example("q", label="a", response="1"), Example("r", label="b", response="x"))
REPLIES = (Reply("a", "1"), Reply("a", "x"))


@pytest.mark.parametrize(
    ("target", "more", "names"),
    [
        ("label", (), ["accuracy"]),
        ("response", (), ["rouge_l"]),
        ("label_and_response", (), ["accuracy", "rouge_l"]),
        ("response", ("chrf", "exact_match"), ["rouge_l", "chrf", "exact_match"]),
        ("label", ("accuracy", "math:hypot"), ["accuracy", "math:hypot"]),
        ("label_and_response", ("macro_f1",), ["accuracy", "rouge_l", "macro_f1"]),
    ],
)
def test_an_answer_is_scored_on_what_it_holds(
    target: Target, more: tuple[str, ...], names: list[str]
) -> None:
    assert list(metrics_of(target, more)) == names


@pytest.mark.parametrize(
    ("target", "name", "words"),
    [
        ("label", "chrf", "the student writes the label alone"),
        ("label", "json_schema", "the student writes the label alone"),
        ("response", "accuracy", "the student writes the response alone"),
        ("response", "macro_f1", "the student writes the response alone"),
        ("response", "json_schema", "there is no schema"),
        ("response", "json_shema", "did you mean json_schema"),
        ("label", "macro_f2", "did you mean macro_f1"),
        ("response", "chfr", "did you mean chrf"),
        ("response", "bleu", "known: rouge_l, exact_match, chrf"),
        ("response", "math:hypto", "did you mean hypot"),
    ],
)
def test_a_metric_that_is_not_there_is_refused(target: Target, name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        metrics_of(target, [name])


def test_every_score_is_a_number_for_each_row(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "integer"}')
    more = ("macro_f1", "exact_match", "json_schema", f"{__name__}:says_one")
    found = {
        name: metric(ROWS, REPLIES)
        for name, metric in metrics_of("label_and_response", more, str(schema)).items()
    }
    assert sum(found.pop("macro_f1")) / 2 == pytest.approx((2 / 3 + 0) / 2)
    assert found == {
        "accuracy": (1, 0),
        "rouge_l": (1, 1),
        "exact_match": (1, 1),
        "json_schema": (1, 0),
        f"{__name__}:says_one": (1, 0),
    }


def says_one(_example: Example, reply: chat.Reply) -> bool:
    return reply.response == "1"


def test_a_schema_that_no_metric_names_is_not_read() -> None:
    assert list(metrics_of("response", (), "nowhere.json")) == ["rouge_l"]
