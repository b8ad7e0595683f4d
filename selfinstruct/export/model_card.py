"""The card of a student: of its adapter, or of the whole model that it was merged into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from selfinstruct import sentences, telling
from selfinstruct.export import sections
from selfinstruct.export.dataset_card import finish_card, languages
from selfinstruct.export.facts import Facts
from selfinstruct.export.hub_licenses import LICENSE, explained, model_license
from selfinstruct.export.lines import OUTCOMES
from selfinstruct.export.markdown import bullets, code, plain, quote, table
from selfinstruct.export.student import Student, base_of, shown_base
from selfinstruct.licenses import UNKNOWN, terms_of
from selfinstruct.rows import to_verdict

METRICS = {"accuracy": "accuracy", "rouge_l": "rouge", "nll": "nll", "exact_match": "exact_match"}
"""Our metrics to the Hub's."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A student merged into full weights: their form, how it was checked, who reads them."""

    dtype: str
    parameters: int
    checked: str
    readers: Mapping[str, str]


def model_card(
    student: Student, facts: Facts, command: Sequence[str], whole: Whole | None = None
) -> str:
    """The card of a student: of its adapter, or of what it was merged into.

    Raises `ValueError` as `dataset_card`.
    """
    named, licence = base_of(facts)
    terms = _terms(student, licence)
    word = model_license(terms)
    data = ModelCardData(
        language=languages(facts),
        base_model=named,
        base_model_relation=("adapter" if whole is None else "finetune") if named else None,
        library_name="peft" if whole is None else "transformers",
        pipeline_tag="text-generation",
        license=word,
        license_name=_license_name(terms) if word == "other" else None,
        license_link=LICENSE if word == "other" else None,
        tags=["lora", "selfinstruct"],
        model_name=f"{facts.name}-{student.name}",
        eval_results=_results(facts, student) or None,
    )
    body = "\n\n".join(
        [
            f"# {plain(facts.name)}: {student.name}",
            quote([_who(student, facts), *sections.lead(facts)]),
            *([] if whole is None else ["## Weights", _weights(student, whole)]),
            "## Evaluation",
            _evaluation(facts, student),
            "## Guards and watch",
            _guards(facts, student),
            "## Training",
            _training(facts, student),
            "## How its synthetic rows were written",
            sections.teacher(facts),
            sections.funnel(facts),
            "## Personal data",
            sections.personal(facts, student.rows),
            "A model can repeat rows it was trained on. Whether this one does was not measured; "
            "how many words in a row its rows share with real ones is in the run's report.",
            "## Licences",
            f"The base is {code(shown_base(facts))}, under {code(licence)}"
            + (". " if licence != UNKNOWN else " as far as this run knows: read its own card. ")
            + "The rows it was trained on:",
            sections.licenses(facts, student.rows),
            "## Known limits",
            sections.limits(facts),
            "## Use",
            _use(named) if whole is None else _use_whole(),
            "## How to make it again",
            sections.reproduce(facts, command),
        ]
    )
    return finish_card(data, body, ModelCard)


def license_file(student: Student, facts: Facts) -> dict[str, bytes]:
    """The file that the card's metadata points to where the Hub has no one word for the rights."""
    licence = base_of(facts)[1]
    if model_license(_terms(student, licence)) != "other":
        return {}
    text = ["# Licences", f"The base comes under {code(licence)}. The rows it was trained on:"]
    text.append(sections.licenses(facts, student.rows))
    return {LICENSE: ("\n\n".join(text) + "\n").encode()}


def _terms(student: Student, licence: str) -> list[str]:
    return [licence, *(term for row in student.rows for term in terms_of(row.license))]


def _license_name(terms: Sequence[str]) -> str:
    """The one there is, or that there are several."""
    return explained(terms).get("license_name", "several") if len({*terms}) == 1 else "several"


def _who(student: Student, facts: Facts) -> str:
    champion = facts.summary["champion"]
    is_champion = champion == student.name
    rest = f"The champion of the run is {code(champion or 'not known yet')}."
    if student.round == 0:
        head = "**This is the control**: a student trained on the real rows alone. "
        stayed = "It stayed champion, since no student with synthetic rows was accepted."
        return head + (stayed if is_champion else rest)
    outcome = facts.gates.get(student.round, "none")
    if outcome == "accept":
        told = f"**This is the student of round {student.round}**, which its gate accepted."
        return told if is_champion else f"{told} {rest}"
    return (
        f"**This is the student of round {student.round}**, of which its gate says "
        f"**{OUTCOMES[outcome]}**. {rest}"
    )


def _weights(student: Student, whole: Whole) -> str:
    items = [
        f"The adapter {code(f'{student.digest:.16}')} worked into its base: "
        f"{whole.parameters / 1e6:.1f} million parameters in {whole.dtype}, as safetensors.",
        f"Held against base and adapter {whole.checked}.",
        *(f"{name}: {told}." for name, told in whole.readers.items()),
    ]
    return bullets(items)


def _results(facts: Facts, student: Student) -> list[EvalResult]:
    """Scores on final alone: a champion was chosen by its gate scores, which therefore flatter."""
    found = [each for each in facts.summary["final"] if each["name"] == student.name]
    return [
        EvalResult(
            task_type="text-generation",
            dataset_type="private",
            dataset_name=f"final rows of {facts.name}",
            metric_type=METRICS.get(metric, metric),
            metric_value=round(at["value"], 4),
            metric_name=f"{metric}, 95 % interval {at['low']:.4f} to {at['high']:.4f}, "
            f"n={each['n']}",
            verified=False,
        )
        for each in found
        for metric, at in each["metrics"].items()
    ]


def _evaluation(facts: Facts, student: Student) -> str:
    summary = facts.summary
    parts = ["Scores with 95 % intervals on real rows that no student was trained on."]
    gate = _scores(summary["students"], ("base", "real-only", student.name))
    chosen = "The champion was chosen by these rows, so its own scores here flatter."
    parts += [f"On the gate rows, looked at {summary['looks']} times. {chosen}", gate]
    if summary["final"]:
        opened = plain(sentences.opened(summary["final_seen"]))
        parts += [f"On the final rows, opened {opened}:"]
        parts += [_scores(summary["final"], ("base", "real-only", student.name))]
    else:
        parts.append("The final rows have not been opened: there is no unflattered score yet.")
    if gains := summary["final_gain"]:
        told = [
            f"{telling.NAMES.get(metric, metric)}: {telling.gain(metric, at)}"
            for metric, at in gains.items()
        ]
        parts += ["Gain over real rows alone on final, more is better:", bullets(map(plain, told))]
    return "\n\n".join(parts)


def _scores(students: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    found = [each for each in students if each["name"] in names]
    metrics = list(dict.fromkeys(name for each in found for name in each["metrics"]))
    head = ("student", *(plain(telling.name_metric(name)) for name in metrics), "rows")
    lines = [
        (
            each["name"],
            *(
                plain(telling.interval(name, each["metrics"][name]))
                if name in each["metrics"]
                else "-"
                for name in metrics
            ),
            each["n"],
        )
        for each in found
    ]
    return table(head, lines) if lines else "It has not been scored on them yet."


def _guards(facts: Facts, student: Student) -> str:
    entry = next((e for e in facts.summary["rounds"] if e["index"] == student.round), None)
    if entry is None or entry["gate"] is None:
        return (
            "The control is held to no guard: what it unlearned of the base was not judged."
            if student.round == 0
            else "Nothing was judged."
        )
    guards = to_verdict(entry["gate"]).guards
    lines = [
        (
            code(each.name),
            each.metric,
            f"{each.base:.3f}",
            f"{each.candidate:.3f}",
            each.n,
            f"{each.margin:.3f}",
            each.held,
        )
        for each in guards
    ]
    head = ("guard", "metric", "base", "this student", "rows", "margin", "held")
    return table(head, lines) if lines else "No guard was set: what it unlearned was not measured."


def _training(facts: Facts, student: Student) -> str:
    cfg = facts.cfg.student
    made = sum(row.origin == "synthetic" for row in student.rows)
    items = [
        f"LoRA on {code(shown_base(facts))}: rank {cfg.rank}, alpha {cfg.alpha}, dropout "
        f"{cfg.dropout:g}, learning rate "
        + (
            f"{cfg.learning_rate:g}" if cfg.learning_rate is not None else "by the size of the base"
        ),
        f"{len(student.rows)} rows: {len(student.rows) - made} real, {made} synthetic",
        f"{student.steps or 'not recorded'} optimiser steps of {cfg.batch_size} rows",
        f"it writes: {facts.target.replace('_', ' ')}",
        f"system message: {code(facts.cfg.task.system)}",
        f"digest of the adapter's files: {code(student.digest)}",
    ]
    return bullets(items)


def _use_whole() -> str:
    return (
        "```python\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        'model = AutoModelForCausalLM.from_pretrained("THIS_FOLDER")\n'
        'tokenizer = AutoTokenizer.from_pretrained("THIS_FOLDER")\n'
        "```\n\n"
        "Ask it with its chat template and the system message above; it has seen no other form."
    )


def _use(named: str | None) -> str:
    base = named or "FOLDER_OF_THE_BASE"
    return (
        "```python\n"
        "from peft import PeftModel\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        f"base = AutoModelForCausalLM.from_pretrained({base!r})\n"
        'model = PeftModel.from_pretrained(base, "THIS_FOLDER")\n'
        f"tokenizer = AutoTokenizer.from_pretrained({base!r})\n"
        "```\n\n"
        "Ask it with the chat template of the base and the system message above; it has seen no "
        "other form."
    )
