"""Licences as SPDX writes them: what a row comes under that was made from several others, and
whether a policy allows that.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from selfinstruct.types import Example

UNKNOWN = "NOASSERTION"
"""SPDX's word for a licence that nobody has stated."""
MARK = re.compile(r"(?P<bracket>[()])|\s+(?P<word>AND|OR)\s+", re.IGNORECASE)
"""What an expression is taken apart at."""
LONGEST = 1000
"""Characters of a licence that is read as an expression; a longer one is a name as it stands."""


def join_licenses(licenses: Iterable[str]) -> str:
    """All of them joined by AND, each once and sorted: a work of several parts comes under each.

    A part without a licence is `NOASSERTION`, unless none has one. A choice (OR) is put in brackets
    and not decided.
    """
    stated = list(licenses)
    if not any(each.strip() for each in stated):
        return ""
    terms = {term for each in stated for term in terms_of(each)}
    return " AND ".join(sorted(terms))


def count_licenses(rows: Iterable[Example]) -> dict[str, int]:
    """How many rows come under each licence, most first; `NOASSERTION` where none is stated."""
    found = Counter(row.license.strip() or UNKNOWN for row in rows)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def is_allowed(license: str, allow: Collection[str] | None) -> bool:  # noqa: A002
    """Whether a row under this licence may be used where these are allowed, case aside; None allows
    all.

    Of a conjunction each part has to be, of a choice one. A row without a licence is `NOASSERTION`.
    What cannot be read as an expression is allowed only by its very words.
    """
    if allow is None:
        return True
    known = {name.strip().casefold() for name in allow}
    return _is_allowed(license.strip() or UNKNOWN, known)


def _is_allowed(license: str, known: Collection[str]) -> bool:  # noqa: A002
    if license.casefold() in known:
        return True
    if len(license) > LONGEST:
        return False
    return all(_is_term_allowed(term, known) for term in terms_of(license))


def _is_term_allowed(term: str, known: Collection[str]) -> bool:
    if term.casefold() in known:
        return True
    choices = _split(term, "OR")
    if choices == [term] and term.startswith("(") and term.endswith(")"):
        choices = _split(term[1:-1], "OR")
    return choices != [term] and any(_is_allowed(choice, known) for choice in choices)


def terms_of(license: str) -> list[str]:  # noqa: A002 - the field's name
    """What is joined by AND outside of brackets; a choice in brackets, an unstated one as
    `NOASSERTION`.
    """
    parts = _split(license.strip() or UNKNOWN, "AND")
    if len(parts) == 1 and " OR " not in parts[0]:
        return parts
    return [f"({part})" if " OR " in part and not part.startswith("(") else part for part in parts]


def _split(text: str, word: str) -> list[str]:
    """The parts between a word of SPDX's that stands outside of brackets."""
    parts, start, depth = list[str](), 0, 0
    for mark in MARK.finditer(text):
        if mark["bracket"]:
            depth += 1 if mark["bracket"] == "(" else -1
        elif depth == 0 and mark["word"].upper() == word:
            parts.append(text[start : mark.start()].strip())
            start = mark.end()
    return [*parts, text[start:].strip()]
