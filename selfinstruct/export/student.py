"""A student of a run: its adapter's files as they were evaluated, its rows and its base."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.checkpoints.adapters import load_checkpoint, require_same
from selfinstruct.disk.manifest import files_of
from selfinstruct.errors import UserError
from selfinstruct.export.facts import Facts
from selfinstruct.export.lines import champion_round, mixture_lines
from selfinstruct.licenses import UNKNOWN
from selfinstruct.store import Store
from selfinstruct.summary import CONTROL
from selfinstruct.types import Example
from selfinstruct.wheels import BUNDLED

BASES: Mapping[str, tuple[str, str]] = {
    BUNDLED: ("HuggingFaceTB/SmolLM2-135M-Instruct", "Apache-2.0"),
}
"""Bases whose name on the Hub and whose licence are known here; of others neither is."""


@dataclass(frozen=True, slots=True)
class Student:
    """Its name, the round it is of, its adapter's folder and digest, its rows."""

    name: str
    round: int
    adapter: Path
    digest: str
    rows: tuple[Example, ...]
    steps: int | None

    @property
    def files(self) -> dict[str, Path]:
        """The adapter's files by name, without the manifest, which an export has of its own."""
        return files_of(self.adapter)


def champion_of(store: Store, facts: Facts) -> Student:
    """The champion with its adapter. Raises `UserError` where there is none; as `student_of`."""
    return student_of(store, facts, champion_round(facts))


def student_of(store: Store, facts: Facts, index: int) -> Student:
    """The student of a round with its adapter.

    Raises `UserError` where there is none, `StoreError` where its files are not those that were
    evaluated, or its mixture is not what it learned from.
    """
    stored = store.stage(index, "train")
    name = CONTROL if index == 0 else f"round-{index}"
    folder = store.folder / "rounds" / str(index) / "adapter"
    if stored is None or not folder.is_dir():
        raise UserError(
            f"the adapter of {name} is not in {folder}",
            next_step="start the command that began the run again: it trains what is missing",
        )
    found = load_checkpoint(folder, name)
    require_same(found, found.base, stored["digest"])
    rows = tuple(line.row for line in mixture_lines(store, facts, index))
    losses = stored.get("losses")
    return Student(name, index, folder, found.digest, rows, len(losses) if losses else None)


def base_of(facts: Facts) -> tuple[str | None, str]:
    """The base's name on the Hub, None for a folder, and its licence."""
    name = facts.cfg.student.name
    if name in BASES:
        return BASES[name]
    is_id = name.count("/") == 1 and not Path(name).expanduser().exists()
    return (name if is_id and not name.startswith((".", "~", "/")) else None), UNKNOWN


def shown_base(facts: Facts) -> str:
    """The base's name for other machines: on the Hub, or the last part of its folder."""
    name = facts.cfg.student.name
    return base_of(facts)[0] or Path(name).name
