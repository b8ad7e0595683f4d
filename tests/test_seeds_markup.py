import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.seeds.markup import has_markup, text_of_html


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (
            "<p>Hi team,</p><p>it&#39;s late</p><br/>Anna<br>Acme",
            "Hi team,\n\nit's late\n\nAnna\nAcme",
        ),
        ("<div>a <b>b</b>&nbsp;c</div>", "a b c"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n\n- two"),
        ("<style>p {x: y}</style><p>a</p><script>if (a < b) {}</script>", "a"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("AT&amp;T &lt;3", "AT&T <3"),
        ("<P CLASS=x>A</P>", "A"),
        ("an <ORDER-ID> in <b>bold</b>", "an <ORDER-ID> in bold"),
        ("<p>unclosed", "unclosed"),
        ("<!-- seen by nobody --><p>a</p>", "a"),
    ],
)
def test_html_is_read_as_what_is_seen_of_it(text: str, seen: str) -> None:
    assert has_markup(text)
    assert text_of_html(text) == seen


@pytest.mark.parametrize(
    "text",
    [
        "3 < 5 and 6 > 4",
        "a <ORDER> b",
        "if a<b then",
        "AT&T",
        "  two\n\n\n\nlines ",
        "",
        "<3",
        "&co;",
    ],
)
def test_what_is_no_html_stays_as_it_is(text: str) -> None:
    assert not has_markup(text)
    assert text_of_html(text) == text


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1))
def test_any_words_survive_being_escaped(words: str) -> None:
    assert text_of_html(f"<p>{html.escape(words)}</p>") == words
