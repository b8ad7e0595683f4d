"""Examples in, token rows out: what a training reads, and which part of it is learned."""

from collections.abc import Callable, Sequence
from typing import Literal

from selfinstruct import chat
from selfinstruct.checkpoints import weights
from selfinstruct.errors import UserError
from selfinstruct.types import Example

TrainOn = Literal["last_turn", "every_assistant_turn"]
TokenRow = dict[str, list[int]]  # `input_ids` and `labels`, of one length

IGNORED = -100  # the label of a token that is read and not learned


class TokenReader:
    """Examples as the tokens that training reads of them; each is encoded once and remembered.

    With `train_on` every turn of the assistant is learned, not the last answer alone; the tokens
    are the same.
    """

    def __init__(
        self,
        tokenizer: chat.Tokenizer,
        target: chat.Target,
        system: str,
        train_on: TrainOn = "last_turn",
    ) -> None:
        self._tokenizer = tokenizer
        self._target = target
        self._system = system
        self._train_on = train_on
        # An id is the hash of all that is encoded.
        self._known: dict[str, tuple[chat.Encoded, ...]] = {}

    def count(self, example: Example) -> int:
        """The number of tokens of one example, prompt and answer."""
        pieces = self._encode(example)
        return sum(len(piece.prompt_ids) + len(piece.answer_ids) for piece in pieces)

    def read(self, rows: Sequence[Example], max_tokens: int) -> list[TokenRow]:
        """Examples in, token rows out whose loss is that of what is learned: answers, each with the
        end of its turn.

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
        return [_token_row(self._encode(row)) for row in rows]

    def _encode(self, example: Example) -> tuple[chat.Encoded, ...]:
        if example.id not in self._known:
            messages = chat.conversation(example, self._target, self._system)
            self._known[example.id] = (
                chat.encode_turns(self._tokenizer, messages)
                if self._train_on == "every_assistant_turn"
                else (chat.encode(self._tokenizer, messages),)
            )
        return self._known[example.id]


def _token_row(pieces: Sequence[chat.Encoded]) -> TokenRow:
    row: TokenRow = {"input_ids": [], "labels": []}
    for piece in pieces:
        row["input_ids"] += piece.prompt_ids + piece.answer_ids
        row["labels"] += [IGNORED] * len(piece.prompt_ids) + piece.answer_ids
    return row


def count_tokens(base: str, target: chat.Target, system: str) -> Callable[[Example], int]:
    """A function from an example to the number of tokens that training reads of it, whatever part
    of them it learns.
    """
    from transformers import AutoTokenizer

    with weights.quiet():
        tokenizer = AutoTokenizer.from_pretrained(weights.locate(base), trust_remote_code=False)
    return TokenReader(tokenizer, target, system).count
