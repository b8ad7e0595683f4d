"""The runs that the pages show, and their pictures, looked up by name and never by path.

A name that a request carries is a key of what was found in a folder of ours; nothing of it is
joined to a path, so none leads out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.store import Store
from selfinstruct.summary import CONTROL

LEDGER, PICTURES = "run.db", "report"


@dataclass(frozen=True, slots=True)
class Library:
    """A folder of runs, looked at anew each time; or the one run that it is itself.

    A link that leads elsewhere is no run of this folder.
    """

    folder: Path
    name: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise UserError(
                f"{self.folder} is no folder",
                next_step="name a run, or the folder that runs stand in, such as runs",
            )
        object.__setattr__(self, "name", self.folder.resolve().name)

    @property
    def is_run(self) -> bool:
        """Whether the folder is itself a run."""
        return (self.folder / LEDGER).is_file()

    def runs(self) -> dict[str, Path]:
        """Name to folder, in alphabetical order."""
        if self.is_run:
            return {self.name: self.folder}
        return {
            each.name: each
            for each in sorted(self.folder.iterdir())
            if not each.is_symlink() and (each / LEDGER).is_file()
        }

    def pictures(self, run: str) -> dict[str, Path]:
        """Name to SVG file of a run: its sweep's and those of its report, which may be none yet."""
        folder = self.runs().get(run)
        if folder is None:
            return {}
        found = [*folder.glob("*.svg"), *(folder / PICTURES).glob("*.svg")]
        return {
            each.stem: each
            for each in sorted(found, key=lambda path: path.stem)
            if each.is_file() and not each.is_symlink() and not each.parent.is_symlink()
        }


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the list: `verdicts` of its rounds, in order; `fault` where it cannot be read."""

    name: str
    state: str = ""
    champion: str | None = None
    verdicts: tuple[tuple[int, str], ...] = ()
    real: int = 0
    kept: int = 0
    fault: str = ""


def lines(library: Library) -> Iterator[RunLine]:
    """A line for every run, without the bootstraps that a summary takes."""
    for name, folder in library.runs().items():
        try:
            with Store(folder) as store, store.snapshot():
                line = _line(name, store)
        except UserError as error:  # of one run, in a list of many
            line = RunLine(name, fault=str(error))
        yield line


def _line(name: str, store: Store) -> RunLine:
    data = store.real_data()
    if data is None:
        return RunLine(name, state="not begun")
    verdicts = _verdicts(store)
    finish = store.stage(0, "finish")
    accepted = [index for index, outcome in verdicts if outcome == "accept"]
    control = CONTROL if store.stage(0, "train") else None
    return RunLine(
        name,
        state="finished" if finish else "incomplete",
        champion=finish["name"] if finish else f"round-{accepted[-1]}" if accepted else control,
        verdicts=verdicts,
        real=len(data.train),
        kept=sum(each["accepted"] for each in store.results("generate").values()),
    )


def _verdicts(store: Store) -> tuple[tuple[int, str], ...]:
    found = {at: gate["verdict"]["outcome"] for at, gate in store.results("gate").items()}
    return tuple(sorted((found | dict.fromkeys(store.results("diverged"), "reject")).items()))


def reasons(entry: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Why candidates of a round were dropped, the commonest reason first."""
    found: Mapping[str, int] = entry["rejected"]
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))
