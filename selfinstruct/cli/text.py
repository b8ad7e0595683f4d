"""Small pieces of text for the terminal: durations, and other people's words made safe to print."""

from selfinstruct.printable import is_unsafe


def escape(text: str) -> str:
    """Text with control, escape and direction characters spelled out; newline and tab stay.

    Generated text is data: printed raw, it could move the cursor, retitle the window or hide words.
    """
    return "".join(
        char if char in "\n\t" or not is_unsafe(char) else f"\\x{ord(char):02x}" for char in text
    )


def seconds(value: float) -> str:
    """A duration such as `7 s`, `3 min 20 s` or `2 h 5 min`."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def one_line(text: str, width: int) -> str:
    """Text on one line of at most `width` characters, safe to print."""
    flat = escape(" ".join(text.split()))
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"
