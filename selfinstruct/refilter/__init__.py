"""What a run's filters would have kept under other settings, from its stored answers: nothing is
asked and nothing is paid.

What-if is defined on the stored waves. Every prompt that a committed wave asked is asked again of
the ledger, shown the rows that the run itself had accepted by then; the answers are read by the
recipe's reader as it is now, and screened in the same slot order under the changed settings against
the rows that these would have accepted so far. A run under those settings would show other rows to
the teacher from its second wave on, and so ask other questions: for that there is `--apply`.

With nothing changed a replay gives every candidate the fate that is stored, unless the code that
reads and filters has changed since.
"""

from selfinstruct.refilter.asking import RULES
from selfinstruct.refilter.curve import Curve, curve, number
from selfinstruct.refilter.fates import KINDS, UNKNOWN, Fate, Moved, count, fit
from selfinstruct.refilter.record import Record, read_record
from selfinstruct.refilter.replay import Replayed, kept, replay
from selfinstruct.refilter.rules import Rule
from selfinstruct.refilter.settings import changed_filters, numbers, switches
from selfinstruct.refilter.whatif import WhatIf, what_if

__all__ = [
    "KINDS",
    "RULES",
    "UNKNOWN",
    "Curve",
    "Fate",
    "Moved",
    "Record",
    "Replayed",
    "Rule",
    "WhatIf",
    "changed_filters",
    "count",
    "curve",
    "fit",
    "kept",
    "number",
    "numbers",
    "read_record",
    "replay",
    "switches",
    "what_if",
]
