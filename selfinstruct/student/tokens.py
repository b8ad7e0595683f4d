"""Examples in, token rows out: what a training reads, and which part of it is learned."""

from collections.abc import Callable, Sequence

from selfinstruct import chat, weights
from selfinstruct.errors import UserError
from selfinstruct.types import Example

TokenRow = dict[str, list[int]]  # `input_ids` and `labels`, of one length

IGNORED = -100  # the label of a token that is read and not learned


class TokenReader:
    """Examples as the tokens that training reads of them; each is encoded once and remembered."""

    def __init__(self, tokenizer: chat.Tokenizer, target: chat.Target, system: str) -> None:
        self._tokenizer = tokenizer
        self._target = target
        self._system = system
        self._known: dict[str, chat.Encoded] = {}  # an id is the hash of all that is encoded

    def count(self, example: Example) -> int:
        """The number of tokens of one example, prompt and answer."""
        encoded = self._encode(example)
        return len(encoded.prompt_ids) + len(encoded.answer_ids)

    def read(self, rows: Sequence[Example], max_tokens: int) -> list[TokenRow]:
        """Examples in, token rows out whose loss is that of the answer and the end of its turn.

        Raises `UserError` for no rows at all and for rows above `max_tokens`, which are never cut.
        """
        if not rows:
            raise UserError("there are no rows to train on")
        lengths = [self.count(row) for row in rows]
        longest = max(range(len(rows)), key=lengths.__getitem__)
        if lengths[longest] > max_tokens:
            above = sum(length > max_tokens for length in lengths)
            raise UserError(
                f"{above} of {len(rows)} rows have more tokens than student.max_tokens, "
                f"{max_tokens}; row {rows[longest].id} ({rows[longest].instruction[:40]!r}) has "
                f"{lengths[longest]}",
                why="a row is never cut: a cut answer teaches the student to stop early",
                next_step=f"set student.max_tokens={lengths[longest]}, or shorten these rows",
            )
        return [
            {
                "input_ids": each.prompt_ids + each.answer_ids,
                "labels": [IGNORED] * len(each.prompt_ids) + each.answer_ids,
            }
            for each in map(self._encode, rows)
        ]

    def _encode(self, example: Example) -> chat.Encoded:
        if example.id not in self._known:
            messages = chat.conversation(example, self._target, self._system)
            self._known[example.id] = chat.encode(self._tokenizer, messages)
        return self._known[example.id]


def count_tokens(base: str, target: chat.Target, system: str) -> Callable[[Example], int]:
    """A function from an example to the number of tokens that training reads of it."""
    from transformers import AutoTokenizer

    with weights.quiet():
        tokenizer = AutoTokenizer.from_pretrained(weights.locate(base), trust_remote_code=False)
    return TokenReader(tokenizer, target, system).count
