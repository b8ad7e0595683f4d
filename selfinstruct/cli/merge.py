"""`merge`: a student's adapter worked into full weights, and what is known of the result."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import Output, escape
from selfinstruct.merging import merge
from selfinstruct.merging.merge import DType
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.trained import find_student


def merge_command(
    run: Path, student: str, out: Path, dtype: DType, *, force: bool
) -> dict[str, Any]:
    """Merge, telling on stderr what takes long. Raises as `find_student` and `merge`."""
    console = Output(file=sys.stderr)

    def on_note(note: str) -> None:
        console.print(escape(note), style="dim", markup=False, highlight=False, soft_wrap=True)

    done = merge(find_student(run, student), out, dtype, force=force, on_note=on_note)
    return {"schema_version": SCHEMA_VERSION, "folder": str(out), **asdict(done)}


def print_merged(done: dict[str, Any]) -> None:
    """What was written, how like the student it is, and who reads it."""
    like = done["likeness"]
    facts = {
        "model": f"{done['folder']}: {done['student']} of {done['run']}, merged",
        "base": f"{done['base']} ({done['base_digest']:.16})",
        "adapter": f"{done['adapter_digest']:.16}",
        "weights": f"{done['parameters'] / 1e6:.1f} million parameters in {done['dtype']}",
        "checked": f"on {like['prompts']} prompts: logits within {like['logits']:.1e} of the "
        f"largest, {like['equal_answers']} of {like['prompts']} greedy answers equal",
        **done["readers"],
    }
    console = stdout()
    for name, value in facts.items():
        console.print(f"{name:<13}{escape(value)}", markup=False, highlight=False, soft_wrap=True)
