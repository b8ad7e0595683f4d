from pathlib import Path
from typing import Any

import pytest

from selfinstruct import chat
from selfinstruct.student.tokens import IGNORED, TokenReader, count_tokens
from selfinstruct.types import Example, Message
from tests import tiny

SYSTEM = "Answer shortly."
ROWS = tuple(
    Example(f"Say yes {n % 5 + 1} times.", input="now" * (n % 3), response="yes " * (n % 5 + 1))
    for n in range(6)
)
DIALOGUE = Example(
    "And now?",
    response="Grüße, 你好!",
    turns=(Message("user", "Hello"), Message("assistant", "Hi")),
    label="greeting",
)


@pytest.mark.parametrize("target", ["response", "label", "label_and_response"])
def test_the_loss_is_that_of_the_reference_and_its_end_of_turn(target: chat.Target) -> None:
    tokenizer = tiny.tiny_tokenizer()
    (row,) = TokenReader(tokenizer, target, SYSTEM).read([DIALOGUE], 512)
    learned = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learned) == chat.reference(DIALOGUE, target) + "<|im_end|>"


def test_every_turn_of_the_assistant_is_learned_with_its_end_and_nothing_else() -> None:
    tokenizer = tiny.tiny_tokenizer()
    (row,) = TokenReader(tokenizer, "response", SYSTEM, "every_assistant_turn").read(
        [DIALOGUE], 512
    )
    learned = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learned) == "Hi<|im_end|>Grüße, 你好!<|im_end|>"
    assert all(label in (IGNORED, token) for token, label in zip(*row.values(), strict=True))


def test_what_is_learned_of_a_row_changes_none_of_its_tokens() -> None:
    tokenizer = tiny.tiny_tokenizer()
    every = TokenReader(tokenizer, "response", SYSTEM, "every_assistant_turn")
    last = TokenReader(tokenizer, "response", SYSTEM)
    one, other = (reader.read([DIALOGUE], 512)[0] for reader in (every, last))
    assert one["input_ids"] == other["input_ids"]
    assert one["labels"] != other["labels"]
    assert every.count(DIALOGUE) == last.count(DIALOGUE)
    assert every.read(ROWS, 512) == last.read(ROWS, 512)


def test_what_is_read_before_the_answer_is_the_prompt_of_generation() -> None:
    tokenizer = tiny.tiny_tokenizer()
    (row,) = TokenReader(tokenizer, "response", SYSTEM).read([DIALOGUE], 512)
    read = [token for token, label in zip(*row.values(), strict=True) if label == IGNORED]
    asked = [
        {"role": message.role, "content": message.content}
        for message in chat.prompt_messages(DIALOGUE, SYSTEM)
    ]
    generation = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    assert read == generation


def test_tokens_are_counted_as_training_reads_them(tiny_base: Path) -> None:
    count = count_tokens(str(tiny_base), "response", SYSTEM)
    data = TokenReader(tiny.tiny_tokenizer(), "response", SYSTEM).read(ROWS, 512)
    assert [count(row) for row in ROWS] == [len(row["input_ids"]) for row in data]


class Counting:
    """A tokeniser that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self._inner = tiny.tiny_tokenizer()
        self.chat_template = self._inner.chat_template
        self.added_tokens_decoder = self._inner.added_tokens_decoder

    def apply_chat_template(self, conversation: Any, **options: Any) -> Any:
        self.asked += 1
        return self._inner.apply_chat_template(conversation, **options)

    def decode(self, token_ids: Any, **options: Any) -> Any:
        return self._inner.decode(token_ids, **options)


def test_a_row_is_encoded_once_however_often_it_is_read() -> None:
    tokenizer = Counting()
    reader = TokenReader(tokenizer, "response", SYSTEM)
    first = reader.read(ROWS, 512)
    asked = tokenizer.asked
    assert reader.read(ROWS[::-1], 512) == first[::-1]
    assert reader.count(ROWS[0]) == len(first[0]["input_ids"])
    assert tokenizer.asked == asked > 0


def test_rows_of_the_same_words_and_another_answer_are_not_taken_for_each_other() -> None:
    reader = TokenReader(tiny.tiny_tokenizer(), "label", SYSTEM)
    one, other = (Example("a", response="b", label=label) for label in ("yes", "no"))
    assert reader.read([one], 512) != reader.read([other], 512)
