import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.export.markdown import bullets, code, fence, plain, quote, table, visible

TEXTS = st.text(st.sampled_from("`~|<>&*_#-\\[]()! \n\r\t\x1b\u202e\u2028ab\ud800"), max_size=40)


@given(TEXTS)
def test_no_text_ends_the_block_that_it_is_in(text: str) -> None:
    first, *middle, last = fence(text, None).split("\n")
    ticks = first.removesuffix("text")
    assert last == ticks
    assert set(ticks) == {"`"}
    for line in middle:
        assert not re.fullmatch(rf" {{0,3}}`{{{len(ticks)},}}\s*", line)
    assert "\n".join(middle) == visible(text)


@given(TEXTS)
def test_no_text_ends_its_code_span_or_its_cell(text: str) -> None:
    span = code(text)
    assert "\n" not in span
    if span == "-":
        assert not text.strip()
        return
    opening = re.match("`+", span)
    assert opening is not None
    inside = span[len(opening[0]) : -len(opening[0])]
    assert opening[0] not in re.findall("`+", inside)
    line = table(("a", "b"), [(span, 1)]).split("\n")[2]
    assert len(re.findall(r"(?<!\\)\|", line)) == 3


@given(TEXTS)
def test_words_in_a_sentence_mean_nothing_to_markdown(text: str) -> None:
    told = plain(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_<>\[\]#|]", told)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a[U+001B][2Jb"),
        ("\u202eabc", "[U+202E]abc"),
        ("a\u2028b\rc", "a[U+2028]b[U+000D]c"),
        ("\ud800", "[U+D800]"),
        ("é\n\t", "é\n\t"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert fence("x" * 30, 10) == "```text\nxxxxxxxxxx… (20 more characters)\n```"


def test_the_parts_of_a_card() -> None:
    assert bullets(["a", "b"]) == "- a\n- b"
    assert quote(["a", "b"]) == "> a\n>\n> b"
    assert table(("x",), [(1,)]) == "| x |\n| --- |\n| 1 |"
    assert html.unescape(plain("a & b")) == r"a \& b"
