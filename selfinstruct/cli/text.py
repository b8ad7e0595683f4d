"""Other people's words made safe to print on a terminal, and where they are printed."""

import rich.console

from selfinstruct.cli.stopping import ReaderGone
from selfinstruct.printable import is_unsafe


class Output(rich.console.Console):
    """rich's console, which would answer 1 where nobody reads."""

    def on_broken_pipe(self) -> None:
        """Called by rich. Raises `ReaderGone`."""
        raise ReaderGone


def escape(text: str) -> str:
    """Text with control, escape and direction characters spelled out; newline and tab stay.

    Generated text is data: printed raw, it could move the cursor, retitle the window or hide words.
    """
    return "".join(
        char if char in "\n\t" or not is_unsafe(char) else f"\\x{ord(char):02x}" for char in text
    )


def one_line(text: str, width: int) -> str:
    """Text on one line of at most `width` characters, safe to print."""
    flat = escape(" ".join(text.split()))
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"
