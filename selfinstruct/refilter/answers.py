"""The answers of a wave by what was asked: an `Ask` that pays nothing.

A call's key holds its position in the wave, which changes as soon as one question more or less is
worth an answer. So calls are found by their messages and sample, within their round and wave; a
greedy answer (temperature 0) is the same wherever it was asked for. Where one was never asked,
nobody knows what it would have brought: that is counted, and never guessed.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.rows import from_messages
from selfinstruct.types import Completion, Drafts, Message, Prompt, Rejection, Sampling, digest

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

    One prompt may stand in a wave twice, drawn twice; each answer is then given once, those in
    `own` first: the calls that the wave's stored candidates name. A fork has answers of the run it
    came from beside its own.
    """

    def __init__(
        self,
        replies: Replies,
        place: tuple[int, int],
        own: Collection[str],
        reply: Callable[[str], Completion],
    ) -> None:
        self._left: defaultdict[Asked, deque[str]] = defaultdict(deque)
        for asked, keys in replies.by_place.get(place, {}).items():
            self._left[asked] = deque(sorted(keys, key=lambda key: key not in own))
        self._anywhere = replies.anywhere
        self._reply = reply
        self.unasked = 0

    def __call__(
        self, prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        """The completions of each prompt in order, `NEVER` for those never asked for."""
        drawn = sampling.temperature > 0
        found = [
            [
                self._drawn(words, sample) if drawn else self._greedy(words)
                for sample in range(samples)
            ]
            for words in (_words(prompt.messages) for prompt in prompts)
        ]
        self.unasked += sum(completion is NEVER for row in found for completion in row)
        return found

    def _drawn(self, words: str, sample: int) -> Completion:
        left = self._left[words, sample]
        return self._reply(left.popleft()) if left else NEVER

    def _greedy(self, words: str) -> Completion:
        here = self._left[words, 0]
        key = here[0] if here else self._anywhere.get(words)
        return NEVER if key is None else self._reply(key)


def name_unasked(drafts: Drafts) -> Drafts:
    """What a recipe made of calls that were never made, under its own reason."""
    named = tuple(
        Rejection(item.what, NOT_ASKED)
        if item.reason == "failed_call" and item.what.attempt is None
        else item
        for item in drafts.rejections
    )
    return Drafts(drafts.examples, named)


def _words(messages: tuple[Message, ...]) -> str:
    return digest(from_messages(messages))
