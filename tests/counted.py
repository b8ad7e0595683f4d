"""The finished waves of a round, counted."""

from collections.abc import Iterable

from selfinstruct.aiming.tally import Tally
from selfinstruct.types import Screened


def tally_of(waves: Iterable[tuple[int, Screened]], last: int = 16) -> Tally:
    """Waves with the prompts that each asked in, as a round counts them one by one."""
    tally = Tally()
    for prompts, wave in waves:
        tally = tally.after(prompts, wave, last)
    return tally
