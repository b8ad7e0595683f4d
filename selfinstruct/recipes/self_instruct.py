"""Self-Instruct: new instructions first, then instances of each (Wang et al., arXiv 2212.10560).

Instructions are proposed from demonstrations, those that would be dropped anyway are not followed
up, the teacher says which are classification tasks, and then writes instances: the class label
before the input for those, the input before the output for all others. Contradicting instances are
for the filters to find, which see all instances of one instruction together.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, Prompts, choose_demos
from selfinstruct.recipes.answering import yes_or_no
from selfinstruct.recipes.asking import (
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Draft,
    Material,
    Wave,
    answers,
    conceive,
    draft_texts,
    read,
    sift,
)
from selfinstruct.recipes.parse import read_instances, read_list
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection

TASK = {"instruction": "Say whether the review is positive."}
PROPOSE = Form("self_instruct/propose.j2", {"order": FULL_ORDER}, {"order": FREE_ORDER})
IS_CLASSIFICATION = Form("self_instruct/is_classification.j2", TASK)
INPUT_FIRST = Form("self_instruct/input_first.j2", {**TASK, "count": 3})
OUTPUT_FIRST = Form("self_instruct/output_first.j2", TASK)

INSTANCE_DEMOS = 3  # whole rows are long, and every new instruction pays for them again


def self_instruct(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order `samples_per_prompt` lists of instructions, and up to
    `instances_per_instruction` instances of each.
    """
    tasks, unread = _propose(material, ask, cfg, wave)
    sound, dropped = sift(tasks, material)
    classified, failed = _classify(sound, material.prompts, ask)
    instances = _instances(classified, material.prompts, ask, cfg)
    return Drafts(instances.examples, (*unread, *dropped, *failed, *instances.rejections))


def _propose(
    material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave
) -> tuple[list[Draft], list[Rejection]]:
    shown = [
        choose_demos(material.train, material.pool, cfg.demos, wave.rng, full=material.full)
        for _ in wave.orders
    ]
    prompts = [
        material.prompts.build(PROPOSE, demos, order=order)
        for demos, order in zip(shown, wave.orders, strict=True)
    ]
    blanks = [
        Draft(conceive(demos, order, wave), demos)
        for demos, order in zip(shown, wave.orders, strict=True)
    ]
    tasks: list[Draft] = []
    rejections: list[Rejection] = []
    asked = answers(blanks, prompts, ask, cfg.question, cfg.samples_per_prompt)
    for blank, completion in asked:
        read_tasks = partial(read_list, first=len(blank.demos) + 1)
        found, lost = draft_texts(blank, completion, read_tasks)
        tasks += found
        rejections += lost
    return tasks, rejections


def _classify(
    tasks: Sequence[Draft], prompts: Prompts, ask: Ask
) -> tuple[list[Draft], list[Rejection]]:
    """Each task with its kind."""
    asked = [
        prompts.build(
            IS_CLASSIFICATION, (), task.example.attempt, instruction=task.example.instruction
        )
        for task in tasks
    ]
    known: list[Draft] = []
    failed: list[Rejection] = []
    for task, said in zip(tasks, yes_or_no(tasks, asked, ask), strict=True):
        if isinstance(said, Rejection):
            failed.append(said)
            continue
        kind = "classification" if said else "generation"  # neither: as the paper takes it
        known.append(replace(task, example=replace(task.example, kind=kind)))
    return known, failed


def _instances(tasks: Sequence[Draft], prompts: Prompts, ask: Ask, cfg: GenerateConfig) -> Drafts:
    asked = [_instance_prompt(task, prompts, cfg.instances_per_instruction) for task in tasks]
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for task, completion in answers(tasks, asked, ask, cfg.answer):
        drafts = _read_instances(task.example, completion, cfg.instances_per_instruction)
        examples += drafts.examples
        rejections += drafts.rejections
    return Drafts(tuple(examples), tuple(rejections))


def _instance_prompt(task: Draft, prompts: Prompts, count: int) -> Prompt:
    instruction, wrote = task.example.instruction, task.example.attempt
    if task.example.kind == "classification":
        return prompts.build(OUTPUT_FIRST, (), wrote, instruction=instruction)
    demos = [demo for demo in task.demos if demo.response][:INSTANCE_DEMOS]
    return prompts.build(INPUT_FIRST, demos, wrote, instruction=instruction, count=count)


def _read_instances(task: Example, completion: Completion, most: int) -> Drafts:
    draft = replace(task, attempt=completion.attempt)
    read_all = partial(read_instances, output_first=task.kind == "classification")
    reading = read(completion, read_all)
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for instance in reading.items:
        example = replace(draft, input=instance.input, response=instance.output)
        if not instance.output:
            rejections.append(Rejection(example, "unreadable"))
        elif len(examples) == most:
            rejections.append(Rejection(example, "surplus"))
        else:
            examples.append(example)
    if reading.reason is not None:
        rejections.append(Rejection(replace(draft, response=reading.lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))
