"""Whether a teacher that is asked a question several times says what the row says.

Only answers that can be compared are: a number, JSON, or a few words. Of a long answer nobody can
say by its form whether another one means the same.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from selfinstruct import chat, text
from selfinstruct.config import SelfConsistencyConfig
from selfinstruct.filters.screen import Verified
from selfinstruct.prompting import SHIPPED, Form, Prompts
from selfinstruct.quality.asking import question_of
from selfinstruct.quality.labels import UNJUDGED
from selfinstruct.quality.students import readable
from selfinstruct.recipes import Ask
from selfinstruct.types import Completion, Example, Prompt, Rejection, Score

NAME = "self_consistency"
ABSTAINED = "self_consistency_abstained"
"""The score, always 1, of a row whose answer cannot be compared: `status` counts them."""
REASON = "inconsistent"
FORM = Form(
    "quality/answer.j2",
    {"question": "Name a colour.", "shown": [{"question": "What is 1 + 1?", "answer": "2"}]},
    {"shown": []},
)
MOST_CHARACTERS = 10_000
"""What is longer is not compared."""
MOST_DIGITS = 28
"""As many as a `Decimal` keeps; a longer number is compared as a word."""
THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")


def answer_key(answer: str, max_words: int) -> str | None:
    """What two answers share that say the same; None for one that cannot be compared.

    Numbers are equal by value ("1,000", "1000.0"), JSON by its value whatever the order of keys,
    others up to case, width, spacing and outer punctuation, as labels are.
    """
    plain = answer.strip()
    if not plain or len(plain) > MOST_CHARACTERS:
        return None
    number = _number(plain)
    if number is not None:
        return number
    found = _json(plain)
    if found is not None:
        return found
    if len(text.words(plain)) > max_words or "\n" in plain:
        return None
    return f"words {text.normalise(chat.normalise_label(plain))}"


def consistent(
    examples: Sequence[Example],
    ask: Ask,
    cfg: SelfConsistencyConfig,
    shown: Sequence[Example],
    prompts: Prompts = SHIPPED,
) -> Verified:
    """Kept is an answer that no other one beats among `cfg.k`, and that `cfg.least` of them give.

    A row whose answer cannot be compared is let through and gets the score `ABSTAINED`; one whose
    calls all failed is dropped as `unjudged`.
    """
    keys = [answer_key(example.response, cfg.max_words) for example in examples]
    places = [at for at, key in enumerate(keys) if key is not None]
    questions = [answer_prompt(examples[at], shown, prompts) for at in places]
    asked = dict(zip(places, ask(questions, cfg.sampling, cfg.k), strict=True)) if places else {}
    rejections: dict[int, Rejection] = {}
    scores: list[Score] = []
    for at, (example, key) in enumerate(zip(examples, keys, strict=True)):
        if key is None:
            scores.append(Score(example.id, ABSTAINED, 1.0, "model", "no comparable answer"))
            continue
        if all(each.finish_reason == "error" for each in asked[at]):
            rejections[at] = Rejection(example, UNJUDGED)
            continue
        said = Counter(filter(None, (_said(each, cfg.max_words) for each in asked[at])))
        share, most = said[key] / cfg.k, max(said.values(), default=0) / cfg.k
        first = next((each for each, count in said.items() if count / cfg.k == most), "nothing")
        scores.append(Score(example.id, NAME, share, "model", f"{cfg.k} draws: {first[:80]}"))
        if share == 0 or share < most or share < cfg.least:
            rejections[at] = Rejection(example, REASON, share, cfg.least)
    return Verified(rejections, tuple(scores))


def answer_prompt(example: Example, shown: Sequence[Example], prompts: Prompts = SHIPPED) -> Prompt:
    """The example's question, after real ones with their answers."""
    rows = [{"question": question_of(row), "answer": readable(row).response} for row in shown]
    return prompts.build(
        FORM,
        (),
        example.id,
        question=question_of(example),
        shown=[row for row in rows if row["question"] and row["answer"].strip()],
    )


def _said(completion: Completion, max_words: int) -> str | None:
    return answer_key(chat.read_answer(completion.text, "response").response, max_words)


def _number(plain: str) -> str | None:
    bare = plain.rstrip(".")
    if THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    if len(bare) > MOST_DIGITS or not any(char.isdigit() for char in bare):
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return None
    return f"number {value.normalize()}"


def _json(plain: str) -> str | None:
    if plain[0] not in "{[":
        return None
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):  # then it is compared as words, or not at all
        return None
    return f"json {json.dumps(value, sort_keys=True)}"
