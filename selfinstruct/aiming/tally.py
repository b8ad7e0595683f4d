"""What a round has come to so far, in numbers: each wave is counted once, when it is finished.

What the next wave asks follows from these numbers, so that one late in a round costs no more than
an early one, and a resumed round, which counts its finished waves again, asks the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from selfinstruct.aiming.yields import Place, Seen, by_aim, outcomes
from selfinstruct.types import Screened

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Size:
    """One or more waves: prompts asked, candidates that came of them, and those accepted."""

    prompts: int = 0
    candidates: int = 0
    accepted: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(
            self.prompts + other.prompts,
            self.candidates + other.candidates,
            self.accepted + other.accepted,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """The finished waves of a round.

    `accepted` and `seen` count by what rows were asked for, `reasons` what was rejected. `last` are
    the sizes of the last waves, in order.
    """

    waves: int = 0
    size: Size = Size()
    accepted: Mapping[Place, int] = field(default_factory=dict)
    seen: Mapping[Place, Seen] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    last: tuple[Size, ...] = ()

    def after(self, prompts: int, wave: Screened, last: int) -> "Tally":
        """With one more wave, that asked so many prompts. Of the waves it is the end of, as many
        are in `last` as together asked so many prompts or more, all where there are too few.
        """
        accepted, seen = Counter(self.accepted), dict(self.seen)
        accepted.update(map(by_aim, wave.accepted))
        for row, passed in outcomes(wave):
            place = by_aim(row)
            before = seen.get(place, Seen())
            seen[place] = Seen(before.kept + passed, before.candidates + 1)
        size = Size(prompts, len(wave.accepted) + len(wave.rejected), len(wave.accepted))
        return Tally(
            self.waves + 1,
            self.size + size,
            accepted,
            seen,
            Counter(self.reasons) + Counter(item.reason for item in wave.rejected),
            _enough((*self.last, size), last),
        )


def _enough(sizes: tuple[Size, ...], prompts: int) -> tuple[Size, ...]:
    """The shortest end of these that has so many prompts; all of them where they have fewer."""
    asked = sum(size.prompts for size in sizes)
    first = 0
    while first < len(sizes) and asked - sizes[first].prompts >= prompts:
        asked -= sizes[first].prompts
        first += 1
    return sizes[first:]


def seen_by(tally: Tally, key: Callable[[Place], K]) -> dict[K, Seen]:
    """Candidates and kept ones, by what `key` says of what they were asked for."""
    kept: defaultdict[K, int] = defaultdict(int)
    candidates: defaultdict[K, int] = defaultdict(int)
    for place, seen in tally.seen.items():
        kept[key(place)] += seen.kept
        candidates[key(place)] += seen.candidates
    return {each: Seen(kept[each], candidates[each]) for each in candidates}
