from selfinstruct.config import LicensesConfig
from selfinstruct.filters.licensed import forbidden, keep_allowed
from selfinstruct.types import Drafts, Example, Rejection

OURS = Example("Name a fruit.", response="Fig", license="CC-BY-4.0")
THEIRS = Example("Name a tree.", response="Fig", license="CC-BY-4.0 AND CC-BY-NC-4.0")
UNSTATED = Example("Name a bird.", response="Owl")
UNREAD = Rejection(Example("?"), "unreadable")
POLICY = LicensesConfig(allow=("CC-BY-4.0", "MIT"), on_forbidden="stop")


def test_what_is_not_allowed_is_dropped_with_what_it_comes_under_and_none_is_lost() -> None:
    kept = keep_allowed(Drafts((OURS, THEIRS, UNSTATED), (UNREAD,)), POLICY)
    assert kept.examples == (OURS,)
    assert kept.rejections == (
        UNREAD,
        Rejection(THEIRS, "license", "CC-BY-4.0 AND CC-BY-NC-4.0", "CC-BY-4.0, MIT"),
        Rejection(UNSTATED, "license", "NOASSERTION", "CC-BY-4.0, MIT"),
    )


def test_without_a_policy_all_are_allowed() -> None:
    drafts = Drafts((OURS, THEIRS, UNSTATED), (UNREAD,))
    assert keep_allowed(drafts, LicensesConfig()) == drafts
    assert forbidden(UNSTATED, LicensesConfig()) is None
