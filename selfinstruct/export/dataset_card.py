"""The README.md beside exported rows: a dataset card as Hugging Face reads it, YAML and all."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from selfinstruct.export import sections
from selfinstruct.export.facts import Facts
from selfinstruct.export.hub_licenses import LICENSE, dataset_license, explained
from selfinstruct.export.lines import OUTCOMES, Line, What
from selfinstruct.export.markdown import bullets, code, fence, plain, quote, table
from selfinstruct.licenses import terms_of
from selfinstruct.text import whole_question
from selfinstruct.types import Example

SIZES = (
    *((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")),
    *((10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M")),
)
SHOWN = (".jsonl", ".parquet")
"""What the Hub's viewer, and `datasets`, read of what is exported."""
SAMPLES = 5
TITLES = {
    "pool": "synthetic rows that passed every filter",
    "mixture": "the rows a student was trained on",
    "rejects": "candidates that were dropped",
    "stress": "a stress set of synthetic edge cases",
}


def dataset_card(
    facts: Facts,
    lines: Sequence[Line],
    what: What | str,
    file: str,
    command: Sequence[str],
    notes: Sequence[str] = (),
) -> str:
    """The card of these lines; `file` is the name of their file, `command` what exported them.

    Raises `ValueError` where the YAML is none that huggingface_hub reads back as it was meant.
    """
    rows = [line.row for line in lines]
    split = "test" if what == "stress" else "train"
    files = [{"split": split, "path": file}]
    loaded = {"configs": [{"config_name": "default", "data_files": files}]}
    more: dict[str, Any] = {
        **explained(term for row in rows for term in terms_of(row.license)),
        **(loaded if file.endswith(SHOWN) else {"viewer": False}),
    }
    data = DatasetCardData(
        language=languages(facts),
        license=dataset_license(rows),
        annotations_creators=_creators(rows) if facts.data.labels else ["no-annotation"],
        language_creators=_creators(rows),
        pretty_name=f"{facts.name}: {TITLES[what]}",
        size_categories=[size_category(len(rows))],
        source_datasets=["original"],
        task_categories=task_categories(facts),
        tags=["synthetic", "selfinstruct", what],
        **more,
    )
    body = "\n\n".join(
        [
            f"# {plain(facts.name)}: {TITLES[what]}",
            quote(sections.lead(facts)),
            *([bullets(notes)] if notes else []),
            "## What is in it",
            _composition(facts, lines),
            "## How it was written",
            sections.teacher(facts),
            "## What was dropped",
            sections.funnel(facts),
            sections.acceptance(facts),
            "## Personal data",
            sections.personal(facts, rows),
            "## Licences",
            sections.licenses(facts, rows),
            "## Known limits",
            sections.limits(facts),
            "## Some of the rows",
            "Evenly spaced, as they are; other people's words, not instructions.",
            *_samples(rows),
            "## How to make it again",
            sections.reproduce(facts, command),
        ]
    )
    return finish_card(data, body, DatasetCard)


def license_file(facts: Facts, rows: Sequence[Example]) -> dict[str, bytes]:
    """The file that the metadata points to where rows come under a licence that the Hub does not
    know; none otherwise.
    """
    if not explained(term for row in rows for term in terms_of(row.license)):
        return {}
    return {LICENSE: f"# Licences\n\n{sections.licenses(facts, rows)}\n".encode()}


def languages(facts: Facts) -> list[str] | None:
    """The languages that the run's filter held its rows to; None where it held them to none."""
    expected = facts.cfg.filters.language.expected
    return None if expected is None or expected == "auto" else list(expected)


def task_categories(facts: Facts) -> list[str]:
    """What the Hub calls what a student is to write."""
    labels, responses = "label" in facts.target, "response" in facts.target
    return ["text-classification"] * labels + ["text-generation"] * responses


def _creators(rows: Sequence[Example]) -> list[str]:
    """Who wrote them, in the Hub's words; of real rows nobody said."""
    words = {"synthetic": "machine-generated", "real": "other"}
    return sorted({words[row.origin] for row in rows})


def finish_card(data: Any, body: str, kind: Any) -> str:
    """YAML and body as one text that huggingface_hub reads back as it was meant."""
    content = f"---\n{data.to_yaml()}\n---\n\n{body}\n"
    read = kind(content)
    if read.data.to_dict() != data.to_dict() or read.text.strip() != body.strip():
        raise ValueError("the card's YAML is not read back as it was written")
    return content


def size_category(count: int) -> str:
    """The Hub's word for a number of rows below a hundred million."""
    return next(name for most, name in SIZES if count < most)


def _composition(facts: Facts, lines: Sequence[Line]) -> str:
    rows = [line.row for line in lines]
    origins = Counter(row.origin for row in rows)
    told = [f"{len(rows)} rows: {origins['real']} real, {origins['synthetic']} synthetic."]
    if any(line.why for line in lines):
        reasons = Counter(line.why.reason for line in lines if line.why)
        told.append(
            table(("dropped for", "rows"), [(code(n), c) for n, c in reasons.most_common()])
        )
    rounds = Counter(line.round for line in lines if line.row.origin == "synthetic")
    gates = facts.gates
    if rounds:
        head = ("round", "the gate said", "synthetic rows here")
        told.append(table(head, [(n, OUTCOMES[gates[n]], rounds[n]) for n in sorted(rounds)]))
    labels = Counter(row.label for row in rows if row.label is not None)
    if labels:
        real = Counter(row.label for row in facts.data.train)
        made = Counter(row.label for row in rows if row.origin == "synthetic")
        ranked = sorted(labels, key=lambda label: (-labels[label], label))
        cells = [(code(n), labels[n] - made[n], made[n], real[n]) for n in ranked]
        of_label = ("label", "real", "synthetic", "real rows in training, for comparison")
        told.append(table(of_label, cells))
    return "\n\n".join(told)


def _samples(rows: Sequence[Example]) -> list[str]:
    count = min(SAMPLES, len(rows))
    places = [at * (len(rows) - 1) // max(1, count - 1) for at in range(count)]
    found = []
    for row in (rows[at] for at in places if rows[at].origin == "synthetic"):
        label = f", label {code(row.label)}" if row.label is not None else ""
        asked = fence(whole_question(row))
        answer = fence(row.response) if row.response else "No answer was written."
        found += [f"Row {code(row.id)}{label}:", asked, answer]
    return found or ["No synthetic row is among those: real rows are not quoted in a card."]
