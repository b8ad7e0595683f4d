"""The form of a response that a program reads: JSON, a schema, a pattern, code that parses."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from selfinstruct import schema
from selfinstruct.config import FormatConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.blocks import PARSERS, fenced_blocks, why_broken
from selfinstruct.filters.heuristics import Breach
from selfinstruct.text import without_surrogates
from selfinstruct.types import Example, Rejection

Fault = Callable[[str], Breach | None]
"""A response in; what is wrong with it and what was asked, or None."""


def read_pattern(pattern: str) -> Callable[[str], bool]:
    """A regular expression in RE2's syntax in; out, whether the whole of a text matches.

    Python's `re` takes exponential time on a text that was made for it, and a time limit would
    decide by the machine's load. RE2 is linear by design; Arrow, which `datasets` needs, has it.
    Raises `UserError` for what RE2 does not take, look-around and back-references among it.
    """
    import pyarrow
    from pyarrow import compute

    def matches(text: str, wanted: str) -> bool:
        scalar = pyarrow.scalar(without_surrogates(text))
        return bool(compute.match_substring_regex(scalar, wanted).as_py())

    try:
        matches("", pattern)
    except pyarrow.ArrowInvalid as error:
        raise UserError(
            f"filters.format.regex is {pattern!r}",
            why=f"RE2 does not take it: {error}",
            next_step="write it without look-around and back-references (github.com/google/re2)",
        ) from None
    return lambda text: matches(text, rf"\A(?:{pattern})\z")


@dataclass(frozen=True, slots=True)
class Formats:
    """What is wrong with a response, by reason, in the order in which it is looked for."""

    faults: tuple[tuple[str, Fault], ...]

    @classmethod
    def of(cls, rows: Iterable[Example], cfg: FormatConfig) -> Self:
        """What `cfg` asks, and what `auto` finds in the real rows' responses.

        Raises `UserError` for a schema or a pattern that cannot be used.
        """
        responses = [row.response for row in rows if row.response.strip()]
        every_json = bool(responses) and all(map(_is_composite, responses))
        found: list[tuple[str, Fault]] = []
        if cfg.json_responses is True or (cfg.json_responses == "auto" and every_json):
            found.append(("not_json", no_json))
        if cfg.json_schema is not None:
            is_valid = schema.read_schema(Path(cfg.json_schema), "filters.format.json_schema")
            found.append(("breaks_schema", _unless(is_valid, cfg.json_schema)))
        if cfg.regex is not None:
            found.append(("breaks_pattern", _unless(read_pattern(cfg.regex), cfg.regex)))
        if cfg.code:
            found.append(("broken_code", _broken_code(responses)))
        return cls(tuple(found))

    def fault(self, example: Example) -> Rejection | None:
        """The first thing wrong with the response; a label alone has none."""
        if not example.response.strip():
            return None
        for reason, fault in self.faults:
            breach = fault(example.response)
            if breach is not None:
                return Rejection(example, reason, breach.value, breach.threshold)
        return None


def no_json(text: str) -> Breach | None:
    """What keeps a text from being JSON, None where it is."""
    try:
        schema.parse(text)
    except ValueError as error:
        return Breach(str(error))
    except RecursionError:
        return Breach("nested too deep")
    return None


def _is_composite(text: str) -> bool:
    """Numbers and `true` are JSON too, but few who write them mean it."""
    return text.lstrip()[0] in "{[" and no_json(text) is None


def _unless(is_right: Callable[[str], bool], asked: str) -> Fault:
    return lambda text: None if is_right(text) else Breach(None, asked)


def _broken_code(responses: Iterable[str]) -> Fault:
    real = [block for text in responses for block in fenced_blocks(text)]
    checked = PARSERS.keys() - {block.language for block in real if why_broken(block) is not None}

    def fault(text: str) -> Breach | None:
        blocks = (block for block in fenced_blocks(text) if block.language in checked)
        why = next((why for why in map(why_broken, blocks) if why is not None), None)
        return None if why is None else Breach(why)

    return fault
