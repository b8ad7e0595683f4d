"""How every picture looks: colours told apart by colour-blind eyes, shapes that say the same again.

The colours are Okabe and Ito's (Color Universal Design, 2008) without the yellow, which white paper
swallows. Ink, paper and the two greys are marks that a page replaces by its own colours, so that
one drawing serves light and dark.
"""

import unicodedata

INK = "#111112"
PAPER = "#fffffe"
MUTED = "#6b6b6c"
FAINT = "#d0d0d1"
ON_PAGE = {
    INK: "currentColor",
    PAPER: "var(--paper)",
    MUTED: "var(--muted)",
    FAINT: "var(--faint)",
}
"""What a page puts in place of the four."""

BLUE, ORANGE, GREEN, RED, SKY, PINK = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#56b4e9",
    "#cc79a7",
)
COLOURS = (BLUE, RED, GREEN, ORANGE, PINK, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (3, 1)), (0, (1, 1)))
# Lines only: a dotted hatch makes an SVG of hundreds of kilobytes.
HATCHES = ("", "////", "\\\\\\\\", "||||", "xxxx", "----")

REAL, SYNTHETIC, MIXTURE = 0, 1, 2
"""Which of COLOURS, MARKERS and LINES each kind of rows has, in every picture."""

SMALL, NORMAL = 9.0, 10.0
"""Sizes of text, in points; nothing is smaller."""
LABEL_WIDTH = 40


def plain(text: str, width: int = LABEL_WIDTH) -> str:
    """Other people's words on one line of a picture, at most `width` characters.

    Control, direction and other invisible characters, which no SVG can hold or which would turn
    words round, become a middle dot.
    """
    flat = "".join(char if _visible(char) else "·" for char in " ".join(text.split()))
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"


def _visible(char: str) -> bool:
    # Format characters join letters of some scripts (ZWJ); direction marks are the harmful ones.
    category = unicodedata.category(char)
    return category not in ("Cc", "Cs", "Cn", "Co") and unicodedata.bidirectional(char) not in (
        *("LRE", "RLE", "LRO", "RLO", "PDF"),
        *("LRI", "RLI", "FSI", "PDI"),
    )
