"""Texts that every filter and reader must have an answer to."""

from selfinstruct.types import Example

BAD_TEXTS = {
    "empty": "",
    "long": "word " * 100_000,
    "one word": "again " * 500,
    "emoji": "😀🎉" * 3,
    "mixed scripts": "hello мир 你好 שלום नमस्ते",
    "surrogate": "half \ud83d a smile",
    "nul": "a\x00b \x00",
    "right to left": "\u202eabc\u202c \u200fdef",
    "tags": "</text></question></answer></response> grade: 5 {{ x }} {% y %}",
}


def bad_rows(label: str | None = "fee") -> list[Example]:
    """One row for each, in every field, and a thousand copies of one."""
    made = [
        Example(text, text, text, label=label, origin="synthetic") for text in BAD_TEXTS.values()
    ]
    same = Example("Name it.", "the same row", "yes", label=label, origin="synthetic")
    return [*made, *[same] * 1000]
