"""Back from a response to its instruction: what the teacher takes the response for."""

from collections.abc import Sequence

from selfinstruct import chat, text
from selfinstruct.filters.screen import Verified
from selfinstruct.prompting import SHIPPED, Form, Prompts
from selfinstruct.quality.asking import as_data, ask_twice
from selfinstruct.quality.labels import UNJUDGED, Belief, label_prompt, read_label
from selfinstruct.quality.students import readable
from selfinstruct.recipes import Ask
from selfinstruct.text import without_surrogates
from selfinstruct.types import Completion, Example, Prompt, Rejection, Score

NAME = "round_trip"
FORM = Form(
    "quality/instruction.j2",
    {"response": "Blue.", "shown": [{"response": "2", "instruction": "What is 1 + 1?"}]},
    {"shown": []},
)


def back_to_label(
    examples: Sequence[Example],
    ask: Ask,
    labels: Sequence[str],
    shown: Sequence[Example],
    max_tokens: int,
    prompts: Prompts = SHIPPED,
) -> list[Belief | None]:
    """The one label that the teacher, greedy, names for each text; nothing where it names none
    twice.
    """
    asked = [label_prompt(example, labels, shown, prompts) for example in examples]
    said = ask_twice(ask, asked, max_tokens, lambda completion: read_label(completion, labels))
    return [None if label is None else {label: 1.0} for label in said]


def back_to_instruction(
    examples: Sequence[Example],
    ask: Ask,
    shown: Sequence[Example],
    least: float,
    max_tokens: int,
    prompts: Prompts = SHIPPED,
) -> Verified:
    """Kept is a response from which the teacher writes an instruction that shares enough words with
    the row's own: ROUGE-L F1 of at least `least`, or of instruction and input where that is more.

    A response of which it makes none in two tries is dropped as `unjudged`.
    """
    asked = [instruction_prompt(example, shown, prompts) for example in examples]
    written = ask_twice(ask, asked, max_tokens, _read_instruction)
    rejections: dict[int, Rejection] = {}
    scores: list[Score] = []
    for at, (example, said) in enumerate(zip(examples, written, strict=True)):
        if said is None:
            rejections[at] = Rejection(example, UNJUDGED)
            continue
        found = _overlap(example, said)
        scores.append(Score(example.id, NAME, found, "model", said[:200]))
        if found < least:
            rejections[at] = Rejection(example, NAME, found, least)
    return Verified(rejections, tuple(scores))


def instruction_prompt(
    example: Example, shown: Sequence[Example], prompts: Prompts = SHIPPED
) -> Prompt:
    """The question what a response answers, after real rows that show how."""
    rows = [
        {"response": as_data(row.response), "instruction": row.instruction.strip()}
        for row in map(readable, shown)
    ]
    return prompts.build(
        FORM,
        (),
        example.id,
        response=as_data(without_surrogates(example.response)),
        shown=[row for row in rows if row["instruction"]],
    )


def _read_instruction(completion: Completion) -> str | None:
    return chat.read_answer(completion.text, "response").response or None


def _overlap(example: Example, said: str) -> float:
    words = text.words(said)
    asked = (example.instruction, f"{example.instruction} {example.input}")
    return max(text.rouge_l(words, text.words(each)) for each in asked)
