"""Statistics for small paired samples, each function with its source."""

from selfinstruct.stats.auc import auc
from selfinstruct.stats.exact import mcnemar, non_inferiority, paired_binary_interval, wilson
from selfinstruct.stats.jackknife import influences
from selfinstruct.stats.kappa import cohen_kappa
from selfinstruct.stats.planning import alpha_of_round, detectable_gain, holm, rows_needed
from selfinstruct.stats.resampling import (
    Groups,
    PairedTest,
    Sample,
    mean_interval,
    mean_non_inferiority,
    paired_test,
    standard_error,
)
from selfinstruct.stats.two_level import TwoLevelTest, seed_variance, two_level_test
from selfinstruct.stats.two_samples import Clusters, exchange_test, share_difference, share_ratio

__all__ = [
    "Clusters",
    "Groups",
    "PairedTest",
    "Sample",
    "TwoLevelTest",
    "alpha_of_round",
    "auc",
    "cohen_kappa",
    "detectable_gain",
    "exchange_test",
    "holm",
    "influences",
    "mcnemar",
    "mean_interval",
    "mean_non_inferiority",
    "non_inferiority",
    "paired_binary_interval",
    "paired_test",
    "rows_needed",
    "seed_variance",
    "share_difference",
    "share_ratio",
    "standard_error",
    "two_level_test",
    "wilson",
]
