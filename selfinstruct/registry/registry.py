"""The prompts of a project: what its folder holds, what of it was committed, what a name means.

A folder's files stand in the place of shipped ones; versions and labels are in its registry. It is
read when it is asked, so that what another process has committed meanwhile is seen.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from selfinstruct.errors import StoreError, UserError
from selfinstruct.prompting import (
    SUFFIX,
    Source,
    Template,
    compose,
    near_name,
    parse,
    references,
    shipped_sources,
)
from selfinstruct.registry.folder import read_folder
from selfinstruct.registry.journal import (
    Entry,
    Move,
    Version,
    alone,
    append,
    journal_of,
    load_version,
    names_in,
    read_journal,
    store_sources,
    unclaimed,
)
from selfinstruct.registry.names import Ref, check_label

Origin = Literal["shipped", "folder", "registry"]


@dataclass(frozen=True)
class Chosen:
    """The template that a reference means, where it comes from, and its number if it has one."""

    ref: Ref
    template: Template
    origin: Origin
    number: int | None = None

    @property
    def name(self) -> str:
        """What to call it whatever becomes of labels and files: `label_first/question@7`."""
        if self.origin == "shipped":
            return f"{self.ref.short}@shipped"
        return f"{self.ref.short}@{self.number or self.template.version}"


@dataclass(frozen=True)
class Registry:
    """The prompts of one folder, which need not exist."""

    folder: Path

    @cached_property
    def own(self) -> Mapping[str, Source]:
        """The folder's files by name."""
        return read_folder(self.folder)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """All there is to include: the folder's files, and the shipped ones for all others."""
        return {**shipped_sources(), **self.own}

    def names(self) -> list[str]:
        """Every template there is, here, shipped or in the registry."""
        return sorted({*self.sources, *names_in(self.folder)})

    def entries(self, name: str) -> tuple[Entry, ...]:
        """The history of a template."""
        return read_journal(journal_of(self.folder, name))

    def versions(self, name: str) -> list[Version]:
        """Its versions, the first one first."""
        return [entry for entry in self.entries(name) if isinstance(entry, Version)]

    def labels(self, name: str) -> dict[str, int]:
        """Its labels with the number each is at."""
        moves = [entry for entry in self.entries(name) if isinstance(entry, Move)]
        return {move.label: move.number for move in moves}

    def choose(self, ref: Ref) -> Chosen:
        """What a reference means now.

        Raises `UserError` for a name, number or label that is not there, and for a template that
        cannot be read; `StoreError` where what was committed is not what it was.
        """
        match ref.kind:
            case "any" | "working":
                return self._in_use(ref)
            case "shipped":
                return Chosen(ref, compose(ref.name, shipped_sources()), "shipped")
            case _:
                version = self._version(ref)
                template = self._committed(ref.name, version)
                return Chosen(ref, template, "registry", version.number)

    def _committed(self, name: str, version: Version) -> Template:
        """A version's template. Raises `StoreError` where it is not what was committed."""
        template = load_version(self.folder, name, version)
        if template.version != version.version:
            where = journal_of(self.folder, name)
            raise StoreError(f"{where}: version {version.number} has another digest")
        return template

    def _in_use(self, ref: Ref) -> Chosen:
        self._require(ref.name, self.sources)
        template = compose(ref.name, self.sources)
        if not template.sources.keys() & self.own.keys():
            if ref.kind == "working":
                raise UserError(f"{self.folder / ref.name} is not there, so nothing is in work")
            return Chosen(ref, template, "shipped")
        return Chosen(ref, template, "folder", self._number(ref.name, template))

    def _number(self, name: str, template: Template) -> int | None:
        same = [each for each in self.versions(name) if each.version == template.version]
        return same[0].number if same else None

    def _version(self, ref: Ref) -> Version:
        versions, labels = self.versions(ref.name), self.labels(ref.name)
        if not versions:
            self._require(ref.name, dict.fromkeys(self.names()))
            raise UserError(
                f"{ref.short} has no version yet, so {ref} means nothing",
                next_step=f"selfinstruct prompts commit {ref.short} -m MESSAGE",
            )
        if ref.kind == "version":
            found = [each for each in versions if each.version == ref.at]
        else:
            number = labels.get(ref.at) if ref.kind == "label" else ref.number
            found = [each for each in versions if each.number == number]
        if not found:
            near = difflib.get_close_matches(ref.at, labels, n=1)
            some = f"versions 1 to {len(versions)}"
            known = f"{some} and labels {', '.join(labels)}" if labels else some
            raise UserError(
                f"{ref} means nothing: {ref.short} has {known}",
                next_step=f"did you mean {ref.short}@{near[0]}?"
                if near
                else f"selfinstruct prompts history {ref.short}",
            )
        return found[0]

    def _require(self, name: str, known: Mapping[str, object]) -> None:
        if name not in known:
            short = {each.removesuffix(SUFFIX): None for each in known}
            told = near_name(name.removesuffix(SUFFIX), short)
            raise UserError(f"no prompt {name.removesuffix(SUFFIX)}; {told}")

    def commit(self, name: str, message: str, who: str, when: str) -> tuple[int, bool]:
        """Make the folder's template a version; its number out, and whether it is a new one.

        A template that was committed before, includes and all, keeps its number. Raises `UserError`
        where the folder has nothing of it.
        """
        chosen = self.choose(Ref(name))
        if chosen.origin == "shipped":
            raise UserError(
                f"{chosen.ref.short} is the shipped one, so there is nothing to commit",
                next_step=f"selfinstruct prompts copy {chosen.ref.short}, and edit "
                f"{self.folder / name}",
            )
        with alone(self.folder):
            number = self._number(name, chosen.template)
            if number is not None:
                self.choose(Ref(name, str(number)))  # it is still whole
                return number, False
            sources = store_sources(self.folder, chosen.template)
            number = len(self.versions(name)) + 1
            version = Version(number, chosen.template.version, sources, message, who, when)
            append(journal_of(self.folder, name), version)
        return number, True

    def move(self, ref: Ref, label: str, message: str, who: str, when: str) -> Move | None:
        """Set a label to a version; the move out, None where it is there already."""
        check_label(label)
        number = self.choose(ref).number
        if number is None:
            raise UserError(
                f"{ref} has no number, and a label stands at a version",
                next_step=f"selfinstruct prompts commit {ref.short} -m MESSAGE",
            )
        with alone(self.folder):
            before = self.labels(ref.name).get(label)
            if before == number:
                return None
            move = Move(label, number, before, message, who, when)
            append(journal_of(self.folder, ref.name), move)
        return move

    def uses(self, name: str) -> list[tuple[str, bool]]:
        """The templates that include this one, and whether each does so itself."""
        self._require(name, self.sources)
        direct = {
            each: {to for _, to in references(parse(source)) if to is not None}
            for each, source in self.sources.items()
        }
        found: dict[str, bool] = {}
        waiting = [name]
        while waiting:
            wanted = waiting.pop()
            for each, included in direct.items():
                if wanted in included and each not in found:
                    found[each] = wanted == name
                    waiting.append(each)
        return sorted(found.items())

    def faults(self) -> list[str]:
        """What of the registry is not as it was written, in words."""
        found: list[str] = []
        entries: list[Entry] = []
        for name in names_in(self.folder):
            try:
                own = self.entries(name)
                entries += own
                for version in own:
                    if isinstance(version, Version):
                        self._committed(name, version)
            except StoreError as error:
                found.append(f"{error.what}; {error.next_step}" if error.next_step else error.what)
        if not found:
            found += [
                f"source {sha[:12]} belongs to no version: a commit was stopped, or a history lost "
                "its last line"
                for sha in unclaimed(self.folder, entries)
            ]
        return found


def unused(registry: Registry, forms: Sequence[str]) -> list[str]:
    """The folder's files that no prompt is asked by and none includes: a name that was mistyped.

    None are told while a template cannot be read, since nobody can say what it will include.
    """
    try:
        reached = {
            each
            for name in registry.sources
            if name in forms
            for each in compose(name, registry.sources).sources
        }
    except UserError:  # told by whoever asks by it
        return []
    return sorted(registry.own.keys() - reached - set(forms))
