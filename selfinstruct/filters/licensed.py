"""Rows under a licence that the policy does not allow, dropped and counted like any other.

The real rows and the teacher are held to the policy before anything is spent; what is left for here
are texts and programs of the user's that bring a licence of their own.
"""

from selfinstruct.config import LicensesConfig
from selfinstruct.licenses import UNKNOWN, is_allowed
from selfinstruct.types import Drafts, Example, Rejection

REASON = "license"


def forbidden(example: Example, cfg: LicensesConfig) -> Rejection | None:
    """Why the example may not be used: what it comes under, and what it might."""
    if is_allowed(example.license, cfg.allow):
        return None
    return Rejection(example, REASON, example.license or UNKNOWN, ", ".join(cfg.allow or ()))


def keep_allowed(drafts: Drafts, cfg: LicensesConfig) -> Drafts:
    """The drafts with those that may not be used among the rejections; none is lost."""
    found = [(example, forbidden(example, cfg)) for example in drafts.examples]
    return Drafts(
        tuple(example for example, rejection in found if rejection is None),
        (*drafts.rejections, *(rejection for _, rejection in found if rejection is not None)),
    )
