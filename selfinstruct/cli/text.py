"""Other people's words made safe to print on a terminal."""

from selfinstruct.printable import is_unsafe


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
