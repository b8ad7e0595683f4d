"""Licences as SPDX writes them, and what a row comes under that was made from several others."""

import re
from collections import Counter
from collections.abc import Iterable

from selfinstruct.types import Example

UNKNOWN = "NOASSERTION"
"""SPDX's word for a licence that nobody has stated."""
AND = re.compile(r"\s+AND\s+(?![^(]*\))", re.IGNORECASE)
"""A conjunction outside of brackets."""


def join_licenses(licenses: Iterable[str]) -> str:
    """All of them joined by AND, each once and sorted: a work of several parts comes under each.

    A part without a licence is `NOASSERTION`, unless none has one. A choice (OR) is put in brackets
    and not decided.
    """
    stated = list(licenses)
    if not any(each.strip() for each in stated):
        return ""
    terms = {term for each in stated for term in _terms(each)}
    return " AND ".join(sorted(terms))


def count_licenses(rows: Iterable[Example]) -> dict[str, int]:
    """How many rows come under each licence, most first; `NOASSERTION` where none is stated."""
    found = Counter(row.license.strip() or UNKNOWN for row in rows)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _terms(license: str) -> list[str]:  # noqa: A002 - the field's name
    parts = [part.strip() for part in AND.split(license.strip() or UNKNOWN)]
    if len(parts) == 1 and " OR " not in parts[0]:
        return parts
    return [f"({part})" if " OR " in part and not part.startswith("(") else part for part in parts]
