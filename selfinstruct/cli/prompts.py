"""What `prompts` knows of a folder's prompts, each answer as one JSON-able object."""

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import write_atomic
from selfinstruct.errors import UserError
from selfinstruct.prompting import SUFFIX, check, shipped_sources
from selfinstruct.registry import Chosen, Piece, Ref, Registry, compare, read_name, read_ref, unused
from selfinstruct.registry.folder import read_folder
from selfinstruct.registry.words import diff
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.wording import FORMS

Found = dict[str, Any]


def list_prompts(folder: Path) -> Found:
    """Every prompt with what is in use of it, its versions and labels, and what is at fault."""
    registry = Registry(folder)
    faults = registry.faults()
    listed = [] if faults else [_entry(registry, name) for name in registry.names()]
    lost = [] if faults else unused(registry, list(FORMS))
    return _answer(
        folder,
        prompts=listed,
        unused=[name.removesuffix(SUFFIX) for name in lost],
        faults=faults,
    )


def _entry(registry: Registry, name: str) -> Found:
    versions = registry.versions(name)
    found: Found = {
        "name": name.removesuffix(SUFFIX),
        "asked": name in FORMS,
        "versions": len(versions),
        "labels": registry.labels(name),
        "origin": None,
        "version": None,
        "number": None,
        "fault": None,
    }
    if name not in registry.sources:
        return found  # committed once, and deleted since
    try:
        chosen = registry.choose(Ref(name))
        if name in FORMS:
            check(chosen.template, FORMS[name])
    except UserError as error:
        return {**found, "origin": "folder", "fault": str(error)}
    facts = {"version": chosen.template.version, "number": chosen.number}
    return {**found, **facts, "origin": chosen.origin}


def show_prompt(folder: Path, text: str) -> Found:
    """One prompt whole: its source, what it includes, and where it comes from."""
    registry = Registry(folder)
    chosen = registry.choose(read_ref(text))
    name = chosen.ref.name
    told = next((v for v in registry.versions(name) if v.number == chosen.number), None)
    form = FORMS.get(name)
    return _answer(
        folder,
        **_facts(chosen),
        labels=[label for label, at in registry.labels(name).items() if at == chosen.number],
        message=told and told.message,
        who=told and told.who,
        when=told and told.when,
        told_values=sorted(["demos", *form.sample]) if form else [],
        sources={each: source.text for each, source in sorted(chosen.template.sources.items())},
    )


def diff_prompts(folder: Path, before: str, after: str) -> Found:
    """What differs between two prompts, word by word, snippets that they include among it."""
    registry = Registry(folder)
    old, new = registry.choose(read_ref(before)), registry.choose(read_ref(after))
    if old.ref.name != new.ref.name:  # two prompts side by side: their own words alone
        one, other = (each.template.sources[each.ref.name].text for each in (old, new))
        pieces = {f"{old.ref.short} → {new.ref.short}": diff(one, other)} if one != other else {}
    else:
        pieces = compare(old.template, new.template)
    return _answer(folder, before=_facts(old), after=_facts(new), diff=_pieces(pieces))


def commit_prompt(folder: Path, text: str, message: str) -> Found:
    """Make what the folder holds a version; out comes what it changes against the one before.

    Raises `UserError` where it cannot be rendered for what asks by it.
    """
    registry, name = Registry(folder), read_name(text)
    chosen = registry.choose(Ref(name))
    if name in FORMS:
        check(chosen.template, FORMS[name])
    versions = registry.versions(name)
    before = None
    if versions:
        before = registry.choose(Ref(name, str(versions[-1].number)))
    elif name in shipped_sources():
        before = registry.choose(Ref(name, "shipped"))
    pieces = compare(None if before is None else before.template, chosen.template)
    number, new = registry.commit(name, message, _who(), _now())
    return _answer(
        folder,
        name=chosen.ref.short,
        number=number,
        version=chosen.template.version,
        new=new,
        before=before and before.name,
        diff=_pieces(pieces) if new else {},
    )


def label_prompt(folder: Path, text: str, label: str, message: str) -> Found:
    """Set a label to a version."""
    registry, ref = Registry(folder), read_ref(text)
    move = registry.move(ref, label, message, _who(), _now())
    at = registry.labels(ref.name)[label]
    before = at if move is None else move.before
    return _answer(
        folder, name=ref.short, label=label, number=at, before=before, moved=move is not None
    )


def history_of(folder: Path, text: str) -> Found:
    """Every version and every move of a label, in order. Raises `UserError` where there is none."""
    registry, name = Registry(folder), read_name(text)
    entries = registry.entries(name)
    if not entries:
        registry.choose(Ref(name))  # a name that is none is told first
        short = name.removesuffix(SUFFIX)
        raise UserError(
            f"{short} has no history yet",
            next_step=f"selfinstruct prompts commit {short} -m MESSAGE",
        )
    return _answer(folder, name=name.removesuffix(SUFFIX), entries=[asdict(e) for e in entries])


def uses_of(folder: Path, text: str) -> Found:
    """The prompts that include a snippet, by themselves or through another one."""
    name = read_name(text)
    found = [
        {"name": each.removesuffix(SUFFIX), "direct": direct}
        for each, direct in Registry(folder).uses(name)
    ]
    return _answer(folder, name=name.removesuffix(SUFFIX), used_by=found)


def copy_prompt(folder: Path, text: str) -> Found:
    """Put a shipped prompt into the folder, to be edited there. Never over a file."""
    name = read_name(text)
    chosen = Registry(folder).choose(Ref(name, "shipped"))
    path = folder / name
    if path.exists() or name in read_folder(folder):
        raise UserError(f"{path} is there already", next_step="edit it, or move it away first")
    write_atomic(path, chosen.template.sources[name].text)
    return _answer(folder, name=chosen.ref.short, path=str(path))


def _answer(folder: Path, **values: object) -> Found:
    return {"schema_version": SCHEMA_VERSION, "folder": str(folder), **values}


def _facts(chosen: Chosen) -> Found:
    return {
        "name": chosen.ref.short,
        "told": chosen.name,
        "origin": chosen.origin,
        "number": chosen.number,
        "version": chosen.template.version,
    }


def _pieces(found: Mapping[str, Sequence[Piece]]) -> dict[str, list[dict[str, str]]]:
    return {name: [asdict(piece) for piece in pieces] for name, pieces in found.items()}


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
