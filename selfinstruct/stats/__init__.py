"""Statistics for small paired samples, each function with its source."""

from selfinstruct.stats.exact import mcnemar, paired_binary_interval, wilson
from selfinstruct.stats.planning import alpha_of_round, detectable_gain, holm, rows_needed
from selfinstruct.stats.resampling import (
    Groups,
    PairedTest,
    Sample,
    mean_interval,
    paired_test,
    standard_error,
)

__all__ = [
    "Groups",
    "PairedTest",
    "Sample",
    "alpha_of_round",
    "detectable_gain",
    "holm",
    "mcnemar",
    "mean_interval",
    "paired_binary_interval",
    "paired_test",
    "rows_needed",
    "standard_error",
    "wilson",
]
