"""Personal data in what a teacher wrote: invented or remembered, it may be somebody's.

Nobody can tell an invented number from a real one, and a student that is trained on either learns
to write such numbers. What is kept free for examples is not counted; see `privacy.fictional`.
"""

from collections.abc import Callable, Sequence

from selfinstruct.config import PrivacyConfig
from selfinstruct.privacy import Finder, hide_in_row
from selfinstruct.text import question_text
from selfinstruct.types import Drafts, Example, Rejection

REASON = "personal_data"


def personal_data(example: Example, finder: Finder) -> Rejection | None:
    """The kinds of personal data that the example holds, never the values.

    The instruction beside a labelled example's input is the real rows' own and was not written.
    """
    kinds = finder.kinds_in(_written(example))
    return Rejection(example, REASON, ", ".join(sorted(kinds))) if kinds else None


def question_check(cfg: PrivacyConfig) -> Callable[[Example], Rejection | None]:
    """The same asked of a question, so that no answer is paid for that could not be kept."""
    finder = Finder.of(cfg)
    return lambda example: personal_data(example, finder) if cfg.outputs == "reject" else None


def scan(drafts: Drafts, cfg: PrivacyConfig) -> Drafts:
    """The drafts as `cfg.outputs` wants them: those with personal data rejected, kept, or with
    placeholders instead. Accepted + rejected stay the same number.
    """
    if cfg.outputs == "keep":
        return drafts
    finder = Finder.of(cfg)
    if cfg.outputs == "placeholder":
        hidden = tuple(hide_in_row(example, finder) for example in drafts.examples)
        return Drafts(hidden, drafts.rejections)
    found = [(example, personal_data(example, finder)) for example in drafts.examples]
    return Drafts(
        tuple(example for example, rejection in found if rejection is None),
        (*drafts.rejections, *(rejection for _, rejection in found if rejection is not None)),
    )


def _written(example: Example) -> Sequence[str]:
    turns = [turn.content for turn in example.turns]
    return (*dict.fromkeys((question_text(example), example.input)), *turns, example.response)
