"""The errors meant for people: what happened, where, why it matters, and the command to type next.

Anything else that is raised is a bug and keeps its traceback. They are caught once, at the edge of
the command line.
"""

USAGE = 2
INCOMPLETE = 3
STORE = 4


class UserError(Exception):
    """A mistake the user can mend; `str()` is the whole message, `exit_code` what the command
    returns.
    """

    exit_code = USAGE

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        self.what = what
        self.why = why
        self.next_step = next_step
        parts = [what, f"  why:  {why}" if why else "", f"  next: {next_step}" if next_step else ""]
        super().__init__("\n".join(part for part in parts if part))


class IncompleteError(UserError):
    """The run stopped early and can be resumed: budget spent, teacher unreachable, training
    diverged.
    """

    exit_code = INCOMPLETE


class DivergedError(IncompleteError):
    """A student came to numbers that are none: a loss, a gradient, a weight or a score of its own.

    It is the fault of this student alone; others of the same run may be sound.
    """


class OutOfMemoryError(IncompleteError):
    """Memory ran out, and there is nothing smaller left to try."""


class DiskError(IncompleteError):
    """The disk did not take what was to be written: it is full, read-only or failing."""


class StoreError(UserError):
    """The run's store is locked by another process, damaged, or of another version."""

    exit_code = STORE
