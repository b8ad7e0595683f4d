"""A prompt folder with a question of its own."""

from pathlib import Path

QUESTION = "label_first/question"


def question(words: str) -> str:
    """A template for label_first that says these words before the label."""
    return '{% call turn("user") %}\n' + words + " {{ order.label }}\n{% endcall %}\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
