"""What a run amounts to so far, as one JSON-able object read from the ledger.

`status --json` prints it, the tables are drawn from it. `gain` is signed so that more is better,
and `low`, `high` are the ends of its 95 % interval over the paired gate rows.
"""

from selfinstruct.summary.run import SCHEMA_VERSION, prompt_facts, read_summary, summarise
from selfinstruct.summary.students import CONTROL, Summary, estimate, gain, looks, reports

__all__ = [
    "CONTROL",
    "SCHEMA_VERSION",
    "Summary",
    "estimate",
    "gain",
    "looks",
    "prompt_facts",
    "read_summary",
    "reports",
    "summarise",
]
