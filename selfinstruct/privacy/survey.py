"""How much personal data rows hold, by kind and never by value."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.privacy.find import Finder, texts_of
from selfinstruct.progress import OnProgress, Progress, counted, silent
from selfinstruct.types import Example


@dataclass(frozen=True, slots=True)
class Survey:
    """`rows` of `total` hold personal data; `kinds` says how many hold each kind, most first."""

    rows: int
    total: int
    kinds: Mapping[str, int]


def survey(rows: Sequence[Example], finder: Finder, on_progress: OnProgress = silent) -> Survey:
    """Count the rows that hold personal data, whatever their origin."""
    step = Progress(0, "personal data", total=len(rows), unit="rows")
    found = [finder.kinds_in(texts_of(row)) for row in counted(rows, step, on_progress)]
    kinds = Counter(kind for each in found for kind in each)
    by_count = dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    return Survey(sum(bool(each) for each in found), len(found), by_count)
