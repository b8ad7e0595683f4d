"""What every filter says of text that is none: stated for each, as a question and as a response.

Nothing raises; that time grows as the text does is shown by `test_linear_time`. What compares rows
is asked whether a text is found again where it is known: text without words is like nothing by its
words, and is found as an exact copy.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from selfinstruct.config import (
    ContaminationConfig,
    ContradictionConfig,
    ExecutableConfig,
    FiltersConfig,
    FormatConfig,
    HeuristicsConfig,
    LanguageConfig,
    LengthConfig,
    ScriptConfig,
)
from selfinstruct.filters.children import Children
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.filters.contradiction import Answers, contradictions_within
from selfinstruct.filters.format import Formats
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.language import Guess, Languages
from selfinstruct.filters.length import Lengths
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.filters.sandbox import run_python
from selfinstruct.filters.screen import check_question, screen
from selfinstruct.filters.script import Scripts
from selfinstruct.types import Drafts, Example, Match, Rejection

TEXTS: Mapping[str, str] = {
    "empty": "",
    "blank": " \n\t ",
    "huge": " ".join(f"w{n}" for n in range(100_000)),
    "one-word": "again " * 500,
    "emoji": "\U0001f389\U0001f353 " * 30,
    "mixed-scripts": "The карта 卡片 بطاقة κάρτα card is lost today",
    "surrogate": "Where is my new card \ud83d today?",
    "NUL": "Where is my new\0 card today?",
    "right-to-left": "\u202eWhere is my \u200fnew card\u202c today?",
    "brackets": "[" * 5000,
    "fences": "```python\n" * 500,
}
TRAIN = [
    Example(f"Name {n} red fruits that grow in a garden", response=f"Cherry, plum and {n} more.")
    for n in range(20)
]
SEED = TRAIN[0]
GATE = Example("Translate the proverb", "Wer rastet, der rostet", "Keep moving.")
FRESH = Example("Explain why the sky looks blue", response="Air scatters short waves more.")


def by_most_letters(text: str) -> Guess:
    """A detector in place of the installed one, which may be handed anything."""
    return Guess("en" if 2 * sum(map(str.isascii, text)) > len(text) else "xx", 0.9)


def again(text: str) -> Match | None:
    index = NoveltyIndex(0.7)
    index.add("known", text)
    return index.closest(text)


def relabelled(example: Example) -> Rejection | None:
    """Known with another label; a batch must say the same."""
    one, other = replace(example, label="a"), replace(example, label="b")
    answers = Answers(ContradictionConfig(rouge_l=0.8))
    answers.add([one])
    found = answers.contradiction(other)
    assert (found is not None) == (1 in contradictions_within([one, other], [None, None]))
    return found


def held_out(example: Example) -> Rejection | None:
    """Against its words as those of a held-out row whose other words are all different."""
    is_question = example.response == FRESH.response
    other = "one two three four five six seven eight nine ten"
    row = replace(example, response=other) if is_question else replace(example, instruction=other)
    return HeldOut.build([row], ContaminationConfig()).leak(example)


def second_child(example: Example) -> Rejection | None:
    children = Children(1)
    children.add([replace(example, parents=("a",))])
    return children.fault(replace(example, parents=("a",)))


FILTERS: Mapping[str, Callable[[Example], object]] = {
    "instruction": lambda example: check_instruction(example, HeuristicsConfig()),
    "instance": lambda example: check_instance(example, HeuristicsConfig()),
    "script": Scripts.of(TRAIN, ScriptConfig()).fault,
    "language": Languages.of(TRAIN, LanguageConfig(expected="auto"), by_most_letters).fault,
    "length": Lengths.of(TRAIN, LengthConfig()).fault,
    "code": Formats.of(TRAIN, FormatConfig()).fault,
    "json": Formats.of(TRAIN, FormatConfig(json_responses=True)).fault,
    "contradiction": relabelled,
    "question": lambda example: again(example.instruction),
    "response": lambda example: again(example.response),
    "contamination": held_out,
    "children": second_child,
}

# A dot is a text that is kept; novelty (question, response) has no reasons and says "near".
AS_QUESTION = """
text           instruction  script          language          length          contradiction  question  contamination  children
empty          too_short    .               .                 .               contradiction  .         .              too_many_children
blank          too_short    .               .                 .               contradiction  .         .              too_many_children
huge           too_long     .               .                 length_outlier  contradiction  near      contaminated   too_many_children
one-word       too_long     .               .                 length_outlier  contradiction  near      contaminated   too_many_children
emoji          too_short    .               .                 length_outlier  contradiction  .         .              too_many_children
mixed-scripts  .            foreign_script  .                 .               contradiction  near      contaminated   too_many_children
surrogate      garbled      .               .                 .               contradiction  near      contaminated   too_many_children
NUL            garbled      .               .                 .               contradiction  near      contaminated   too_many_children
right-to-left  .            .               .                 .               contradiction  near      contaminated   too_many_children
brackets       too_short    .               .                 length_outlier  contradiction  .         .              too_many_children
fences         too_long     .               .                 length_outlier  contradiction  near      contaminated   too_many_children
"""  # noqa: E501
AS_RESPONSE = """
text           instance            script          language          length          code         json      response  contamination
empty          empty_response      .               .                 .               .            .         .         .
blank          empty_response      .               .                 .               .            .         .         .
huge           response_too_long   .               .                 length_outlier  .            not_json  near      contaminated
one-word       response_too_long   .               .                 length_outlier  .            not_json  near      contaminated
emoji          response_too_short  .               .                 length_outlier  .            not_json  .         .
mixed-scripts  .                   foreign_script  .                 .               .            not_json  near      contaminated
surrogate      garbled             .               .                 .               .            not_json  near      .
NUL            garbled             .               .                 .               .            not_json  near      .
right-to-left  .                   .               .                 .               .            not_json  near      .
brackets       response_too_short  .               .                 length_outlier  .            not_json  .         .
fences         response_too_long   .               .                 length_outlier  broken_code  not_json  near      contaminated
"""  # noqa: E501


def cells(table: str) -> list[tuple[str, str, str]]:
    """Text, filter and outcome of each cell."""
    (_, *names), *rows = (line.split() for line in table.strip().split("\n"))
    return [
        (text, name, outcome)
        for text, *outcomes in rows
        for name, outcome in zip(names, outcomes, strict=True)
    ]


def outcome_of(example: Example, name: str) -> str:
    found = FILTERS[name](example)
    if isinstance(found, Rejection):
        return found.reason
    return "." if found is None else "near"


@pytest.mark.parametrize(("text", "name", "outcome"), cells(AS_QUESTION))
def test_bad_input_as_a_question(text: str, name: str, outcome: str) -> None:
    assert outcome_of(replace(FRESH, instruction=TEXTS[text]), name) == outcome


@pytest.mark.parametrize(("text", "name", "outcome"), cells(AS_RESPONSE))
def test_bad_input_as_a_response(text: str, name: str, outcome: str) -> None:
    assert outcome_of(replace(FRESH, response=TEXTS[text]), name) == outcome


def test_the_tables_cover_every_text_and_every_filter() -> None:
    stated = [cell for table in (AS_QUESTION, AS_RESPONSE) for cell in cells(table)]
    assert {text for text, *_ in stated} == set(TEXTS)
    assert {name for _, name, _ in stated} == set(FILTERS)


WHOLE = {
    "empty": ("too_short", "empty_response"),
    "blank": ("too_short", "empty_response"),
    "huge": ("too_long", "response_too_long"),
    "one-word": ("too_long", "response_too_long"),
    "emoji": ("too_short", "response_too_short"),
    "mixed-scripts": ("foreign_script", "foreign_script"),
    "surrogate": ("garbled", "garbled"),
    "NUL": ("garbled", "garbled"),
    "right-to-left": (None, None),
    "brackets": ("too_short", "response_too_short"),
    "fences": ("too_long", "response_too_long"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_thousand_copies_of_one_row_have_one_fate(text: str) -> None:
    """The whole chain: a bad text has its reason every time, a sound one is a duplicate of itself;
    where one is huge, three copies say as much.
    """
    cfg = FiltersConfig()
    copies = 3 if text == "huge" else 1000
    fields = {"instruction": TEXTS[text]}, {"response": TEXTS[text]}
    for reason, changed in zip(WHOLE[text], fields, strict=True):
        draft = replace(FRESH, **changed)  # type: ignore[arg-type]
        indexes = Indexes.build(TRAIN, (), [GATE], cfg)
        asked = check_question(draft, indexes, cfg)
        assert (asked and asked.reason) == (reason if "instruction" in changed else None)
        screened = screen(Drafts((draft,) * copies), indexes, cfg)
        reasons = [rejection.reason for rejection in screened.rejected]
        kept = 0 if reason else 1
        assert len(screened.accepted) == kept
        assert reasons == [reason or "duplicate"] * (copies - kept)


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_bad_input_as_a_program(text: str) -> None:
    """What is no Python has an error, and nothing at all has none."""
    told = run_python(TEXTS[text], "", ExecutableConfig(timeout_s=60))
    assert told is None if text in ("empty", "blank") else told is not None and "Error" in told


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_bad_input_against_a_pattern(text: str) -> None:
    formats = Formats.of(TRAIN, FormatConfig(regex=r"[\p{Latin} ]+", code=False))
    found = formats.fault(replace(FRESH, response=TEXTS[text]))
    assert (found is None) == (text in ("empty", "blank", "one-word"))
