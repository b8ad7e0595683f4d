"""An answer twice as long is read in about twice the time: no pattern backtracks, no loop peels."""

import gc
import time
from collections.abc import Callable
from functools import partial

import pytest

from selfinstruct import chat
from selfinstruct.config import FiltersConfig, HeuristicsConfig, PrivacyConfig, SpeakersConfig
from selfinstruct.filters.blocks import fenced_blocks
from selfinstruct.filters.executable import code_of
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.standards import Standards
from selfinstruct.judging.judge import read_choice
from selfinstruct.privacy import Finder
from selfinstruct.recipes.parse import read_instances, read_list, read_text, read_texts, read_yes_no
from selfinstruct.recipes.parse_dialogue import read_dialogues, read_turn
from selfinstruct.recipes.parse_items import read_block, read_items, read_json, read_line
from selfinstruct.text import without_surrogates
from selfinstruct.types import Example

UNITS = (
    *(" ", "\n", " \n", "\r\n", "Ticket: ", "**", '"', "[", "<|im_end|>", "### user\n", "1. a\n"),
    *("- ", "Example 1\n", "Input: a\n", "```\n", "~~~\n", "as an ai trained ", "i cannot ", "x"),
    *("```python\nx\n```\n", "```python\n", "```json\n[\n```\n", "~", "`"),
    *("here are ticket ", "let me know if ", "\n\nNote: a", "<think>", "</think>", "\u0301", "_!"),
    *(
        "User: a\n",
        "User: a\nAgent: b\n",
        "User",
        "Anna:\n",
        "[a",
        "(a) ",
        "*a*",
        "1 ",
        "a. User: ",
    ),
    *("Conversation 1\n", "\n\nEnd of ", "</user>", '[{"role":'),
    *("1", "1 ", "0", "+1 ", "12-34-", "(", "a@", "a.", "@", "a@b.", "1.", "f:", "AB12 ", "4111 "),
    *("account number ", "order number 1 ", "12 Street ", "1 A ", "Via A ", "a://b", "tel ", "(0)"),
    *('{"text": "a"}, ', '{"', '[{"a', '\\"', '"a": ', "\n{", "], ", "Text: a\n", ", ", "1. {"),
)
OFF = HeuristicsConfig(  # what would settle the matter before the costlier checks
    min_words=None, max_words=None, max_response_words=None, echo=None, max_repetition=None
)
STANDARDS = Standards.of([Example("one two", response="three")] * 20, FiltersConfig())
READERS: tuple[Callable[[str], object], ...] = (
    *(read_texts, read_text, partial(read_list, first=3), read_instances, read_yes_no),
    *(partial(chat.read_answer, target="label"), chat.normalise_label, read_choice),
    *(without_surrogates, Finder.of(PrivacyConfig()).find),
    partial(read_dialogues, speakers=SpeakersConfig()),
    partial(read_turn, who="user", speakers=SpeakersConfig()),
    *(partial(read_items, fields=fields) for fields in (("text",), ("text", "response"))),
    *(read_json, read_line, partial(read_block, fields=("text", "response"))),
    lambda text: read_items(f'[{{"text": "{text}', ("text",)),
    lambda text: check_instruction(Example("x", f"a {text}", label="fee"), OFF),
    lambda text: check_instance(Example("x", text, text + "."), OFF),
    *(fenced_blocks, code_of),
    lambda text: STANDARDS.scripts.fault(Example("x", text, text)),
    lambda text: STANDARDS.lengths.fault(Example("x", text, text)),
    lambda text: STANDARDS.formats.fault(Example("x", text, text)),
)
LARGE = 1 << 18  # characters; at 1 << 20 the same holds, in four times the time


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_takes_about_twice_the_time(unit: str) -> None:
    """Of the processor, not of a clock. A quadratic reader takes four times as long, and at this
    size hours, so the test would rather hang than fail.
    """

    def seconds(size: int) -> float:
        text = f"answer {unit * (size // len(unit))}x"
        gc.disable()  # it walks whatever a thousand tests before this one left behind
        try:
            began = time.process_time()
            for read in READERS:
                read(text)
            return time.process_time() - began
        finally:
            gc.enable()

    ratios = (seconds(2 * LARGE) / seconds(LARGE) for _ in range(3))
    assert any(ratio < 3 for ratio in ratios)
