"""A student in, a folder of full weights out, which says what the student says or is not written.

What the base says with its adapter is noted first, the merged model is read back from the disk as
anybody would read it, and both are held against each other before the folder gets its name.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from peft import PeftModel

from selfinstruct import chat
from selfinstruct.checkpoints import weights
from selfinstruct.checkpoints.base import load_base
from selfinstruct.disk.files import replacing, unwritten
from selfinstruct.disk.manifest import seal
from selfinstruct.errors import StoreError, UserError
from selfinstruct.failpoints import failpoint
from selfinstruct.merging.likeness import Likeness, Said, difference, require_like, say
from selfinstruct.merging.readers import readable_by
from selfinstruct.models.decoding import end_tokens
from selfinstruct.trained import Trained

MANIFEST = "merged.json"
DType = Literal["float32", "bfloat16", "float16"]
BYTES: Mapping[str, int] = {"float32": 4, "bfloat16": 2, "float16": 2}
ROOM = 32 * 2**20
"""Bytes for the tokeniser and the rest, beside the weights."""
PROMPTS = 4
"""Real training rows whose prompts both models are asked."""


@dataclass(frozen=True)
class Merged:
    """What was merged, how like the student it is, and what is known to read it."""

    run: str
    student: str
    base: str
    base_digest: str
    adapter_digest: str
    dtype: DType
    parameters: int
    likeness: Likeness
    readers: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)


Papers = Mapping[str, str]
"""Texts that lie beside the weights, by file name."""


def stub_card(merged: Merged) -> Papers:
    """A model card that names base, adapter and run, for who writes no fuller one."""
    card = (
        f"---\nbase_model: {json.dumps(merged.base)}\nlibrary_name: transformers\n"
        "pipeline_tag: text-generation\n---\n"
        f"# {merged.student} of {Path(merged.run).name}\n\n"
        f"`{merged.base}` ({merged.base_digest:.16}) with the LoRA adapter "
        f"{merged.adapter_digest:.16} of the student {merged.student}, merged into full weights "
        f"({merged.dtype}) by selfinstruct. The terms of the base and of its training data "
        "apply.\n"
    )
    return {"README.md": card}


def merge(
    student: Trained,
    out: Path,
    dtype: DType = "float32",
    *,
    force: bool = False,
    on_note: Callable[[str], None] = weights.unheard,
    papers: Callable[[Merged], Papers] = stub_card,
) -> Merged:
    """Write the student as a whole model to `out`, whole or not at all; what it came to out.

    `force` replaces an earlier merged model there, `papers` writes what lies beside the weights: a
    card. Raises `UserError` for the base, for an `out`
    that is taken and for weights that do not say what the student says in this `dtype`,
    `StoreError` where the base is another than the run's, `DiskError` where there is no room.
    """
    adapter = student.checkpoint.adapter
    if adapter is None:
        raise UserError(
            "the base has no adapter to merge", next_step="name a student, such as real-only"
        )
    _require_free(out, force=force)
    on_note(f"loading {student.checkpoint.base} and {student.name}")
    base = load_base(student.checkpoint.base, "cpu", on_note)
    found = _require_base(student)
    _require_room(out, base.model.num_parameters() * BYTES[dtype] + ROOM)
    asked = [
        chat.encode(base.tokenizer, chat.conversation(row, student.target, student.cfg.task.system))
        for row in student.rows[:PROMPTS]
    ]
    with weights.quiet():
        model: Any = PeftModel.from_pretrained(base.model, adapter).eval()
        ends = end_tokens(base.tokenizer, model.generation_config)
        before = say(model, asked, ends)
        on_note("merging")
        whole = model.merge_and_unload(safe_merge=True).to(getattr(torch, dtype))
    whole.generation_config.update(eos_token_id=ends, pad_token_id=ends[0])

    def finish(part: Path) -> Merged:
        with weights.quiet():
            whole.save_pretrained(part)
            base.tokenizer.save_pretrained(part)
        on_note("reading it back, and asking it what the student was asked")
        merged = Merged(
            run=str(student.run),
            student=student.name,
            base=student.checkpoint.base,
            base_digest=found,
            adapter_digest=student.checkpoint.digest,
            dtype=dtype,
            parameters=whole.num_parameters(),
            likeness=require_like(_read_back(part, asked, before), dtype, student.name),
            readers=readable_by(part),
        )
        for name, text in papers(merged).items():
            (part / name).write_text(text, encoding="utf-8")
        return merged

    return publish(out, finish)


def _read_back(folder: Path, asked: list[chat.Encoded], before: list[Said]) -> Likeness:
    """As `from_pretrained` reads it, without PEFT; computed in float32, which every CPU can."""
    with weights.quiet():
        read: Any = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        )
        model = read.eval()
    return difference(before, say(model, asked))


def publish(out: Path, write: Callable[[Path], Merged]) -> Merged:
    """What `write` puts into a folder beside `out`, renamed to it once its manifest is written."""
    with replacing(out, "merged") as part:
        made = write(part)
        failpoint("merged.written")
        manifest = seal(part, asdict(made), MANIFEST)
        failpoint("merged.listed")
    return replace(made, files=manifest["files"])


def _require_free(out: Path, *, force: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST).is_file():
        raise UserError(f"{out} exists and is no merged model", next_step="name a new folder")
    if not force:
        raise UserError(f"{out} holds a merged model", next_step="add --force to replace it")


def _require_base(student: Trained) -> str:
    """What identifies the base, if it is the one that the run was begun with."""
    found = weights.identify(student.checkpoint.base) or student.checkpoint.base
    if student.base_digest is not None and found != student.base_digest:
        raise StoreError(
            f"{student.checkpoint.base} is not the base that {student.run} trained on",
            why="its digest differs from the ledger's",
            next_step="restore the model that the run was begun with",
        )
    return found


def _require_room(out: Path, size: int) -> None:
    there = next(each for each in (out, *out.absolute().parents) if each.exists())
    if shutil.disk_usage(there).free < size:
        raise unwritten(out, "there is too little room", size)
