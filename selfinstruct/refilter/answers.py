"""The answers of a wave by what was asked: an `Ask` that pays nothing.

A call's key holds its position in the wave, which changes as soon as one question more or less is
worth an answer. So calls are found by their messages and sample, within their round and wave; a
greedy answer (temperature 0) is the same wherever it was asked for. Where one was never asked,
nobody knows what it would have brought: that is counted, and never guessed.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.privacy import Finder
from selfinstruct.rows import from_messages
from selfinstruct.teacher import as_sent
from selfinstruct.types import Completion, Drafts, Prompt, Rejection, Sampling, digest

NOT_ASKED = "not_asked"
"""The reason of what would have been asked about and never was: its candidates are unknown."""

NEVER = Completion("", "error", error="never asked")
"""What a recipe gets for such a call. It has no attempt, which every call that was made has."""

Asked = tuple[str, int]
"""The digest of a call's messages, and which sample of them it is."""


@dataclass(frozen=True, slots=True)
class Replies:
    """The keys of all calls that came back: by round and wave, and of any place by words alone."""

    by_place: dict[tuple[int, int], dict[Asked, list[str]]]
    anywhere: dict[str, str]


def index_replies(calls: Iterable[dict[str, Any]]) -> Replies:
    """Rows of `Store.replies` in, in the order asked."""
    by_place: dict[tuple[int, int], dict[Asked, list[str]]] = {}
    anywhere: dict[str, str] = {}
    for call in calls:
        words = digest(json.loads(call["messages"]))
        place = by_place.setdefault((call["round"], call["wave"]), {})
        place.setdefault((words, call["sample"]), []).append(call["key"])
        if call["sample"] == 0:
            anywhere[words] = call["key"]
    return Replies(by_place, anywhere)


class Recorded:
    """The answers of one wave as an `Ask`; `unasked` counts the calls that were never made.

    One prompt may stand in a wave twice, drawn twice: its answers are given in the order they were
    asked for. A fork has answers of the run it came from beside its own; where there are more than
    are asked for, those in `own` count first, the calls that the wave's stored candidates name,
    then the later ones. Calls are found by what was sent, with placeholders for what was `hidden`.
    """

    def __init__(
        self,
        replies: Replies,
        place: tuple[int, int],
        own: Collection[str],
        reply: Callable[[str], Completion],
        hidden: Finder | None = None,
    ) -> None:
        self._here = replies.by_place.get(place, {})
        self._anywhere = replies.anywhere
        self._own = own
        self._reply = reply
        self._hidden = hidden
        self.unasked = 0

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        """The completions of each prompt in order, `NEVER` for those never asked for."""
        sent = [as_sent(prompt, self._hidden) for prompt in prompts]
        asked = [digest(from_messages(prompt.messages)) for prompt in sent]
        if sampling.temperature > 0:
            keys = self._drawn(asked, samples)
        else:
            keys = [[self._greedy(words)] * samples for words in asked]
        self.unasked += sum(key is None for row in keys for key in row)
        return [[NEVER if key is None else self._reply(key) for key in row] for row in keys]

    def _drawn(self, asked: Sequence[str], samples: int) -> list[list[str | None]]:
        wanted = Counter(asked)
        left = {
            (words, sample): deque(self._choose(self._here.get((words, sample), []), count))
            for words, count in wanted.items()
            for sample in range(samples)
        }
        return [[_next(left[words, sample]) for sample in range(samples)] for words in asked]

    def _choose(self, keys: Sequence[str], count: int) -> list[str]:
        """At most so many of the keys, in the order asked."""
        places = sorted(range(len(keys)), key=lambda at: (keys[at] in self._own, at))
        return [keys[at] for at in sorted(places[-count:])]

    def _greedy(self, words: str) -> str | None:
        here = self._here.get((words, 0))
        return here[-1] if here else self._anywhere.get(words)


def _next(left: deque[str]) -> str | None:
    return left.popleft() if left else None


def name_unasked(drafts: Drafts) -> Drafts:
    """What a recipe made of calls that were never made, under its own reason."""
    named = tuple(
        Rejection(item.what, NOT_ASKED)
        if item.reason == "failed_call" and item.what.attempt is None
        else item
        for item in drafts.rejections
    )
    return Drafts(drafts.examples, named)
