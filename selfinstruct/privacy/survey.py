"""How much personal data rows hold, by kind and never by value."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from selfinstruct.privacy.find import Finder, texts_of
from selfinstruct.types import Example


@dataclass(frozen=True, slots=True)
class Survey:
    """`rows` of `total` hold personal data; `kinds` says how many hold each kind, most first."""

    rows: int
    total: int
    kinds: Mapping[str, int]


def survey(rows: Iterable[Example], finder: Finder) -> Survey:
    """Count the rows that hold personal data, whatever their origin."""
    found = [finder.kinds_in(texts_of(row)) for row in rows]
    kinds = Counter(kind for each in found for kind in each)
    by_count = dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    return Survey(sum(bool(each) for each in found), len(found), by_count)
