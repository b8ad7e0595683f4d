"""Examples in, token rows out: what a training reads, and which part of it is learned."""

from collections.abc import Callable, Sequence

from selfinstruct import chat, weights
from selfinstruct.errors import UserError
from selfinstruct.types import Example

TokenRow = dict[str, list[int]]  # `input_ids` and `labels`, of one length

IGNORED = -100  # the label of a token that is read and not learned


def count_tokens(base: str, target: chat.Target, system: str) -> Callable[[Example], int]:
    """A function from an example to the number of tokens that training reads of it."""
    from transformers import AutoTokenizer

    with weights.quiet():
        tokenizer = AutoTokenizer.from_pretrained(weights.locate(base))

    def count(example: Example) -> int:
        encoded = chat.encode(tokenizer, chat.conversation(example, target, system))
        return len(encoded.prompt_ids) + len(encoded.answer_ids)

    return count


def tokenise(
    rows: Sequence[Example],
    tokenizer: chat.Tokenizer,
    max_tokens: int,
    target: chat.Target,
    system: str,
) -> list[TokenRow]:
    """Examples in, token rows out whose loss is that of the answer and the end of its turn alone.

    Raises `UserError` for no rows at all and for rows above `max_tokens`, which are never cut.
    """
    if not rows:
        raise UserError("there are no rows to train on")
    encoded = [chat.encode(tokenizer, chat.conversation(row, target, system)) for row in rows]
    lengths = [len(each.prompt_ids) + len(each.answer_ids) for each in encoded]
    longest = max(range(len(rows)), key=lengths.__getitem__)
    if lengths[longest] > max_tokens:
        above = sum(length > max_tokens for length in lengths)
        raise UserError(
            f"{above} of {len(rows)} rows have more tokens than student.max_tokens, {max_tokens}; "
            f"row {rows[longest].id} ({rows[longest].instruction[:40]!r}) has {lengths[longest]}",
            why="a row is never cut: a cut answer teaches the student to stop early",
            next_step=f"set student.max_tokens={lengths[longest]}, or shorten these rows",
        )
    return [
        {
            "input_ids": each.prompt_ids + each.answer_ids,
            "labels": [IGNORED] * len(each.prompt_ids) + each.answer_ids,
        }
        for each in encoded
    ]
