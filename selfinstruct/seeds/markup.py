"""HTML in, the text that a reader sees of it out; what is no HTML stays as it is.

Help desks export bodies as HTML. A student that learns them writes tags to customers.
"""

import re
from html.parser import HTMLParser

BREAKING = frozenset(
    (
        *("address", "article", "blockquote", "body", "center", "div", "dl", "dd", "dt"),
        *("fieldset", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header"),
        *("hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody"),
        *("tfoot", "thead", "tr", "ul"),
    )
)
"""Tags that begin and end a line."""
INLINE = frozenset(
    (
        *("a", "abbr", "b", "big", "br", "cite", "code", "del", "em", "figure", "font", "i", "img"),
        *("ins", "kbd", "label", "link", "mark", "meta", "q", "s", "small", "span", "strike"),
        *("strong", "sub", "sup", "td", "th", "title", "tt", "u", "wbr"),
    )
)
UNSEEN = frozenset({"script", "style", "title"})
TAGS = BREAKING | INLINE | UNSEEN
ENTITY = r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos|nbsp);"
MARKUP = re.compile(rf"</?(?:{'|'.join(sorted(TAGS))})(?:\s[^<>]*)?/?>|{ENTITY}", re.IGNORECASE)


def has_markup(text: str) -> bool:
    """Whether a text holds a tag of HTML or a character spelt as its entity."""
    return MARKUP.search(text) is not None


def text_of_html(text: str) -> str:
    """The visible text: a line for each block, `- ` before an item, entities as characters.

    Tags that HTML does not have, such as <ORDER>, are somebody's words and stay.
    """
    if not has_markup(text):
        return text
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Gathers what is seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in UNSEEN:
            self._unseen += 1
        elif tag not in TAGS:
            self.parts.append(self.get_starttag_text() or "")
        elif tag == "br" or tag in BREAKING:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag not in TAGS:
            self.parts.append(f"</{tag}>")
        elif tag in BREAKING:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
