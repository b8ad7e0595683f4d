"""An instruction for a real text, so that the response stays real (Humpback, arXiv 2308.06259).

The teacher reads an answer and writes the request it answers. What it may get wrong is the pairing,
for the filters to doubt: the paper keeps what a judge finds best (`filters.quality.rubric`), and
without that step more such rows do not help.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from selfinstruct.config import GenerateConfig
from selfinstruct.licenses import join_licenses
from selfinstruct.prompting import Form, Prompts, Shelf, choose_demos
from selfinstruct.recipes.asking import (
    COPIED_WORDS,
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Draft,
    Material,
    Order,
    Wave,
    ask_texts,
    conceive,
    copied_run,
    request_of,
    sift,
)
from selfinstruct.recipes.parse import read_text
from selfinstruct.recipes.passages import Passage, of_rows, read_passages
from selfinstruct.types import Drafts, Prompt, Rejection

INSTRUCTION = Form(
    "backtranslate/instruction.j2",
    {
        "order": FULL_ORDER,
        "response": "Blue is a colour.",
        "shown": [{"request": "What is red?", "response": "Red is a colour."}],
    },
    {"order": FREE_ORDER, "shown": []},
)


COPIED_OF_ANSWER = 8
"""A request with so many words in a row of its answer retells it. Real ones that give a text to be
changed share five with it, and not eight.
"""


def backtranslate(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order `samples_per_prompt` instructions of one real text."""
    path = cfg.backtranslate.path
    passages = (
        of_rows(material.train)
        if path is None
        else read_passages(Path(path), cfg.backtranslate.license)
    )
    blanks = _blanks(passages, material, cfg, wave)
    prompts = [
        _prompt(order, blank, material.prompts)
        for order, blank in zip(wave.orders, blanks, strict=True)
    ]
    questions, rejections = ask_texts(blanks, prompts, ask, cfg, read_text)
    own, copied = _own_words(questions, material.prompts)
    sound, dropped = sift(own, material)
    return Drafts(tuple(draft.example for draft in sound), (*rejections, *copied, *dropped))


def _blanks(
    passages: tuple[Passage, ...], material: Material, cfg: GenerateConfig, wave: Wave
) -> list[Draft]:
    """For each order a row that has a real text for its response and no instruction yet: one of the
    texts that fewest rows were made of so far, none of a row that has had its share of children, as
    long as there is another.
    """
    used = Counter(row.response for row in material.pool.rows)
    fresh = [each for each in passages if each.row is None or each.row.id not in material.full]
    passages = tuple(fresh) or passages
    blanks = []
    for order in wave.orders:
        fewest = min(used[passage.text] for passage in passages)
        passage = wave.rng.choice([each for each in passages if used[each.text] == fewest])
        used[passage.text] += 1
        others = [row for row in material.train if row.response and row is not passage.row]
        demos = choose_demos(others, Shelf(), cfg.demos, wave.rng, full=material.full)
        parents = demos if passage.row is None else (passage.row, *demos)
        blank = conceive(parents, order, wave)
        if passage.row is None:
            blank = replace(blank, license=join_licenses([passage.license, blank.license]))
        blanks.append(Draft(replace(blank, response=passage.text), demos))
    return blanks


def _own_words(drafts: Sequence[Draft], prompts: Prompts) -> tuple[list[Draft], list[Rejection]]:
    """The drafts that repeat neither what every prompt says nor the answer, and the others."""
    bare = prompts.build(INSTRUCTION, (), order=FREE_ORDER, shown=[], response="")
    said = "\n".join(message.content for message in bare.messages)
    own: list[Draft] = []
    copied: list[Rejection] = []
    for draft in drafts:
        text, answer = draft.example.instruction, draft.example.response
        for shown, size in ((said, COPIED_WORDS), (answer, COPIED_OF_ANSWER)):
            run = copied_run(text, shown, size)
            if run is not None:
                copied.append(Rejection(draft.example, "copied_prompt", run, size))
                break
        else:
            own.append(draft)
    return own, copied


def _prompt(order: Order, blank: Draft, prompts: Prompts) -> Prompt:
    shown = [{"request": request_of(demo), "response": demo.response} for demo in blank.demos]
    return prompts.build(
        INSTRUCTION, blank.demos, order=order, shown=shown, response=blank.example.response
    )
