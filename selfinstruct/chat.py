"""One example as a conversation, as tokens, and back: the format all stages share.

Nothing else in the package applies a tokeniser's chat template or reads a student's answer, so the
three cannot drift apart. It knows no model library; a tokeniser is whatever fits `Tokenizer`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from jinja2.exceptions import TemplateError

from selfinstruct.errors import UserError
from selfinstruct.types import Example, Message

Target = Literal["response", "label", "label_and_response"]

QUOTES = " \t*`\"'\u201c\u201d\u2018\u2019\u00ab\u00bb"
OPENING = QUOTES + "#>"
LABEL_NAME = re.compile(
    rf"[-{OPENING}]*(?:the\s+)?(?:intent|label|category|class|classification|answer)[{QUOTES}]*[:=]",
    re.IGNORECASE,
)
THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
"""How reasoning models mark their thought: most of them; by prompt; Magistral; gpt-oss, whose
second mark also opens the answer.
"""
BETWEEN_WORDS = re.compile(r"(?<=\w)[\W_]+(?=\w)|_+")
OUTER = QUOTES + "\n.,:;!?()[]{}<>"


class Tokenizer(Protocol):
    """What is asked of a tokeniser; those of `transformers` fit."""

    @property
    def chat_template(self) -> Any:
        """The Jinja template, or None where the model has none."""
        ...

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """The tokens that stand outside the text, such as the end of a turn, by id."""
        ...

    def apply_chat_template(self, conversation: Any, **options: Any) -> Any:
        """A list of role and content in, token ids out."""
        ...

    def decode(self, token_ids: Any, **options: Any) -> Any:
        """Token ids in, text out."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a student's answer says: its label as written, if one was asked for, and its text."""

    label: str | None
    response: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of a conversation, cut where the model takes over. The answer ends with the token
    that ends its turn.
    """

    prompt_ids: list[int]
    answer_ids: list[int]


def prompt_messages(example: Example, system: str) -> tuple[Message, ...]:
    """Everything the student reads: the system message (if any), earlier turns, and the task, which
    is the instruction, a blank line and the input.

    A conversation that brings a system message of its own keeps that one alone: many templates
    refuse a second.
    """
    own = bool(example.turns) and example.turns[0].role == "system"
    opening = (Message("system", system),) if system and not own else ()
    task = "\n\n".join(part for part in (example.instruction, example.input) if part)
    return (*opening, *example.turns, Message("user", task))


def reference(example: Example, target: Target) -> str:
    """The answer the student should write. Raises `UserError` where a row lacks the label."""
    if target == "response":
        return example.response.strip()
    if example.label is None:
        raise UserError(
            f"example {example.id} has no label, and the task's target is {target}",
            next_step="give every row a label, or set task.target=response",
        )
    label = " ".join(example.label.split())
    return label if target == "label" else f"{label}\n{example.response.strip()}".strip()


def conversation(example: Example, target: Target, system: str) -> tuple[Message, ...]:
    """The prompt with its reference answer as the last turn."""
    return (*prompt_messages(example, system), Message("assistant", reference(example, target)))


def read_answer(text: str, target: Target) -> Reply:
    """The inverse of `reference` for whatever a model wrote; never raises, never guesses a label.

    The label is the first line that says anything, less quotes, emphasis, a closing full stop and
    a leading "Intent:". A leading block of thought (`<think>`) is skipped.
    """
    text = (after_thought(text) or "").strip()
    if target == "response":
        return Reply(None, text)
    lines = text.split("\n")
    for number, line in enumerate(lines):
        label = _label_of(line)
        if label:
            return Reply(label, "\n".join(lines[number + 1 :]).strip())
    return Reply(None, "")


def after_thought(text: str) -> str | None:
    """What a model wrote once it had thought, the whole text of one that did not; None where the
    thought never ends.

    A closing mark alone ends a thought too: the chat templates of Qwen3-Thinking and DeepSeek-R1
    write the opening one, so the answer does not hold it.
    """
    start = text.lstrip()
    for opening, closing in THOUGHTS:
        if start.startswith(opening):
            _, closed, after = start.partition(closing)
            return after if closed else None
    for opening, closing in THOUGHTS:
        before, closed, after = text.partition(closing)
        if closed and opening not in before:
            return after
    return text


def has_thought(text: str) -> bool:
    """Whether a mark of thought stands anywhere in the text, in whatever case."""
    plain = text.lower()
    return any(mark.lower() in plain for marks in THOUGHTS for mark in marks)


def normalise_label(label: str) -> str:
    """Two labels are the same where this is equal: case, spacing, underscores and outer punctuation
    fall away; a sign or symbol that carries meaning ("-1", "c++") stays.
    """
    folded = unicodedata.normalize("NFKC", label).casefold()
    plain = BETWEEN_WORDS.sub(" ", folded).strip(OUTER)
    return plain or folded.strip()


def encode(tokenizer: Tokenizer, conversation: Sequence[Message]) -> Encoded:
    """A conversation that ends with the assistant in, its token ids out.

    `prompt_ids + answer_ids` is the template applied to the whole conversation, up to the end of
    the last turn: what some templates write after it (a line break) is not the model's to say.
    Control tokens that stand in the text ("<|im_end|>") are encoded as text. Raises `UserError`
    for a template that cannot be used so.
    """
    prompt = encode_prompt(tokenizer, conversation[:-1])
    whole = _apply(tokenizer, conversation, add_generation_prompt=False)
    if whole[: len(prompt)] != prompt:
        raise UserError(
            "the chat template writes the prompt differently once the answer is there",
            why="the student would be trained on a prompt that it never sees when it answers",
            next_step="use a model whose template only appends the assistant's turn",
        )
    answer = whole[len(prompt) :]
    while answer and not str(tokenizer.decode(answer[-1:])).strip():
        answer.pop()
    if not answer or answer[-1] not in tokenizer.added_tokens_decoder:
        raise UserError(
            "the chat template does not end the assistant's turn with a token of its own",
            why="a student that never sees its turn end does not learn to stop",
            next_step="use an instruction-tuned base, such as `bundled`",
        )
    return Encoded(prompt, answer)


def encode_turns(tokenizer: Tokenizer, conversation: Sequence[Message]) -> tuple[Encoded, ...]:
    """A conversation that ends with the assistant in, one piece for each of its turns out.

    `prompt_ids` is what is read since the turn before, the line break after it included. The pieces
    in a row are the tokens of `encode`, and each answer stands after the very prompt that the
    student sees when it is to give it. Raises `UserError` where the template makes that impossible:
    some write an earlier turn otherwise than the last one (Qwen3 drops its thought).
    """
    pieces: list[Encoded] = []
    read: list[int] = []
    for place, message in enumerate(conversation):
        if message.role != "assistant":
            continue
        encoded = encode(tokenizer, conversation[: place + 1])
        if encoded.prompt_ids[: len(read)] != read:
            raise UserError(
                "the chat template writes an earlier turn of the assistant differently from the "
                "last",
                why="the student would learn an earlier turn in a form that it never reads",
                next_step="set student.train_on=last_turn, or use a model whose template only "
                "appends turns",
            )
        pieces.append(Encoded(encoded.prompt_ids[len(read) :], encoded.answer_ids))
        read = encoded.prompt_ids + encoded.answer_ids
    return tuple(pieces)


def encode_prompt(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[int]:
    """What the model reads before it answers: the conversation and the opening of its own turn."""
    return _apply(tokenizer, messages, add_generation_prompt=True)


def end_of_turn(tokenizer: Tokenizer) -> int:
    """The id of the token that ends the assistant's turn."""
    return encode(tokenizer, (Message("user", "a"), Message("assistant", "b"))).answer_ids[-1]


def _apply(
    tokenizer: Tokenizer, messages: Sequence[Message], *, add_generation_prompt: bool
) -> list[int]:
    if tokenizer.chat_template is None:
        raise UserError(
            "the model has no chat template",
            why="training, generation and evaluation must write a conversation in the same way",
            next_step="use an instruction-tuned base, such as `bundled`",
        )
    rows = [{"role": message.role, "content": message.content} for message in messages]
    try:
        ids = tokenizer.apply_chat_template(
            rows,
            add_generation_prompt=add_generation_prompt,
            return_dict=False,
            sanitize_control_tokens=True,
        )
    except TemplateError as error:
        roles = ", ".join(message.role for message in messages)
        raise UserError(
            f"the model's chat template refuses a conversation of {roles}: {error}",
            next_step="if it knows no system message, set task.system to an empty string",
        ) from None
    return list(ids)


def _label_of(line: str) -> str:
    named = LABEL_NAME.match(line)
    return (line[named.end() :] if named else line).lstrip(OPENING).rstrip(QUOTES + ".:,;")


def plain_text(messages: Sequence[Message]) -> str:
    """What a model without turns goes on with: the messages' words alone, one below the other."""
    return "\n".join(turn.content for turn in messages)
