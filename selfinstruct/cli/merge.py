"""`merge`: a student's adapter worked into full weights, its card beside them, and what is known of
the result.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import Output, escape
from selfinstruct.export.facts import read_facts
from selfinstruct.export.model_card import Whole, license_file, model_card
from selfinstruct.export.student import student_of
from selfinstruct.merging import Merged, merge
from selfinstruct.merging.merge import DType, Papers, stub_card
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.trained import find_student, round_of


def merge_command(
    run: Path, student: str, out: Path, dtype: DType, *, force: bool
) -> dict[str, Any]:
    """Merge, telling on stderr what takes long.

    Raises as `find_student`, `student_of` and `merge`.
    """
    console = Output(file=sys.stderr)

    def on_note(note: str) -> None:
        console.print(escape(note), style="dim", markup=False, highlight=False, soft_wrap=True)

    found = find_student(run, student)
    papers = stub_card if found.checkpoint.adapter is None else _papers(run, found.name)
    done = merge(found, out, dtype, force=force, on_note=on_note, papers=papers)
    return {"schema_version": SCHEMA_VERSION, "folder": str(out), **asdict(done)}


def _papers(run: Path, name: str) -> Callable[[Merged], Papers]:
    """The model card of a student, as it will be once it is merged; all else is read before."""
    with Store(run) as store:
        facts = read_facts(store)
        student = student_of(store, facts, round_of(name))

    def write(merged: Merged) -> Papers:
        command = ["selfinstruct", "merge", "RUN", "--student", name, "--dtype", merged.dtype]
        checked = _checked(asdict(merged.likeness))
        whole = Whole(merged.dtype, merged.parameters, checked, merged.readers)
        card = model_card(student, facts, [*command, "-o", "OUT"], whole)
        rights = license_file(student, facts)
        return {"README.md": card, **{file: text.decode() for file, text in rights.items()}}

    return write


def _checked(like: dict[str, Any]) -> str:
    return (
        f"on {like['prompts']} prompts: logits within {like['logits']:.1e} of the largest, "
        f"{like['equal_answers']} of {like['prompts']} greedy answers equal"
    )


def print_merged(done: dict[str, Any]) -> None:
    """What was written, how like the student it is, and who reads it."""
    facts = {
        "model": f"{done['folder']}: {done['student']} of {done['run']}, merged",
        "base": f"{done['base']} ({done['base_digest']:.16})",
        "adapter": f"{done['adapter_digest']:.16}",
        "weights": f"{done['parameters'] / 1e6:.1f} million parameters in {done['dtype']}",
        "checked": _checked(done["likeness"]),
        **done["readers"],
    }
    console = stdout()
    for name, value in facts.items():
        console.print(f"{name:<13}{escape(value)}", markup=False, highlight=False, soft_wrap=True)
