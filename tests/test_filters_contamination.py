import pytest

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.types import Example, Message

LONG = "one two three four five six seven eight nine ten"
EIGHT = "two three four five six seven eight nine"
SEVEN = "two three four five six seven eight"
NGRAM = ContaminationConfig(ngram=8, rouge_l=None)
ROUGE = ContaminationConfig(ngram=None, rouge_l=0.6)
GATE = Example("Sort these numbers by size", f"{LONG} input", f"{LONG} response")


def reply(text: str) -> Example:
    return Example("Tell me about it", response=text)


@pytest.mark.parametrize(
    "example",
    [
        reply(f"so {EIGHT} and so on"),
        reply(f"SO, {EIGHT.replace(' ', '; ').title()}!"),
        Example(f"Read {EIGHT} aloud"),
        Example("Read this aloud", f"it is {EIGHT}"),
        Example("Classify", f"it is {EIGHT}", label="number"),
        Example("And then?", turns=(Message("user", EIGHT), Message("assistant", "Go on."))),
    ],
)
def test_a_shared_run_of_words_is_a_leak(example: Example) -> None:
    rejection = HeldOut.build([GATE], NGRAM).leak(example)
    assert rejection is not None
    assert rejection.what is example
    assert (rejection.reason, rejection.value) == ("contaminated", EIGHT)
    assert (rejection.threshold, rejection.neighbour) == (8, GATE.id)


@pytest.mark.parametrize(
    "example",
    [
        reply(SEVEN),
        reply("ten nine eight seven six five four three two one"),
        reply("nine ten input one two three four five"),
        Example(f"{SEVEN.partition(' ')[0]} three four", "five six seven", "eight nine ten"),
    ],
)
def test_no_shared_run_is_no_leak(example: Example) -> None:
    assert HeldOut.build([GATE], NGRAM).leak(example) is None


def test_a_run_across_held_out_fields_is_not_a_run() -> None:
    row = Example("a b c d", "e f g h", "i j k l")
    assert HeldOut.build([row], NGRAM).leak(reply("a b c d e f g h i j k l")) is None


COMMON = "Read the message of the customer and name its intent in one word"


def test_the_instruction_of_labelled_rows_does_not_count() -> None:
    held_out = HeldOut.build([Example(COMMON, "Where is my card?", label="card")], NGRAM)
    assert held_out.leak(Example(COMMON, "My top-up failed", label="top_up")) is None


def test_words_that_training_rows_hold_do_not_count() -> None:
    stock = "thank you for writing to us about this problem"
    gate = [Example(COMMON, "a b c", f"{stock}, {LONG}")]
    train = [Example(COMMON, "d e f", f"Hello, {stock}")]
    draft = Example(COMMON, "g h i", f"{stock} and goodbye")
    assert HeldOut.build(gate, NGRAM).leak(draft) is not None
    assert HeldOut.build(gate, NGRAM, train).leak(draft) is None
    assert HeldOut.build(gate, NGRAM, train).leak(reply(LONG)) is not None


# Six of ten words in order: ROUGE-L is exactly 0.6.
AT_THE_LIMIT = "one two three four five six a b c d"
BELOW_THE_LIMIT = "one two three four five a b c d e"


@pytest.mark.parametrize(
    ("row", "example", "value"),
    [
        (Example(LONG), Example(AT_THE_LIMIT), 0.6),
        (Example(LONG), Example(BELOW_THE_LIMIT), None),
        (Example(LONG), reply(LONG), None),  # a question is compared with questions
        (Example("x", LONG, label="l"), Example("x", AT_THE_LIMIT, label="m"), 0.6),
        (Example("x", LONG, label="l"), Example("x", BELOW_THE_LIMIT, label="l"), None),
    ],
)
def test_a_question_at_or_above_the_limit_is_a_leak(
    row: Example, example: Example, value: float | None
) -> None:
    rejection = HeldOut.build([row], ROUGE).leak(example)
    if value is None:
        assert rejection is None
    else:
        assert rejection is not None
        assert (rejection.reason, rejection.value) == ("contaminated", value)
        assert (rejection.threshold, rejection.neighbour) == (0.6, row.id)


SHORT = "one two three four five six seven"


@pytest.mark.parametrize(
    ("row", "example", "value"),
    [
        (Example("x", response=LONG), reply(AT_THE_LIMIT), 0.6),
        (Example("x", response=LONG), reply(BELOW_THE_LIMIT), None),
        (Example("x", response=LONG), Example("y", input=AT_THE_LIMIT), 0.6),
        (Example("x", input=LONG), reply(AT_THE_LIMIT), 0.6),
        (Example("x", response=LONG), Example("y", turns=(Message("user", LONG),)), 1.0),
        (Example("x", turns=(Message("user", LONG),)), reply(LONG), 1.0),
        (Example("x", response=SHORT), reply(SHORT), None),  # short answers repeat rightly
        (Example("x", response=f"{SHORT} eight"), reply(SHORT), None),
        (Example("x", response=f"{SHORT} eight"), reply(f"{SHORT} ocho"), 7 / 8),
        (Example("x", "q", LONG, label="l"), Example("x", "r", AT_THE_LIMIT, label="l"), 0.6),
        (Example("x", response="Yes"), reply("Yes"), None),
        (Example("x", response=LONG), Example("x", LONG, label="l"), None),  # as for instructions
    ],
)
def test_a_long_passage_at_or_above_the_limit_is_a_leak(
    row: Example, example: Example, value: float | None
) -> None:
    rejection = HeldOut.build([row], ROUGE).leak(example)
    assert (rejection and rejection.value) == value
    if rejection is not None:
        assert (rejection.threshold, rejection.neighbour) == (0.6, row.id)
    short = ROUGE.model_copy(update={"passage_words": None})
    assert HeldOut.build([row], short).leak(example) is None


def test_a_passage_like_one_of_a_training_row_does_not_count() -> None:
    gate, train = Example("x", response=LONG), Example("y", response=AT_THE_LIMIT)
    assert HeldOut.build([gate], ROUGE).leak(reply(f"{LONG} eleven")) is not None
    assert HeldOut.build([gate], ROUGE, [train]).leak(reply(f"{LONG} eleven")) is None
    far = Example("y", response=BELOW_THE_LIMIT)
    assert HeldOut.build([gate], ROUGE, [far]).leak(reply(f"{LONG} eleven")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "w " * 100_000,
        "\U0001f600" * 9,
        "\ud83d\udc00 x",
        "a\0b",
        "\u200fa\u202eb",
        "привет 你好",
    ],
)
def test_bad_input_leaks_nothing_of_another_row(text: str) -> None:
    bad = Example(text, text, text)
    assert HeldOut.build([GATE] * 1000, ContaminationConfig()).leak(bad) is None
    assert HeldOut.build([bad], ContaminationConfig()).leak(GATE) is None


def test_the_nearest_row_is_named() -> None:
    near, nearest = Example(AT_THE_LIMIT), Example(f"{LONG} eleven")
    rejection = HeldOut.build([near, nearest], ROUGE).leak(Example(LONG))
    assert rejection is not None
    assert rejection.neighbour == nearest.id


def test_both_checks_can_be_off() -> None:
    off = ContaminationConfig(ngram=None, rouge_l=None)
    assert HeldOut.build([GATE], off).leak(GATE) is None


def test_a_copy_of_a_held_out_row_leaks_however_short() -> None:
    row = Example("Classify", "card lost", "I have blocked it.", label="lost_card")
    copy = Example("Classify", "Card lost!", "Blocked.", label="lost_card")
    assert HeldOut.build([row], ContaminationConfig()).leak(copy) is not None


def test_the_same_last_turn_of_another_conversation_is_no_leak() -> None:
    turns = (Message("user", "My card has not come"), Message("assistant", "Another one?"))
    other = (Message("user", "I was charged twice in May"), Message("assistant", "Money back?"))
    row = Example("Yes please do", turns=turns)
    held_out = HeldOut.build([row], ROUGE)
    assert held_out.leak(Example("Yes please do", turns=other)) is None
    rejection = held_out.leak(Example("Yes please", turns=turns))
    assert rejection is not None
    assert rejection.neighbour == row.id
