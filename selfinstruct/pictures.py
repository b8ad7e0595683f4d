"""The pictures of a run by the name of their files: what those who draw and those who show agree
on.

Here, since whoever only shows a picture must not load what draws it.
"""

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "arms": "Yield by arm",
    "compare": "Paired differences",
    "cost": "Time, tokens and latency",
    "funnel": "Filter funnel",
    "judge": "The judge",
    "labels": "Labels",
    "lengths": "Lengths",
    "losses": "Training loss",
    "novelty": "Novelty of the candidates",
    "rounds": "Round over round",
    "sweep": "Score over the synthetic share",
    "thresholds": "Candidates that pass, by threshold",
    "verbs": "How rows open",
    "watch": "Collapse watch",
}
"""Name to title; the report says of "verbs" which part of a row it reads."""
