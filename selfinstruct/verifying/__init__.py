"""The models that look at candidates once the other filters have let them through.

Which are asked is the config's choice; with none, nothing is opened. They are opened when a wave
first needs them, and closed with the round. A wave that was not committed is verified again: what
students say follows from their weights, and what teacher and judge said is in the ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.quality.chain import in_turn
from selfinstruct.setting import Setting
from selfinstruct.teacher import Teacher
from selfinstruct.types import Checkpoint, Example
from selfinstruct.verifying.checks import checks_of
from selfinstruct.verifying.witnesses import Witnesses


@contextmanager
def verifying(
    here: Setting, index: int, champion: Checkpoint, teacher: Teacher
) -> Iterator[Callable[[int], Verify]]:
    """What models say of the survivors of each wave of a round, until the block ends.

    `teacher` is the one that writes, for filters that ask it. Raises, when a wave is first
    verified, `IncompleteError` for a judge that cannot tell and must stop the run.
    """
    with ExitStack() as opened:
        asked = Witnesses(here, index, champion, teacher, opened)

        def verify_in_wave(wave: int) -> Verify:
            checks = checks_of(asked, wave)

            def verify(examples: Sequence[Example]) -> Verified:
                if checks and examples:
                    here.note(index, "generate", f"verifying {len(examples)} candidates")
                return in_turn(checks)(examples)

            return verify

        yield verify_in_wave
