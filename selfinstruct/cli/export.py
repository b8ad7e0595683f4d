"""`export`: rows, the champion or a stress set as a folder with its card; and onto the Hub."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import typer

from selfinstruct.cli.text import escape
from selfinstruct.errors import UserError
from selfinstruct.export import sections
from selfinstruct.export.dataset_card import dataset_card, license_file
from selfinstruct.export.facts import Facts, read_facts
from selfinstruct.export.folder import Content, publish, require_free
from selfinstruct.export.formats import Format, as_jsonl, file_name, require_fit, tabulate
from selfinstruct.export.harnesses import Tool, write_stress
from selfinstruct.export.hub import RepoType, plan_upload, upload
from selfinstruct.export.lines import Line, What, lines_of, mixture_of
from selfinstruct.export.markdown import plain
from selfinstruct.export.model_card import license_file as student_license
from selfinstruct.export.model_card import model_card
from selfinstruct.export.stress import take_apart
from selfinstruct.export.student import champion_of, shown_base
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION

CARD = "README.md"


@dataclass(frozen=True)
class Wanted:
    """What was asked for; with `tool` a stress set, and then neither `what` nor `form` nor
    `index`.
    """

    what: What | str = "pool"
    form: Format = "jsonl"
    index: int | None = None
    tool: Tool | None = None
    limit: int = 100

    def command(self) -> list[str]:
        """What to type for it."""
        said = ["selfinstruct", "export", "RUN"]
        if self.tool is not None:
            return [*said, "--as-eval", self.tool, "--limit", str(self.limit), "-o", "OUT"]
        said += ["--what", self.what]
        if self.what != "student":
            said += ["--format", self.form]
        return [
            *said,
            *(["--round", str(self.index)] if self.index is not None else []),
            "-o",
            "OUT",
        ]


def export_command(run: Path, out: Path, wanted: Wanted, *, force: bool = False) -> dict[str, Any]:
    """Write the folder; what is in it as one object.

    Raises `UserError` for what cannot be had together, and where `out` may not be replaced.
    """
    _check(wanted)
    require_free(out, force=force)
    if wanted.tool is not None:
        files, about = _stress(run, wanted, wanted.tool)
    elif wanted.what == "student":
        files, about = _student(run, wanted)
    else:
        files, about = _rows(run, wanted)
    manifest = publish(out, files, about, force=force)
    return {**manifest, "schema_version": SCHEMA_VERSION, "out": str(out), "pushed": None}


def _check(wanted: Wanted) -> None:
    plain_form = (wanted.form, wanted.index) == ("jsonl", None)
    if wanted.tool is not None and (wanted.what, plain_form) != ("pool", True):
        raise UserError(
            "--as-eval takes no --what, --format or --round",
            why="a stress set is of all rounds, and in the form of its tool",
        )
    if wanted.what == "student" and not plain_form:
        raise UserError("a student has no --format and no --round: it is the champion's adapter")
    if wanted.tool is None and wanted.what != "student":
        require_fit(wanted.what, wanted.form)  # type: ignore[arg-type]


def _rows(run: Path, wanted: Wanted) -> tuple[dict[str, Content], dict[str, Any]]:
    what: Any = wanted.what
    with Store(run) as store:
        facts = read_facts(store)
        whose = mixture_of(facts, wanted.index) if what == "mixture" else None
        if whose is not None:
            wanted = replace(wanted, index=whose.round)  # of a run that goes on the same again
        lines = lines_of(store, facts, what, wanted.index)
    table = tabulate(lines, facts, wanted.form)
    if wanted.form == "parquet":
        from selfinstruct.export.parquet import as_parquet

        content = as_parquet(table.rows)
    else:
        content = as_jsonl(table.rows)
    name = file_name(what, wanted.form)
    notes = _notes(wanted, lines, facts, table.replaced)
    if whose is not None:
        notes.insert(0, f"**Round {whose.round}.** {plain(whose.why)}")
    card = dataset_card(facts, lines, what, name, wanted.command(), notes)
    about = {
        "what": what,
        "format": wanted.form,
        "round": wanted.index,
        "why_round": None if whose is None else whose.why,
        "rows": len(table.rows),
        "replaced_characters": table.replaced,
        **sections.counts(facts),
    }
    papers = {CARD: card.encode(), **license_file(facts, [line.row for line in lines])}
    return {name: content, **papers}, about


def _notes(wanted: Wanted, lines: tuple[Line, ...], facts: Facts, replaced: int) -> list[str]:
    """What a reader of the card has to know of this form and these rows."""
    notes = []
    if wanted.what == "rejects":
        leaks = sum(line.why is not None and line.why.reason == "contaminated" for line in lines)
        notes.append(
            f"**Never train on these rows.** Each was dropped for a reason; {leaks} repeat words "
            "of held-out rows (`contaminated`). Personal data in those dropped for it is replaced "
            "by placeholders."
        )
    if wanted.what == "pool" and facts.apart:
        notes.append(
            f"The {len(facts.apart)} rows of the run's stress set, and rows too near to one, are "
            "left out: they are to test with."
        )
    if wanted.what == "mixture" and (tests := sum(line.row.id in facts.apart for line in lines)):
        notes.append(
            f"**{tests} of the rows are in the run's stress set**, which was chosen after this "
            "mixture was made: do not test with that what you train on these rows."
        )
    if wanted.what == "mixture" and any(line.row.origin == "real" for line in lines):
        notes.append(
            "**It holds the real training rows as they are**, with the personal data they have."
        )
    if wanted.form in ("sharegpt", "messages", "alpaca"):
        writes = facts.target.replace("_", " ")
        notes.append(
            f"The answers are what the student of this run is trained to write ({writes})"
            + ("." if wanted.form == "alpaca" else ", after its system message.")
        )
    if replaced:
        notes.append(f"{replaced} lone surrogates, which are no text, stand as U+FFFD.")
    return notes


def _student(run: Path, wanted: Wanted) -> tuple[dict[str, Content], dict[str, Any]]:
    with Store(run) as store:
        facts = read_facts(store)
        student = champion_of(store, facts)
    card = model_card(student, facts, wanted.command())
    about = {
        "what": "student",
        "student": student.name,
        "base": shown_base(facts),
        "adapter_digest": student.digest,
        "rows": len(student.rows),
        **sections.counts(facts),
    }
    papers = {CARD: card.encode(), **student_license(student, facts)}
    return {**student.files, **papers}, about


def _stress(run: Path, wanted: Wanted, tool: Tool) -> tuple[dict[str, Content], dict[str, Any]]:
    rows = take_apart(run, wanted.limit)
    with Store(run) as store:
        facts = read_facts(store)
    made = write_stress(rows, facts, tool)
    if not made.rows:
        raise UserError(
            f"{tool} can be told none of the {len(rows)} rows",
            why="it would take each for a template or an address",
            next_step="take another tool with --as-eval",
        )
    lines = tuple(Line(row, round=row.round) for row in made.rows)
    notes = [
        "**Never train on these rows.** They were set apart in the run on export: none is in a "
        "mixture that a champion of the run learned from, and no later mixture of it holds one, or "
        "a row too near to one.",
        "They are synthetic: " + _checked([facts.said.of(row.id) for row in made.rows]),
        f"To use it: `{made.use}`",
    ]
    if made.left_out:
        notes.append(
            f"{made.left_out} rows are left out: {tool} would take their text for a template or an "
            "address to load."
        )
    file = next(iter(made.files))
    about = {
        "what": "stress",
        "tool": tool,
        "rows": len(made.rows),
        "left_out": made.left_out,
        "ids": [row.id for row in made.rows],
        **sections.counts(facts),
    }
    card = dataset_card(facts, lines, "stress", file, wanted.command(), notes)
    return {**made.files, CARD: card.encode(), **license_file(facts, made.rows)}, about


def _checked(said: list[str | None]) -> str:
    """Who stands behind the expected answers of these rows."""
    sure, unsure = said.count("accepted"), said.count("refused")
    told = "the expected answer is the teacher's, and no person has checked it."
    if sure:
        told = (
            f"a person accepted {sure} of the {len(said)} with their answers, or wrote them anew; "
            "the answer of the others is the teacher's, and no person has checked it."
        )
    if unsure:
        told += f" A person has since spoken against {unsure}: `reviewed` says of which."
    return told


def push(out: Path, name: str, wanted: Wanted, sure: bool | None, *, private: bool) -> str:
    """Say what will be uploaded, ask, and upload; the address of the commit. `sure` is None where
    somebody has to be asked, False where nobody can be.

    Raises `UserError` where the answer is no.
    """
    kind: RepoType = "model" if wanted.what == "student" else "dataset"
    plan = plan_upload(out, name, kind, private=private)
    print(escape(f"to upload: {plan}"), file=sys.stderr)
    if sure is None:
        sure = typer.confirm("upload?", err=True)
    if not sure:
        raise UserError(
            "nothing was uploaded: nobody said yes",
            why=f"the export itself is whole, in {out}",
            next_step="add --yes (and --force, since the folder is there now)",
        )
    return upload(out, plan)


def print_export(done: dict[str, Any], notes: TextIO) -> None:
    """The folder on stdout, what is in it beside."""
    print(escape(done["out"]))
    print(escape(f"{done['rows']} rows, {len(done['files'])} files, card in {CARD}"), file=notes)
    if not any(outcome == "accept" for outcome in done["gates"].values()):
        print("no round of this run was accepted: the card says so first", file=notes)
    if done.get("why_round"):
        print(escape(f"round {done['round']}: {done['why_round']}"), file=notes)
    if done.get("left_out"):
        print(f"{done['left_out']} rows left out: see the card", file=notes)
    if done["pushed"]:
        print(escape(f"uploaded: {done['pushed']}"), file=notes)
