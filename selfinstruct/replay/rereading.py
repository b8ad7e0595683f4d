"""What a round comes to with other answers to some of its calls: read by its recipes and screened
by its filters once more, as `refilter` does. Nothing is asked and nothing is written.

An answer that changes asks for other questions after it; where those were never asked, what they
would have brought is not known, and that is counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from selfinstruct.recipes import RECIPES
from selfinstruct.refilter import Replayed, count, fit, read_record, replay
from selfinstruct.refilter.answers import NOT_ASKED
from selfinstruct.refilter.rules import NOT_MEASURED
from selfinstruct.store import Store
from selfinstruct.types import ROUND_FULL, Completion

UNREAD = ("failed_call", "refused", "empty", "truncated", "reasoning", "unreadable")
"""The reasons of what a recipe could not read of an answer."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of a round's calls, with one set of answers.

    `read` counts the answers that a recipe could read whole, of the `asked` that recipes read; the
    others are of the whole round: its candidates, how many pass every filter, how many fell for
    which reason, and how many would need an answer, or a model's look, that was never asked for.
    """

    asked: int
    read: int
    candidates: int
    kept: int
    reasons: Mapping[str, int]
    unknown: int


def reread(store: Store, index: int, answers: Sequence[Completion]) -> tuple[Reread, Reread] | None:
    """Round `index` with the answers that it got, and with these, each under the key of its call,
    in their place; None where no recipe reads any of these in a wave that was committed.
    """
    asked = _read_by_recipes(store, [str(answer.attempt) for answer in answers])
    if not asked:
        return None
    record = read_record(store)
    until = {number: waves for number, waves in record.waves.items() if number <= index}
    record = replace(record, waves=until)
    new = {str(answer.attempt): answer for answer in answers}
    other = replace(record, reply=lambda key: new[key] if key in new else store.reply(key))
    before, after = (
        [wave for wave in replay(each, each.cfg.filters) if wave.round == index]
        for each in (record, other)
    )
    return _told(before, asked), _told(after, asked)


def _read_by_recipes(store: Store, keys: Iterable[str]) -> frozenset[str]:
    """Those of the calls that brought candidates of a committed wave, or led to some."""
    waves = set(store.waves())
    calls = [call for key in keys if (call := store.attempt(key)) is not None]
    return frozenset(
        call["key"]
        for call in calls
        if call["template"].partition("/")[0] in RECIPES and (call["round"], call["wave"]) in waves
    )


def _told(waves: Sequence[Replayed], asked: frozenset[str]) -> Reread:
    found = [wave.found for wave in waves]
    reasons = count(found)
    unread = {
        item.what.attempt for wave in found for item in wave.rejected if item.reason in UNREAD
    }
    unknown = reasons.pop(NOT_ASKED, 0) + reasons.pop(NOT_MEASURED, 0)
    kept = fit(found)
    del reasons[ROUND_FULL]  # kept by every filter, in a round that had no room
    return Reread(
        asked=len(asked),
        read=len(asked - unread),
        candidates=kept + reasons.total(),
        kept=kept,
        reasons=dict(reasons.most_common()),
        unknown=unknown,
    )
