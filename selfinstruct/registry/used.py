"""What a run asks with, as its ledger has it: each template whole, and where it came from."""

from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.prompting import SUFFIX, Arm, Prompts, Source, Template
from selfinstruct.registry.names import Ref
from selfinstruct.registry.registry import Chosen
from selfinstruct.rows import Row


@dataclass(frozen=True)
class Used:
    """A template that a run asks with, and by which reference; `weight` where it is an arm."""

    chosen: Chosen
    weight: float | None = None

    @property
    def key(self) -> str:
        """What it is known by in the run's settings: an arm by its reference."""
        return self.chosen.ref.short if self.weight is None else str(self.chosen.ref)

    @property
    def told(self) -> str:
        """Its name for people, with the label it was found by, or that nobody committed it."""
        chosen = self.chosen
        if chosen.origin == "shipped":
            return f"{chosen.name} {chosen.template.version}"
        if chosen.number is None:
            return f"{chosen.name} (not committed)"
        return f"{chosen.name} ({chosen.ref.at})" if chosen.ref.kind == "label" else chosen.name


@dataclass(frozen=True)
class Wording:
    """All that a run asks with, and what of its folder is asked by nobody."""

    used: tuple[Used, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def prompts(self) -> Prompts:
        """The same for those who ask."""
        plain = {u.chosen.ref.name: u.chosen.template for u in self.used if u.weight is None}
        arms = [
            Arm(u.chosen.name, u.chosen.template, u.weight)
            for u in self.used
            if u.weight is not None
        ]
        return Prompts(plain, tuple(arms))

    @property
    def arms(self) -> dict[tuple[str, str], str]:
        """Template and version to the name of the arm that they are, as calls are known by."""
        return {
            (u.chosen.ref.name, u.chosen.template.version): u.chosen.name
            for u in self.used
            if u.weight is not None
        }

    def tell(self, template: str, version: str) -> str:
        """What people call a version of a template; its digest where the run has no name for it."""
        for each in self.used:
            if (each.chosen.ref.name, each.chosen.template.version) == (template, version):
                return each.told
        return f"{template} {version}"

    @property
    def contents(self) -> dict[str, str]:
        """Setting to the version that it means, for comparison with what a run began with."""
        return {f"prompts.{each.key}": each.chosen.template.version for each in self.used}

    def to_rows(self) -> list[Row]:
        """As JSON objects, whole sources and all."""
        return [
            {
                "name": each.chosen.ref.short,
                "at": each.chosen.ref.at,
                "origin": each.chosen.origin,
                "number": each.chosen.number,
                "version": each.chosen.template.version,
                "weight": each.weight,
                "sources": {name: s.text for name, s in each.chosen.template.sources.items()},
            }
            for each in self.used
        ]


def of_rows(rows: Sequence[Row] | None) -> Wording:
    """What `to_rows` gave; of a run that is older than this, the shipped prompts."""
    return Wording(tuple(Used(_chosen(row), row["weight"]) for row in rows or ()))


def _chosen(row: Row) -> Chosen:
    ref = Ref(f"{row['name']}{SUFFIX}", row["at"])
    sources = {name: Source(text, name) for name, text in row["sources"].items()}
    return Chosen(ref, Template(ref.name, sources), row["origin"], row["number"])
