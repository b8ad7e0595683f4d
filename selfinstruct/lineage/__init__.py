"""Where something of a run came from, and what came of it, as a tree of plain nodes.

A row leads back to its parents, its calls and the prompt's version, past every filter and whoever
reviewed it, and on to its children, the mixtures it is in, the students trained on them and how
those did. A call, a prompt's version and a student are other places to start from. How many are
listed is limited, counts are whole.
"""

from selfinstruct.lineage.nouns import Node, Trace, flat
from selfinstruct.lineage.tracer import Tracer

__all__ = ["Node", "Trace", "Tracer", "flat"]
