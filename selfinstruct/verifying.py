"""The models that look at candidates once the other filters have let them through.

Which are asked is the config's choice; with none, nothing is opened. They are opened when a wave
first needs them, and closed with the round.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selfinstruct.filters.screen import Verify, unverified
from selfinstruct.setting import Setting
from selfinstruct.types import Checkpoint


@contextmanager
def verifying(
    _here: Setting, _index: int, _champion: Checkpoint
) -> Iterator[Callable[[int], Verify]]:
    """What models say of the survivors of each wave of a round, until the block ends."""
    yield lambda _wave: unverified
