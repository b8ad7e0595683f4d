from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import ScriptConfig
from selfinstruct.filters.script import Scripts, letters_by_script
from selfinstruct.types import Example, Message

CFG = ScriptConfig()
ENGLISH = Example("Name three red fruits", response="Cherry, strawberry and raspberry.")
RUSSIAN = Example("Назови три красных фрукта", response="Вишня, клубника и малина.")
JAPANESE = Example("赤い果物を三つ挙げてください", response="りんご、イチゴ、さくらんぼ。")


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", {}),
        ("12 + 3 = 15 \U0001f389", {}),
        ("Ab é", {"LATIN": 3}),
        ("Вишня ok", {"CYRILLIC": 5, "LATIN": 2}),
        ("日本語のテスト", {"CJK": 3, "KANA": 4}),
        ("\uff21\U0001d400", {"LATIN": 2}),  # full-width and mathematical A
        ("한국어", {"HANGUL": 3}),
        ("हिन्दी", {"DEVANAGARI": 3}),  # marks are no letters of their own
        ("\ud83d\0\u200f", {}),
    ],
)
def test_letters_are_counted_by_script(text: str, letters: dict[str, int]) -> None:
    assert letters_by_script(text) == letters


@pytest.mark.parametrize(
    ("rows", "draft", "share"),
    [
        ([ENGLISH], replace(ENGLISH, response="Вишня и клубника."), 1.0),
        ([ENGLISH], replace(ENGLISH, response="红色的水果有樱桃和草莓 ok"), 11 / 13),
        ([ENGLISH], replace(ENGLISH, response="Cherry 樱桃草莓和覆盆子"), 8 / 14),
        ([ENGLISH], Example("Назови красный фрукт", response="Cherry."), 1.0),
        ([ENGLISH], Example("Translate it", "Вишня и клубника.", "Cherry and strawberry."), 1.0),
        ([RUSSIAN], ENGLISH, 1.0),
        ([JAPANESE], replace(JAPANESE, response="사과와 딸기"), 1.0),
        ([ENGLISH], replace(ENGLISH, turns=(Message("user", "Привет"),)), 1.0),
    ],
)
def test_a_text_in_a_script_of_no_real_row_is_foreign(
    rows: list[Example], draft: Example, share: float
) -> None:
    fault = Scripts.of(rows, CFG).fault(draft)
    assert fault is not None
    assert (fault.reason, fault.value, fault.threshold) == ("foreign_script", share, 0.25)


@pytest.mark.parametrize(
    ("rows", "draft"),
    [
        ([ENGLISH], replace(ENGLISH, response="The Greek word λόγος means word, or reason.")),
        ([ENGLISH], replace(ENGLISH, response="π")),
        ([ENGLISH], replace(ENGLISH, response="\U0001f353 \U0001f352")),
        ([ENGLISH], replace(ENGLISH, response="Tōkyō, Łódź, Århus, İzmir")),
        ([ENGLISH], replace(ENGLISH, response="\uff23\uff48\uff45\uff52\uff52\uff59")),
        ([ENGLISH, RUSSIAN], RUSSIAN),
        ([JAPANESE], replace(JAPANESE, response="赤林檎苺")),
        ([JAPANESE], replace(JAPANESE, response="ストロベリー")),
        ([Example("1 + 1", response="2")], RUSSIAN),  # rows without letters tell nothing
    ],
)
def test_what_real_rows_use_and_a_quoted_word_are_not(rows: list[Example], draft: Example) -> None:
    assert Scripts.of(rows, CFG).fault(draft) is None


def test_a_question_is_judged_before_there_is_an_answer() -> None:
    scripts = Scripts.of([ENGLISH], CFG)
    assert scripts.question_fault(replace(ENGLISH, response=RUSSIAN.response)) is None
    assert scripts.question_fault(RUSSIAN) is not None


@pytest.mark.parametrize(
    ("draft", "share"),
    [
        (replace(ENGLISH, turns=(Message("user", "Привет"),)), 1.0),
        (replace(ENGLISH, turns=(Message("user", "Hello"), Message("assistant", "Привет"))), 1.0),
        # Three letters a turn are too few to tell, nine together are not.
        (Example("Нет", turns=(Message("user", "Вот"), Message("assistant", "Как"))), 1.0),
        (Example("Нет", turns=(Message("user", "Hello, who is it?"),)), None),
        (replace(ENGLISH, turns=(Message("system", ENGLISH.instruction),)), None),
    ],
)
def test_a_conversation_is_judged_before_there_is_an_answer(
    draft: Example, share: float | None
) -> None:
    fault = Scripts.of([ENGLISH], CFG).question_fault(draft)
    assert (fault and fault.value) == share
    assert Scripts.of([ENGLISH], CFG).fault(draft) == fault


@pytest.mark.parametrize(("limit", "falls"), [(None, False), (0.0, True), (1.0, False)])
def test_none_is_off_and_0_is_the_strictest(limit: float | None, falls: bool) -> None:
    scripts = Scripts.of([ENGLISH], ScriptConfig(max_foreign=limit))
    draft = replace(ENGLISH, response=f"{ENGLISH.response * 9} λόγος")
    assert (scripts.fault(draft) is not None) is falls


def test_a_share_at_the_limit_is_not_above_it() -> None:
    at_limit = Example("Name the word", response="привет " + "a" * 18)  # 6 of 24
    scripts = Scripts.of([ENGLISH, at_limit], CFG)
    assert scripts.used == {"LATIN"}
    assert scripts.fault(at_limit) is None
    assert scripts.fault(replace(at_limit, response="привет " + "a" * 17)) is not None


@given(st.lists(st.text(), min_size=1), st.sampled_from([0.0, 0.25, 0.5]))
def test_no_real_row_is_foreign_to_itself_and_its_kin(texts: list[str], limit: float) -> None:
    rows = [Example(text, response=text) for text in texts]
    scripts = Scripts.of([*rows, ENGLISH], ScriptConfig(max_foreign=limit))
    if limit == 0:  # every script that occurs is in use
        assert all(scripts.fault(row) is None for row in rows)
    assert scripts.fault(ENGLISH) is None
