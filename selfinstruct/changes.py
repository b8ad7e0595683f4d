"""What is not the same in two identities of a run, or in what their fields name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """A field that is not what it was; `content` where it names the same and that has changed."""

    field: str
    before: Any
    after: Any
    content: bool = False

    def __str__(self) -> str:
        if self.content:
            return f"{self.field}: what it names has changed ({self.before:.8} -> {self.after:.8})"
        return f"{self.field}: {self.before!r} -> {self.after!r}"


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], *, content: bool = False
) -> list[Change]:
    """What is not the same in two identities, field by field.

    Of two tables of contents, with `content`, only fields that both know: an older run, or a model
    not yet fetched, has none to hold another against.
    """
    known = before.keys() & after.keys() if content else before.keys() | after.keys()
    return [
        Change(field, before.get(field), after.get(field), content)
        for field in sorted(known)
        if before.get(field) != after.get(field)
    ]
