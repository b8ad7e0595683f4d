"""Several filters as one."""

from collections.abc import Sequence

from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.types import Example, Rejection, Score


def in_turn(checks: Sequence[Verify]) -> Verify:
    """The first rejection of each candidate, and every score on the way to it."""

    def verify(examples: Sequence[Example]) -> Verified:
        rejections: dict[int, Rejection] = {}
        scores: list[Score] = []
        for check in checks:
            left = [at for at in range(len(examples)) if at not in rejections]
            if not left:
                break
            found = check([examples[at] for at in left])
            rejections |= {left[at]: rejection for at, rejection in found.rejections.items()}
            scores += found.scores
        return Verified(rejections, tuple(scores))

    return verify


def by_kind(labelled: Verify, other: Verify) -> Verify:
    """One filter for candidates that have a label, and another one for those that have none."""

    def verify(examples: Sequence[Example]) -> Verified:
        rejections: dict[int, Rejection] = {}
        scores: list[Score] = []
        for check, has_label in ((labelled, True), (other, False)):
            places = [at for at, row in enumerate(examples) if (row.label is not None) == has_label]
            if places:
                found = check([examples[at] for at in places])
                rejections |= {places[at]: each for at, each in found.rejections.items()}
                scores += found.scores
        return Verified(rejections, tuple(scores))

    return verify
