"""What every filter says of text that is none: stated for each, as a question and as a response.

Nothing raises; that time grows as the text does is shown by `test_linear_time`. What compares rows
is asked whether a text is found again where it is known: text without words is like nothing by its
words, and is found as an exact copy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfinstruct import filters
from selfinstruct.config import (
    ContaminationConfig,
    ContradictionConfig,
    ExecutableConfig,
    FiltersConfig,
    FormatConfig,
    HeuristicsConfig,
    LanguageConfig,
    LengthConfig,
    MemorisationConfig,
    MinHashConfig,
    PrivacyConfig,
    ScriptConfig,
)
from selfinstruct.filters.children import Children
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.filters.contradiction import Answers, contradictions_within
from selfinstruct.filters.embedding import MeaningIndex, Vectors
from selfinstruct.filters.format import Formats
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.language import Guess, Languages
from selfinstruct.filters.length import Lengths
from selfinstruct.filters.memorisation import RealRuns
from selfinstruct.filters.minhash import MinHashIndex
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.filters.personal import personal_data
from selfinstruct.filters.sandbox import run_python
from selfinstruct.filters.screen import check_question, screen
from selfinstruct.filters.script import Scripts
from selfinstruct.filters.turns import check_turns
from selfinstruct.privacy import Finder
from selfinstruct.types import Drafts, Example, Match, Message, Rejection
from tests.bad_texts import TEXTS, cells, long_text, work_of

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


def copied(example: Example) -> Rejection | None:
    """Known as a training row of the same question, or the same answer, alone."""
    is_question = example.response == FRESH.response
    row = replace(example, response="") if is_question else replace(example, instruction="")
    return RealRuns.build([row], MemorisationConfig()).copied(example)


def as_turn(example: Example) -> Rejection | None:
    """With its question said before, and answered."""
    said = (Message("user", example.instruction), Message("assistant", example.response))
    talk = Example("And then?", response="Then it is over.", turns=said)
    return check_turns(talk, HeuristicsConfig())


def letters(texts: Sequence[str]) -> Vectors:
    """In place of a model: how often a text has each of three letters; it reads UTF-8."""
    read = [text.encode().decode() for text in texts]
    return np.array([[text.count(each) for each in "aew"] for text in read], np.float32)


def same_meaning(text: str) -> Match | None:
    index = MeaningIndex(letters, 0.9)
    index.add_many([("known", text)])
    found = index.closest(text)
    return None if found is None else Match(found.id, found.cosine)


def proposed(text: str) -> Match | None:
    index = MinHashIndex(0.7, MinHashConfig())
    index.add("known", text)
    return index.closest(text)


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
    "memorised": copied,
    "personal": lambda example: personal_data(example, Finder.of(PrivacyConfig())),
    "turn": as_turn,
    "meaning": lambda example: same_meaning(example.instruction),
    "meant": lambda example: same_meaning(example.response),
    "minhash": lambda example: proposed(example.instruction),
}
COLUMNS: Mapping[str, str] = {
    "heuristics": "instruction instance",
    "script": "script",
    "language": "language",
    "length": "length",
    "format": "code json",
    "contradiction": "contradiction",
    "novelty": "question response",
    "contamination": "contamination",
    "children": "children",
    "memorisation": "memorised",
    "personal": "personal",
    "turns": "turn",
    "embedding": "meaning meant",
    "minhash": "minhash",
}
"""The columns of each module that looks at candidates."""
ELSEWHERE = {
    "executable": "test_bad_input_as_a_program",
    "sandbox": "the same",
    "boxed": "the same",
    "blocks": "read by executable and format",
    "screen": "the whole chain, below",
    "indexes": "the same",
    "standards": "the same",
    "extras": "opens packages",
    "licensed": "reads no text of a row",
    "false_alarms": "counts what contamination says of real rows",
    "refusals": "read by heuristics",
    "rewritten": "says which row novelty and memorisation leave out",
}

# A dot is a text that is kept; novelty (question, response) has no reasons and says "near".
AS_QUESTION = """
text           instruction  script          language  length          contradiction  question  contamination  children           memorised  personal  turn        meaning  minhash
empty          too_short    .               .         .               contradiction  .         .              too_many_children  .          .         empty_turn  .        .
blank          too_short    .               .         .               contradiction  .         .              too_many_children  .          .         empty_turn  .        .
huge           too_long     .               .         length_outlier  contradiction  near      contaminated   too_many_children  memorised  .         too_long    near     near
one-word       too_long     .               .         length_outlier  contradiction  near      contaminated   too_many_children  memorised  .         too_long    near     near
emoji          too_short    .               .         length_outlier  contradiction  .         .              too_many_children  .          .         empty_turn  .        .
mixed-scripts  .            foreign_script  .         .               contradiction  near      contaminated   too_many_children  memorised  .         .           near     near
surrogate      garbled      .               .         .               contradiction  near      contaminated   too_many_children  .          .         garbled     near     near
NUL            garbled      .               .         .               contradiction  near      contaminated   too_many_children  .          .         garbled     near     near
right-to-left  .            .               .         .               contradiction  near      contaminated   too_many_children  .          .         .           near     near
brackets       too_short    .               .         length_outlier  contradiction  .         .              too_many_children  .          .         empty_turn  .        .
fences         too_long     .               .         length_outlier  contradiction  near      contaminated   too_many_children  memorised  .         too_long    .        near
"""  # noqa: E501
AS_RESPONSE = """
text           instance            script          language  length          code         json      response  contamination  memorised  personal  turn               meant
empty          empty_response      .               .         .               .            .         .         .              .          .         empty_turn         .
blank          empty_response      .               .         .               .            .         .         .              .          .         empty_turn         .
huge           response_too_long   .               .         length_outlier  .            not_json  near      contaminated   memorised  .         response_too_long  near
one-word       response_too_long   .               .         length_outlier  .            not_json  near      contaminated   memorised  .         response_too_long  near
emoji          response_too_short  .               .         length_outlier  .            not_json  .         .              .          .         empty_turn         .
mixed-scripts  .                   foreign_script  .         .               .            not_json  near      contaminated   memorised  .         .                  near
surrogate      garbled             .               .         .               .            not_json  near      .              .          .         garbled            near
NUL            garbled             .               .         .               .            not_json  near      .              .          .         garbled            near
right-to-left  .                   .               .         .               .            not_json  near      .              .          .         .                  near
brackets       response_too_short  .               .         length_outlier  .            not_json  .         .              .          .         empty_turn         .
fences         response_too_long   .               .         length_outlier  broken_code  not_json  near      contaminated   memorised  .         response_too_long  .
"""  # noqa: E501


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


def test_every_module_that_looks_at_candidates_has_its_columns() -> None:
    folder = Path(filters.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert modules == COLUMNS.keys() | ELSEWHERE.keys()
    assert {name for names in COLUMNS.values() for name in names.split()} == FILTERS.keys()


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("place", ["instruction", "response"])
def test_twice_the_text_takes_about_twice_the_work(name: str, place: str) -> None:
    """In calls of functions; what a call of C takes, `test_linear_time` measures."""

    def measured(count: int) -> int:
        changed: dict[str, Any] = {place: long_text(count)}
        row = replace(FRESH, **changed)
        return work_of(lambda: FILTERS[name](row))

    measured(10)  # what is made once
    assert measured(8000) <= 2.5 * measured(4000)


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
