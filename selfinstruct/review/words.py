"""What a review says of the judge, in sentences for a terminal and for the report."""

from collections.abc import Iterator
from pathlib import Path

from selfinstruct.errors import StoreError
from selfinstruct.review.judging import ENOUGH, JudgeByPeople, Threshold, judge_by_people
from selfinstruct.types import Interval


def judge_lines(folder: Path) -> list[str]:
    """`tell_judge` of a run, none without a judge or a review; or why a review cannot be read.

    A run is shown whole even where the reviews beside it are of another version.
    """
    try:
        found = judge_by_people(folder)
    except StoreError as error:
        return [f"judge by people: not known, as {error.what}"]
    return [] if found is None else tell_judge(found)


def tell_judge(found: JudgeByPeople) -> list[str]:
    """One line each: how well the judge's grades follow people, how the threshold in use does,
    which would agree best, and what applies it.
    """
    if found.n < ENOUGH:
        return [
            f"judge by people: {found.n} graded rows decided; from {ENOUGH} on, which threshold"
            " agrees best with people"
        ]
    return [_head(found), *_thresholds(found)]


def _head(found: JudgeByPeople) -> str:
    told = f"judge by people: {found.n} graded rows decided, {found.stood} left as they were"
    if found.auc is None:
        return f"{told}: people were of one mind, so no threshold can be told"
    return f"{told}: AUC {found.auc.value:.2f} [{found.auc.low:.2f}, {found.auc.high:.2f}]"


def _thresholds(found: JudgeByPeople) -> Iterator[str]:
    current, best, setting = found.current, found.best, found.setting
    if current is None:
        yield "no threshold is in use: by its own calibration the judge cannot tell"
    else:
        most = ", no other grade agrees better" if best is not None and setting is None else ""
        yield f"grade {current.least} is in use{most}: {_does(current)}"
    if best is None and found.auc is not None:
        yield "no grade agrees with people better than chance"
    if best is None or setting is None:
        return
    yield f"grade {best.least} agrees best: {_does(best)}"
    if found.p is not None:
        yield (
            f"of the rows that the two part, {found.for_best} speak for grade {best.least} and"
            f" {found.for_current} against it (p = {found.p:.2g}); most of a queue is there because"
            " it is doubtful, so that over all rows both may do better"
        )
    yield f"it is yours to apply: selfinstruct run CONFIG {setting} --fork NAME"


def _does(one: Threshold) -> str:
    kappa = "no kappa" if one.kappa is None else f"kappa {one.kappa:.2f}"
    passed, dropped = _share(one.false_accepts), _share(one.false_rejects)
    return (
        f"it agrees on {one.agree:.0%}, {kappa}; lets {passed} pass of what people did not let"
        f" stand, drops {dropped} of what they did"
    )


def _share(found: Interval | None) -> str:
    if found is None:
        return "none"
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"
