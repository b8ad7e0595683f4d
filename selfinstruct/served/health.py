"""How an endpoint has been doing over all requests so far, and when it is no use to go on.

One failed request is a gap in the data; a share of failing ones is money burnt, and a prompt that
was read in part is worse than none.
"""

from collections import deque

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.types import Request

WINDOW = 50
LEAST = 20
FAILING = 0.5
"""The run stops where more than this share of the last `WINDOW` requests failed for good, once
there are `LEAST`: a fair coin that fails so often by chance is as good as broken.
"""
SAME = 5
"""So many requests in a row refused in the same words, and none answered before: all will be."""

LEAST_CHARACTERS = 2000
CHARACTERS_A_TOKEN = 10
"""No tokeniser packs prose, tables or code of that length more densely on the whole."""
LEAST_TOKENS = 1000
STUCK = 3
LONGER = 1.25


class Health:
    """The record of one teacher's endpoints; every method says why to stop, or None."""

    def __init__(self, host: str) -> None:
        self.ever_answered = False
        self._host = host
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._refused: list[str] = []
        self._read: dict[int, list[int]] = {}

    def answered(self) -> None:
        """A request was answered."""
        self.ever_answered = True
        self._recent.append(True)

    def failed(self, reason: str, *, refused: bool) -> UserError | None:
        """A request failed for good; `refused` if it was not worth repeating."""
        self._recent.append(False)
        if refused and not self.ever_answered:
            self._refused.append(reason)
            if len(self._refused) >= SAME and len(set(self._refused[-SAME:])) == 1:
                return UserError(
                    f"{self._host} refuses every request: {reason}",
                    why=f"the first {SAME} were refused in the same words",
                    next_step="mend the teacher's settings; doctor --teacher CONFIG tries them out",
                )
        failing = self._recent.count(False)
        if len(self._recent) < LEAST or failing <= FAILING * len(self._recent):
            return None
        return IncompleteError(
            f"{failing} of the last {len(self._recent)} requests to {self._host} failed; "
            f"the last: {reason}",
            why="going on would pay for little",
            next_step="mend that, then start the same command again; what was answered is kept",
        )

    def was_cut(self, request: Request, prompt_tokens: int) -> str | None:
        """Whether the server read only part of a prompt, in words, or None.

        Some servers cut a prompt to their context without a word (Ollama to 4,096 tokens by
        default). Two signs: fewer tokens than any tokeniser makes of so many characters; and
        prompts of quite different lengths that all came to the same number of tokens.
        """
        characters = sum(len(turn.content) for turn in request.messages)
        if not prompt_tokens or characters < LEAST_CHARACTERS:
            return None
        if prompt_tokens < characters / CHARACTERS_A_TOKEN:
            return f"it counts {prompt_tokens} tokens in {characters} characters"
        if prompt_tokens < LEAST_TOKENS:
            return None
        lengths = self._read.setdefault(prompt_tokens, [])
        if len(lengths) < STUCK or not min(lengths) <= characters <= max(lengths):
            lengths.append(characters)
        if len(lengths) >= STUCK and max(lengths) > LONGER * min(lengths):
            return (
                f"it counts {prompt_tokens} tokens in prompts of {min(lengths)} and of "
                f"{max(lengths)} characters alike"
            )
        return None
