"""Small teachers' habits, one case each, and the laws that hold for any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.recipes.parse import (
    Instance,
    read_instances,
    read_list,
    read_text,
    read_texts,
    read_yes_no,
    without_closing,
)

LISTS = {
    "dots": ("1. Add two.\n2. Add three.", ["Add two.", "Add three."]),
    "brackets": ("1) Add two.\n2) Add three.", ["Add two.", "Add three."]),
    "in brackets": ("(1) Add two.\n(2) Add three.", ["Add two.", "Add three."]),
    "dashes": ("1 - Add two.\n2 - Add three.", ["Add two.", "Add three."]),
    "no space": ("1.Add two.\n2.Add three.", ["Add two.", "Add three."]),
    "nouns": ("Task 1: Add two.\nTask 2: Add three.", ["Add two.", "Add three."]),
    "nouns in bold": ("**Task 1:** Add two.\n**Task 2:** Add three.", ["Add two.", "Add three."]),
    "bold colon": ("**Task 1**: Add two.\n**Task 2**: Add three.", ["Add two.", "Add three."]),
    "headings": ("### Task 1\nAdd two.\n\n### Task 2\nAdd three.", ["Add two.", "Add three."]),
    "bold items": ("1. **Add two.**\n2. **Add three.**", ["Add two.", "Add three."]),
    "all bold": ("**1. Add two.**\n**2. Add three.**", ["Add two.", "Add three."]),
    "quotes": ('1. "Add two."\n2. “Add three.”', ["Add two.", "Add three."]),
    "bullets": ("- Add two.\n- Add three.", ["Add two.", "Add three."]),
    "stars": ("* Add two.\n* Add three.", ["Add two.", "Add three."]),
    "blank lines": ("1. Add two.\n\n\n2. Add three.\n", ["Add two.", "Add three."]),
    "any start": ("9. Add two.\n10. Add three.", ["Add two.", "Add three."]),
    "every number is 1": ("1. Add two.\n1. Add three.", ["Add two.", "Add three."]),
    "a skipped number": ("1. Add two.\n3. Add three.", ["Add two.", "Add three."]),
    "an empty item": ("1.\n2. Add three.", ["Add three."]),
    "Arabic digits": ("١. Add two.\n٢. Add three.", ["Add two.", "Add three."]),  # noqa: RUF001
    "Chinese marks": ("1、写一首诗。\n2、翻译这句话。", ["写一首诗。", "翻译这句话。"]),
    "line separators": ("1. Add two.\u20282. Add three.", ["Add two.", "Add three."]),
    "carriage returns": ("1. Add two.\r\n2. Add three.\r\n", ["Add two.", "Add three."]),
    "preamble": (
        "Sure! Here are two new tasks:\n\n1. Add two.\n2. Add three.",
        ["Add two.", "Add three."],
    ),
    "chatter": (
        "1. Add two.\n2. Add three.\n\nLet me know if you need more tasks!",
        ["Add two.", "Add three."],
    ),
    "echoed role": (
        "<|im_start|>assistant\n1. Add two.\n2. Add three.<|im_end|>\n<|im_start|>user\nMore",
        ["Add two.", "Add three."],
    ),
    "more lines": ("1. Sort:\nb, a\n2. Add three.", ["Sort:\nb, a", "Add three."]),
    "a year": (
        "1. What happened in\n2016. Say why.\n2. Add three.",
        ["What happened in\n2016. Say why.", "Add three."],
    ),
    "a decimal": ("1. Round\n3.5 down.\n2. Add three.", ["Round\n3.5 down.", "Add three."]),
    "a time": (
        "1. What is at\n12:30 today?\n2. Add three.",
        ["What is at\n12:30 today?", "Add three."],
    ),
    "an indented list": (
        "1. Sort:\n   1. b\n   2. a\n2. Add three.",
        ["Sort:\n   1. b\n   2. a", "Add three."],
    ),
    "numbers in a fence": (
        "1. Explain:\n```\n2. print(1)\n```\n2. Add three.",
        ["Explain:\n```\n2. print(1)\n```", "Add three."],
    ),
    "bullets in an item": ("1. Sort:\n- b\n- a\n2. Add three.", ["Sort:\n- b\n- a", "Add three."]),
}


@pytest.mark.parametrize(("text", "items"), LISTS.values(), ids=LISTS)
def test_read_texts_and_read_list_find_the_items(text: str, items: list[str]) -> None:
    assert list(read_texts(text)) == items
    assert list(read_list(text, first=9)) == items


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Add two.\n10. Add three.", ["Add two.", "Add three."]),
        ("My answer\n9. Add two.\n10. Add three.", ["Add two.", "Add three."]),
        ("Voici:\n1. Add two.\n2. Add three.", ["Add two.", "Add three."]),
        ("9. Add two.", ["Add two."]),
        ("Add two.", ["Add two."]),
        ("2016. What happened?", ["2016. What happened?"]),
    ],
)
def test_read_list_goes_on_from_nine(text: str, items: list[str]) -> None:
    assert list(read_list(text, first=9)) == items


SINGLE = {
    "plain": ("I paid 3.50 at 12:30.", "I paid 3.50 at 12:30."),
    "case is kept": ("Why does the API of NASA fail?", "Why does the API of NASA fail?"),
    "an address": ("https://a.example/x: is it yours?", "https://a.example/x: is it yours?"),
    "a date": ("30. April, still no money.", "30. April, still no money."),
    "a list inside": (
        "Two questions:\n1. Why twice?\n2. When refunded?",
        "Two questions:\n1. Why twice?\n2. When refunded?",
    ),
    "a lone number": ("1. Why was I charged?", "Why was I charged?"),
    "a lone bullet": ("- Why was I charged?", "Why was I charged?"),
    "quotes": ('"Why was I charged?"', "Why was I charged?"),
    "an open quote": ('"Why was I charged?', "Why was I charged?"),
    "two quotations": ('"Pending" or "paid"', '"Pending" or "paid"'),
    "bold": ("**Why was I charged?**", "Why was I charged?"),
    "fence": ("```\nWhy was I charged?\n```", "Why was I charged?"),
    "fence with a language": ("```text\nWhy was I charged?\n```", "Why was I charged?"),
    "preamble on its line": ("Here is the new ticket:\nWhy twice?", "Why twice?"),
    "preamble beside": ("Here's another example: Why twice?", "Why twice?"),
    "preamble and quotes": ('Sure, here is one:\n\n"Why twice?"', "Why twice?"),
    "not about itself": ("Here is a list of fees: 1 and 2.", "Here is a list of fees: 1 and 2."),
    "one thing": ("Here is one thing I hate: fees.", "Here is one thing I hate: fees."),
    "sure alone": ("Sure!\n\nWhy twice?", "Why twice?"),
    "not a preamble": ("Here is my question: why twice?", "Here is my question: why twice?"),
    "sure of something": ("Sure, I agreed. Why twice?", "Sure, I agreed. Why twice?"),
    "field name": ("Ticket: Why twice?", "Why twice?"),
    "with article": ("A task:\n\nIn a sentence, give a recipe.", "In a sentence, give a recipe."),
    "with verb": ("The task is:\n\nAdd a sentence.", "Add a sentence."),
    "a sentence of it": ("The task is to reorder the calendar.",) * 2,
    "an answer's own words": ("The answer is: 42",) * 2,
    "longer field name": ("New ticket: Why twice?", "Why twice?"),
    "whose field": ("Customer's message: Why twice?", "Why twice?"),
    "bold field name": ("**Message:** Why twice?", "Why twice?"),
    "role": ("assistant: Why twice?", "Why twice?"),
    "a Llama turn": ("<|start_header_id|>\nWhy twice?<|eot_id|>more", "Why twice?"),
    "a Gemma turn": ("Why twice?<end_of_turn>\n<start_of_turn>user\nMore", "Why twice?"),
    "a newer Gemma turn": ("Why twice?<turn|>\n<|turn>user", "Why twice?"),
    "a Mistral turn": ("<s>[SYSTEM_PROMPT][/SYSTEM_PROMPT]Why twice?[/INST]", "Why twice?"),
    "a DeepSeek turn": ("Why twice?<\uff5cend\u2581of\u2581sentence\uff5c>More", "Why twice?"),
    "a reserved token": ("<|reserved_special_token_0|>Why twice?", "Why twice?"),
    "struck out": ("It is <s>lost gone.", "It is <s>lost gone."),
    "tildes": ("~~~\nWhy twice?\n~~~", "Why twice?"),
    "tildes in tildes": ("~~~\n~~~\nWhy?\n~~~\n~~~", "~~~\n~~~\nWhy?\n~~~\n~~~"),
    "the next turn": ("Why twice?\n### User\nanother", "Why twice?"),
    "chatter": ("Why twice?\n\nI hope this helps!", "Why twice?"),
    "a polite end": (
        "Why twice?\n\nPlease let me know.",
        "Why twice?\n\nPlease let me know.",
    ),
    "two paragraphs": ("Hi,\n\nWhy twice?", "Hi,\n\nWhy twice?"),
    "Chinese": ("为什么扣了两次款？", "为什么扣了两次款？"),  # noqa: RUF001
}


@pytest.mark.parametrize(("text", "item"), SINGLE.values(), ids=SINGLE)
def test_read_texts_leaves_one_text_whole(text: str, item: str) -> None:
    assert read_texts(text) == (item,)


def test_read_text_keeps_a_reply_that_is_a_list() -> None:
    assert read_text("1. Log in.\n2. Pay.") == ("1. Log in.\n2. Pay.",)


@pytest.mark.parametrize("text", ["", " \n\u2028", "**", "```\n```", "<|im_end|>", "...", "-"])
def test_no_words_give_no_items(text: str) -> None:
    assert read_texts(text) == read_text(text) == read_list(text, first=1) == ()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes", True),
        ("yes.", True),
        ("**No**", False),
        (" No, it is not", False),
        ("Answer: yes", True),
        ("", None),
        ("Nothing", None),
        ("Is it?", None),
    ],
)
def test_read_yes_no(text: str, answer: bool | None) -> None:
    assert read_yes_no(text) is answer


INPUT_FIRST = {
    "one": ("Input: 2, 3\nOutput: 5", [("2, 3", "5")]),
    "examples": (
        "Example 1\nInput: 2\nOutput: 4\n\nExample 2\nInput: 3\nOutput: 9",
        [("2", "4"), ("3", "9")],
    ),
    "no headings": ("Input: 2\nOutput: 4\nInput: 3\nOutput: 9", [("2", "4"), ("3", "9")]),
    "bold and lines": ("**Input:**\na\nb\n**Output:**\nc", [("a\nb", "c")]),
    "none": ("Input: None\nOutput: A joke.", [("", "A joke.")]),
    "noinput": ("Input: <noinput>\nOutput: A joke.", [("", "A joke.")]),
    "output alone": ("Output: A joke.", [("", "A joke.")]),
    "two outputs": ("Output: A joke.\nOutput: A song.", [("", "A joke."), ("", "A song.")]),
    "output, then pairs": ("Output: a\nInput: b\nOutput: c", [("", "a"), ("b", "c")]),
    "no fields": ("A joke.", [("", "A joke.")]),
    "colons inside": (
        "Input: Meeting at 12:30\nOutput: https://a.example",
        [("Meeting at 12:30", "https://a.example")],
    ),
    "output missing": ("Input: 2\nOutput: 4\nInput: 3", [("2", "4"), ("3", "")]),
    "chatter": ("Output: 4\n\nLet me know if you need more examples.", [("", "4")]),
    "a list as input": ("Input: 1. b\n2. a\nOutput: a, b", [("1. b\n2. a", "a, b")]),
    "nothing": ("", []),
}
OUTPUT_FIRST = {
    "pairs": (
        "Class label: spam\nInput: Win!\nClass label: ham\nInput: Hi mum",
        [("Win!", "spam"), ("Hi mum", "ham")],
    ),
    "labels alone": ("Class label: spam\nClass label: ham", [("", "spam"), ("", "ham")]),
    "a label alone": (
        "Class label: spam\nClass label: ham\nInput: Hi mum",
        [("", "spam"), ("Hi mum", "ham")],
    ),
    "input first after all": (
        "Input: Win!\nClass label: spam\nInput: Hi mum\nClass label: ham",
        [("Win!", "spam"), ("Hi mum", "ham")],
    ),
}


@pytest.mark.parametrize(("text", "instances"), INPUT_FIRST.values(), ids=INPUT_FIRST)
def test_read_instances(text: str, instances: list[tuple[str, str]]) -> None:
    assert list(read_instances(text)) == [Instance(*pair) for pair in instances]


@pytest.mark.parametrize(("text", "instances"), OUTPUT_FIRST.values(), ids=OUTPUT_FIRST)
def test_read_instances_with_the_label_first(text: str, instances: list[tuple[str, str]]) -> None:
    assert list(read_instances(text, output_first=True)) == [Instance(*pair) for pair in instances]


PIECES = st.sampled_from(
    [
        *("1. ", "2.", "3)", "Task 4:", "### Task 2", "Example 1\n", "\uff11. ", "\u06f3)", "7 - "),
        *(
            "\n",
            "\n\n",
            "\u2028",
            "\x1e",
            " ",
            ":",
            "- ",
            "* ",
            "**",
            '"',
            "'",
            "\u00ab",
            "```",
            "```\n",
        ),
        *("Input:", "Output:", "Class label:", "Sure!", "Here is one:", "Ticket:", "none", "Yes"),
        *("<|im_end|>", "### User", "assistant:", "Note:", "word", "3.5", "12:30", "2016."),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join))


@given(TEXTS)
def test_items_are_pieces_of_the_text(text: str) -> None:
    whole = " ".join(text.split())
    instances = [*read_instances(text), *read_instances(text, output_first=True)]
    items = [
        *read_texts(text),
        *read_text(text),
        *read_list(text, first=3),
        *(instance.input for instance in instances),
        *(instance.output for instance in instances),
    ]
    assert all(" ".join(item.split()) in whole for item in items)
    assert read_yes_no(text) in {True, False, None}


WORDS = st.lists(st.sampled_from(["refund", "Paris", "3.50", "2016.", "12:30", "why?"]), min_size=2)
ITEMS = st.lists(WORDS.map(lambda words: "About " + " ".join(words)), min_size=2, max_size=12)


@given(
    ITEMS, st.integers(1, 80), st.sampled_from(["{}. {}", "{}) {}", "Task {}: {}", "**{}.** {}"])
)
def test_a_numbered_list_is_read_back(items: list[str], start: int, form: str) -> None:
    text = "\n".join(form.format(number, item) for number, item in enumerate(items, start))
    assert list(read_texts(text)) == items
    assert list(read_list(text, first=start)) == items


@pytest.mark.parametrize(
    "text",
    [
        *(" " * 20_000 + "x", "task" + " " * 20_000 + "x", "*_" * 10_000, '"' * 20_000),
        *("1. " * 7_000, "Ticket: " * 100_000, "~~~\n" * 100_000),
    ],
    ids=["blanks", "noun", "emphasis", "quotes", "numbers", "labels", "fences"],
)
def test_a_text_that_never_ends_is_read_in_a_moment(text: str) -> None:
    """Small models loop; a pattern that backtracks over blanks took half a minute for these."""
    assert len(read_texts(text)) <= 1
    assert len(read_list(text, first=2)) <= 1
    assert len(read_instances(text)) <= 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\n\nBye.\n \nBye now", "a"),
        ("Bye.\n\nBye.", "Bye."),
        ("a\n\nBye.\n\nb", "a\n\nBye.\n\nb"),
        ("", ""),
    ],
)
def test_closing_paragraphs_are_taken_from_the_end_alone(text: str, left: str) -> None:
    assert without_closing(text, re.compile("Bye")) == left
