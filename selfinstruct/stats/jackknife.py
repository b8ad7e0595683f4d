"""A statistic of a whole set, shared out over its rows, so that the paired tests take it."""

from selfinstruct.stats.resampling import Sample


def influences(whole: float, without: Sample) -> Sample:
    """A statistic and its values without each row in, one value a row out.

    t + (n - 1) (mean of all t(-j) - t(-i)): their mean is the statistic itself, their spread the
    jackknife's (Tukey, Ann. Math. Stat. 29:614, 1958; Efron, The Jackknife, the Bootstrap and
    Other Resampling Plans, 1982, section 3). The statistic of a mean gives back the rows.
    """
    shared: Sample = whole + (without.size - 1) * (without.mean() - without)
    return shared
