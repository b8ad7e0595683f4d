"""`run.db`, the ledger of one run: real splits, calls, candidates and their fate, finished stages.

One process writes (it holds `run.lock` for life); any number may read. A stage's results are
committed in one transaction, so that a run killed anywhere resumes at the last finished wave or
stage. Stores, and decides nothing.
"""

from selfinstruct.store.calls import Calls
from selfinstruct.store.candidates import Candidates
from selfinstruct.store.kin import Kin
from selfinstruct.store.splits import Splits
from selfinstruct.store.stages import Stages

__all__ = ["Store"]


class Store(Splits, Calls, Candidates, Stages, Kin):
    """The whole ledger, a context manager."""
