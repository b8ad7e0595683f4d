from pathlib import Path

import pytest

from selfinstruct import chat
from selfinstruct.student.tokens import IGNORED, count_tokens, tokenise
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
    (row,) = tokenise([DIALOGUE], tokenizer, 512, target, SYSTEM)
    learned = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learned) == chat.reference(DIALOGUE, target) + "<|im_end|>"


def test_what_is_read_before_the_answer_is_the_prompt_of_generation() -> None:
    tokenizer = tiny.tiny_tokenizer()
    (row,) = tokenise([DIALOGUE], tokenizer, 512, "response", SYSTEM)
    read = [token for token, label in zip(*row.values(), strict=True) if label == IGNORED]
    asked = [
        {"role": message.role, "content": message.content}
        for message in chat.prompt_messages(DIALOGUE, SYSTEM)
    ]
    generation = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    assert read == generation


def test_tokens_are_counted_as_training_reads_them(tiny_base: Path) -> None:
    count = count_tokens(str(tiny_base), "response", SYSTEM)
    data = tokenise(ROWS, tiny.tiny_tokenizer(), 512, "response", SYSTEM)
    assert [count(row) for row in ROWS] == [len(row["input_ids"]) for row in data]
