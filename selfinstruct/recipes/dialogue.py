"""New conversations: a scenario, a persona and an outcome meet, and a teacher writes what is said.

It writes a conversation in one answer, or one turn after the other in either role. The last answer
becomes the response and all before it the question, so a student learns every turn of the assistant
only with `student.train_on: every_assistant_turn`.
"""

import random
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, Literal, TypeVar

from selfinstruct.chat import prompt_messages
from selfinstruct.config import DialogueConfig, GenerateConfig, TurnsConfig
from selfinstruct.prompting import Form, Kind, Prompts, choose_demos
from selfinstruct.recipes.asking import (
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Draft,
    Material,
    Order,
    Wave,
    answers,
    conceive,
    read,
    sift,
)
from selfinstruct.recipes.parse_dialogue import Dialogue, read_dialogues, read_turn
from selfinstruct.text import question_text
from selfinstruct.types import Completion, Drafts, Example, Message, Rejection, digest

T = TypeVar("T", bound=Hashable)
Speaker = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a scenario, a persona and an outcome meet; empty where nothing is asked for."""

    scenario: str = ""
    persona: str = ""
    outcome: str = ""


TALK = {
    "user": "Customer",
    "assistant": "Agent",
    "cell": Cell("fee", "a tired parent", "the agent waives it"),
    "order": FULL_ORDER,
    "shown": [{"scenario": "fee", "lines": [("Customer", "A fee?"), ("Agent", "It is.")]}],
    "turns": 4,
}
BARE = {"cell": Cell(), "order": FREE_ORDER, "shown": []}
SAID = (Message("user", "Hello."),)
WHOLE = Form("dialogue/whole.j2", TALK, BARE)
USER_TURN = Form("dialogue/user_turn.j2", {**TALK, "talk": ()}, BARE)
ASSISTANT_TURN = Form("dialogue/assistant_turn.j2", {**TALK, "talk": SAID}, BARE)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one prompt asks for, the demonstrations it shows, and what its rows have in common."""

    cell: Cell
    order: Order
    turns: int
    demos: tuple[Example, ...]
    blank: Example


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation on its way: what was said so far, and the call that brought the last of it."""

    plan: _Plan
    said: Dialogue = ()
    attempt: str | None = None


def dialogue(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order `samples_per_prompt` conversations, or more where an answer holds more."""
    cells = draw_cells(cfg.dialogue, material.labels, wave)
    plans = [
        _plan(order, cell, material, cfg, wave)
        for order, cell in zip(wave.orders, cells, strict=True)
    ]
    if cfg.dialogue.mode == "whole":
        return _write_whole(plans, material.prompts, ask, cfg)
    return _write_by_turns(plans, material, ask, cfg)


def draw_cells(cfg: DialogueConfig, labels: Sequence[str], wave: Wave) -> list[Cell]:
    """A cell for each order of a wave; the label and the persona of an order go before its own.

    Scenarios follow each other, each time with the next persona and outcome, so that any run of as
    many cells as there are holds each of them once, and any run as long as the scenarios each
    scenario. A wave goes on where the one before stopped, if that asked as much; the last, smaller
    waves of a round may ask again for some. The order is another in each round.
    """
    scenarios = _mixed(cfg.scenarios or labels or ("",), wave.round)
    pairs = _mixed(product(cfg.personas or ("",), cfg.outcomes or ("",)), wave.round)
    cells = []
    for number, order in enumerate(wave.orders, start=wave.index * len(wave.orders)):
        lap, place = divmod(number, len(scenarios))
        persona, outcome = pairs[(lap + place) % len(pairs)]
        scenario = order.label or scenarios[place]
        cells.append(Cell(scenario, order.persona or persona, outcome))
    return cells


def _mixed(values: Iterable[T], round_index: int) -> list[T]:
    """The distinct values in an order that only they and the round decide."""
    return sorted(dict.fromkeys(values), key=lambda value: digest([round_index, value]))


def _plan(order: Order, cell: Cell, material: Material, cfg: GenerateConfig, wave: Wave) -> _Plan:
    label = cell.scenario if cell.scenario in material.labels else order.label
    train, pool = _to_show(material.train, label), material.pool
    kind: Kind = "talk" if pool.count(label, "talk") else "answered"
    demos = choose_demos(train, pool, cfg.demos, wave.rng, label, material.full, kind)
    blank = replace(
        conceive(demos, order, wave),
        label=label,
        kind=None if label is not None else cell.scenario or None,
        instruction=_common_instruction(material.train, label),
    )
    return _Plan(cell, order, _draw_length(cfg.dialogue.turns, wave.rng), demos, blank)


def _draw_length(cfg: TurnsConfig, rng: random.Random) -> int:
    """An even number of turns within the limits."""
    return 2 * rng.randint((cfg.least + 1) // 2, cfg.most // 2)


def _to_show(rows: Sequence[Example], label: str | None) -> list[Example]:
    """The answered rows of a label, those that are conversations where there are any."""
    answered = [row for row in rows if row.response and (label is None or row.label == label)]
    return [row for row in answered if row.turns] or answered


def _common_instruction(train: Sequence[Example], label: str | None) -> str:
    """The instruction that rows of a label have beside their text; empty where they have none."""
    rows = (row for row in train if label is not None and row.label == label and row.input)
    return next((row.instruction for row in rows), "")


def _spoken(row: Example) -> Dialogue:
    """A row as a conversation, without a system message or what all rows of its label share."""
    asked = question_text(row) if row.label is not None else prompt_messages(row, "")[-1].content
    earlier = (turn for turn in row.turns if turn.role != "system")
    return (*earlier, Message("user", asked), Message("assistant", row.response))


def _values(plan: _Plan, cfg: DialogueConfig) -> dict[str, Any]:
    """What every template of this recipe is told."""
    names = {"user": cfg.speakers.user[0], "assistant": cfg.speakers.assistant[0]}
    shown = [
        {
            "scenario": demo.label or "",
            "lines": [(names[turn.role], turn.content) for turn in _spoken(demo)],
        }
        for demo in plan.demos
    ]
    return {**names, "cell": plan.cell, "order": plan.order, "shown": shown, "turns": plan.turns}


def _write_whole(plans: Sequence[_Plan], prompts: Prompts, ask: Ask, cfg: GenerateConfig) -> Drafts:
    asked = [prompts.build(WHOLE, plan.demos, **_values(plan, cfg.dialogue)) for plan in plans]
    examples: list[Example] = []
    rejections: list[Rejection] = []
    reader = partial(read_dialogues, speakers=cfg.dialogue.speakers)
    written = answers(plans, asked, ask, cfg.dialogue.whole, cfg.samples_per_prompt)
    for plan, completion in written:
        reading = read(completion, reader)
        for said in reading.items:
            example = _example(_Talk(plan, said, completion.attempt))
            fault = _wrong_length(example, cfg.dialogue.turns)
            examples += [example] if fault is None else []
            rejections += [] if fault is None else [fault]
        if reading.reason is not None:
            lost = _Talk(plan, (Message("user", reading.lost),), completion.attempt)
            rejections.append(Rejection(_example(lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))


def _wrong_length(example: Example, cfg: TurnsConfig) -> Rejection | None:
    turns = len(example.turns) + 2
    if turns < cfg.least:
        return Rejection(example, "too_few_turns", turns, cfg.least)
    return Rejection(example, "too_many_turns", turns, cfg.most) if turns > cfg.most else None


def _write_by_turns(
    plans: Sequence[_Plan], material: Material, ask: Ask, cfg: GenerateConfig
) -> Drafts:
    """Turn after turn of all conversations at once; each ends at the length it was planned for.

    Before its last answer is paid for, the question that all turns make together is checked; a
    student that writes labels alone needs no such answer.
    """
    speak = partial(_speak, material.prompts, ask, cfg)
    talks = [_Talk(plan) for plan in plans]
    done: list[Example] = []
    rejections: list[Rejection] = []
    samples = cfg.samples_per_prompt
    while talks:
        talks, unasked = speak("user", talks, samples)
        samples = 1
        talks, ending = _parted(talks, left=1)
        drafts = [Draft(_example(talk), talk.plan.demos) for talk in ending]
        sound, dropped = sift(drafts, material)
        if material.target == "label":
            done += [draft.example for draft in sound]
        else:
            kept = set(map(id, sound))
            talks += [talk for talk, draft in zip(ending, drafts, strict=True) if id(draft) in kept]
        talks, unanswered = speak("assistant", talks, samples)
        talks, ended = _parted(talks, left=0)
        done += map(_example, ended)
        rejections += (*unasked, *dropped, *unanswered)
    return Drafts(tuple(done), tuple(rejections))


def _parted(talks: Sequence[_Talk], left: int) -> tuple[list[_Talk], list[_Talk]]:
    """The conversations with more turns to come than `left`, and those with so many."""
    far = [talk for talk in talks if talk.plan.turns - len(talk.said) > left]
    return far, [talk for talk in talks if talk.plan.turns - len(talk.said) == left]


def _speak(
    prompts: Prompts,
    ask: Ask,
    cfg: GenerateConfig,
    who: Speaker,
    talks: Sequence[_Talk],
    samples: int,
) -> tuple[list[_Talk], list[Rejection]]:
    """Every conversation with this speaker's next turn, and why some have none."""
    form, sampling = (USER_TURN, cfg.question) if who == "user" else (ASSISTANT_TURN, cfg.answer)
    asked = [
        prompts.build(
            form,
            talk.plan.demos,
            talk.attempt,
            talk=talk.said,
            **_values(talk.plan, cfg.dialogue),
        )
        for talk in talks
    ]
    reader = partial(read_turn, who=who, speakers=cfg.dialogue.speakers)
    longer: list[_Talk] = []
    lost: list[Rejection] = []
    for talk, completion in answers(talks, asked, ask, sampling, samples):
        reading = read(completion, reader)
        longer += [_with_turn(talk, who, words, completion) for words in reading.items]
        if reading.reason is not None:
            what = _example(_with_turn(talk, who, reading.lost, completion))
            lost.append(Rejection(what, reading.reason))
    return longer, lost


def _with_turn(talk: _Talk, who: Speaker, words: str, completion: Completion) -> _Talk:
    said = (*talk.said, Message(who, words))
    return replace(talk, said=said, attempt=completion.attempt)


def _example(talk: _Talk) -> Example:
    """A conversation as a row, with an empty response where the user spoke last."""
    said, response = talk.said, ""
    if said[-1].role == "assistant":
        said, response = said[:-1], said[-1].content
    *earlier, asked = said
    row = replace(talk.plan.blank, turns=tuple(earlier), response=response, attempt=talk.attempt)
    if row.instruction:
        return replace(row, input=asked.content)
    return replace(row, instruction=asked.content)
