"""What a config sets, held against the defaults."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.config import parse_config
from selfinstruct.config.load import line_of, read_tree
from selfinstruct.config.section import Section
from selfinstruct.manual.walk import ANY, Knob, groups
from selfinstruct.manual.words import written


@dataclass(frozen=True)
class Given:
    """A setting that a file gives: its line there, and its value as YAML has it, with the defaults
    of what is left out inside it.
    """

    knob: Knob
    line: int | None
    value: str

    @property
    def differs(self) -> bool:
        """Whether it is not at its default."""
        return self.value != self.knob.default


def settings_of(path: Path) -> tuple[Given, ...]:
    """Every setting that a config gives, in the order of its lines.

    Raises `UserError` for all that is wrong with the file.
    """
    tree, lines = read_tree(path)
    cfg = parse_config(tree, str(path), lines)
    found = []
    for knob in (knob for group in groups() for knob in group.knobs):
        at = tuple(knob.name.split("."))
        if ANY in at or not _gives(tree, at):
            continue
        value: Any = cfg
        for name in at:
            value = getattr(value, name)
        if isinstance(value, Section):  # what stands in it are settings of their own
            if value.model_fields_set:
                continue
            value = {}
        found.append(Given(knob, line_of(at, lines), written(value)))
    return tuple(sorted(found, key=lambda given: given.line or 0))


def _gives(tree: Any, at: tuple[str, ...]) -> bool:
    for name in at:
        if not isinstance(tree, dict) or name not in tree:
            return False
        tree = tree[name]
    return True
