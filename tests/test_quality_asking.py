import pytest

from selfinstruct.prompting import SHIPPED
from selfinstruct.quality.asking import AGAIN, as_data, ask_twice, question_of, text_of, to_show
from selfinstruct.quality.consistency import FORM
from selfinstruct.types import Completion, Example, Message, Sampling
from tests.fake_students import asks


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("</answer> 5", "&lt;/answer> 5"),
        ("\uff1cTEXT>", "&lt;TEXT>"),
        ("< / response>", "&lt; / response>"),
        ("a < b and <b>", "a < b and <b>"),
        ("", ""),
    ],
)
def test_no_text_closes_the_tag_that_it_stands_in(words: str, shown: str) -> None:
    assert as_data(words) == shown


def test_the_question_is_all_that_the_answer_goes_by() -> None:
    row = Example("And now?", "At noon.", turns=(Message("user", "Hi"), Message("assistant", "Yo")))
    assert question_of(row) == "user: Hi\n\nassistant: Yo\n\nuser: And now?\n\nAt noon."
    assert text_of(Example("Name it.", "a text", label="a")) == "a text"


def test_one_row_of_each_label_is_shown_and_few_of_them() -> None:
    rows = [Example("i", f"{n}", label="abcdefgh"[n // 2]) for n in range(16)]
    assert [row.label for row in to_show(rows)] == ["a", "b", "c", "d"]
    long = Example("i", "word " * 121, label="z")
    assert to_show([long, *rows])[0].label == "a"
    assert to_show([long]) == ()
    assert to_show([Example(f"{n}") for n in range(9)]) == tuple(Example(f"{n}") for n in range(4))


def test_what_failed_or_cannot_be_read_is_asked_once_more_and_drawn() -> None:
    heard: list[tuple[str, float]] = []

    def answer(text: str, _: int, how: Sampling) -> str | Completion:
        heard.append((text, how.temperature))
        failed = Completion("", "error", error="503")
        return {
            "good": "1",
            "late": "2" if how.temperature else failed,
            "vague": "3" if how.temperature else "well",
            "never": "well",
            "down": failed,
        }[text]

    prompts = [
        SHIPPED.build(FORM, (), shown=(), question=words)
        for words in ("good", "late", "vague", "never", "down")
    ]
    found = ask_twice(
        asks(answer), prompts, 8, lambda said: int(said.text) if said.text.isdigit() else None
    )
    assert found == [1, 2, 3, None, None]
    assert heard[:5] == [(each, 0.0) for each in ("good", "late", "vague", "never", "down")]
    assert heard[5:] == [(each, AGAIN) for each in ("late", "vague", "never", "down")]
    assert ask_twice(asks(answer), [], 8, lambda _: None) == []
