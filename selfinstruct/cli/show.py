"""`show`: one row with the call it came from, or the rows that were dropped for a reason."""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from selfinstruct import rows
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape, one_line
from selfinstruct.errors import UserError
from selfinstruct.registry import of_rows
from selfinstruct.store import Store
from selfinstruct.store.lookup import REVIEWED
from selfinstruct.store.search import HELD_OUT
from selfinstruct.summary import SCHEMA_VERSION, summarise

KEPT_BACK = "held out, as those of gate and final rows are: --held-out shows them"
FIELDS = (
    *("instruction", "input", "label", "request", "response"),
    *("source", "arm", "parents", "depth"),
)


def is_call(folder: Path, prefix: str) -> bool:
    """Whether ids that start so are those of calls alone."""
    with Store(folder) as store:
        return {kind for kind, _ in store.named(prefix)} == {"call"}


def row_story(folder: Path, prefix: str, *, held_out: bool = False) -> dict[str, Any]:
    """The row whose id starts with `prefix`: its words, its fate, its neighbour, its call and
    prompt.

    `body` is None for a gate or final row, and so is `neighbour` where it is one, unless
    `held_out`.
    """
    with Store(folder) as store, store.snapshot():
        found = store.find(prefix)
        ids = {row["id"] for row in found}
        if not ids:
            raise UserError(
                f"no row of {folder} has an id that starts with {prefix!r}",
                next_step=f"ids stand in {folder}/rounds/*/accepted.jsonl and rejected.jsonl",
            )
        if len(ids) > 1:
            some = ", ".join(sorted(ids)[:5])
            raise UserError(
                f"{prefix!r} fits {len(ids)} rows: {some}", next_step="give more digits"
            )
        row = found[0]
        neighbour = row["body"].get("neighbour")
        near = store.find(neighbour) if neighbour else []
        attempt = store.attempt(row["attempt"]) if row.get("attempt") else None
        scores = [asdict(one) for one in store.scores_of(row["id"])]
        wording = of_rows(store.meta("prompts"))
    if attempt:
        attempt["messages"] = json.loads(attempt["messages"])
        attempt["parents"] = json.loads(attempt["parents"])
        attempt["told"] = wording.tell(attempt["template"], attempt["version"])
    return {
        "schema_version": SCHEMA_VERSION,
        **row,
        "body": _body(row, held_out=held_out),
        "neighbour": _body(near[0], held_out=held_out) if near else None,
        "neighbour_split": near[0].get("split") if near else None,
        "scores": scores,
        "attempt": attempt,
    }


def _body(row: rows.Row, *, held_out: bool) -> rows.Row | None:
    """What a row says, None where it is to be kept from who looks."""
    body: rows.Row = row["body"]
    return body if held_out or row.get("split") not in HELD_OUT else None


def rejected_rows(folder: Path, reason: str | None, limit: int) -> dict[str, Any]:
    """Up to `limit` rows dropped for `reason`; without one, how many were dropped for which."""
    with Store(folder) as store, store.snapshot():
        counts: dict[str, int] = {}
        for entry in summarise(store)["rounds"]:
            for name, n in entry["rejected"].items():
                counts[name] = counts.get(name, 0) + n
        if reason is not None and reason not in counts:
            known = ", ".join(counts) or "nothing was rejected"
            raise UserError(f"nothing was dropped for {reason!r}", next_step=f"reasons: {known}")
        listed = islice(store.rejections(reason), limit) if reason is not None else ()
        return {
            "schema_version": SCHEMA_VERSION,
            "counts": counts,
            "rows": [{"round": index, **rows.from_rejection(item)} for index, item in listed],
        }


def print_row(story: dict[str, Any]) -> None:
    """A row's story, top to bottom."""
    console = stdout()
    console.print(Text(f"{story['id']}  {_fate(story)}", style="bold"))
    if (body := story["body"]) is None:
        _print_field(console, "words", KEPT_BACK)
        return
    words = body.get("what", body)
    for turn in words.get("turns", ()):
        _print_field(console, f"  [{turn['role']}]", turn["content"])
    for name in FIELDS:
        if name in words:
            _print_field(console, name, words[name])
    if near := _near(story):
        _print_field(console, "neighbour", f"{body['neighbour']}: {near}")
    for one in story["scores"]:
        told = f" ({one['detail']})" if one["detail"] else ""
        _print_field(
            console, "score", f"{one['name']} {one['value']:.3g} by a {one['source']}{told}"
        )
    if story["attempt"]:
        _print_call(console, story["attempt"])


def _print_call(console: Console, attempt: dict[str, Any]) -> None:
    call = f"{attempt['key']} by {attempt['model']}, sample {attempt['sample']}"
    _print_field(console, "call", f"{call}, ended by {attempt['finish_reason']}")
    _print_field(console, "prompt", attempt["told"])
    for message in attempt["messages"]:
        _print_field(console, f"  [{message['role']}]", message["content"])
    _print_field(console, "answer", attempt["text"])


def _near(story: dict[str, Any]) -> str | None:
    """The words of a row's neighbour, None where it has none."""
    near = story["neighbour"]
    if near is None:
        return KEPT_BACK if story["neighbour_split"] else None
    words = near.get("what", near)
    return str(words.get("input") or words.get("instruction", ""))


def print_rejected(found: dict[str, Any]) -> None:
    """The counts by reason, or one row of text for each dropped candidate."""
    console = stdout()
    if not found["rows"]:
        for reason, n in found["counts"].items():
            console.print(Text(f"{n:6}  {escape(reason)}"))
        return
    for row in found["rows"]:
        what = row["what"]
        near = f" near {row['neighbour']}" if "neighbour" in row else ""
        console.print(
            Text(f"{what['id']}  round {row['round']}{_measured(row, ' ')}{near}", style="bold")
        )
        asked = what.get("input") or what.get("instruction", "")
        said = " / ".join([*(turn["content"] for turn in what.get("turns", ())), asked])
        console.print(Text(f"  {one_line(said, 110)}"))
        if "response" in what:
            console.print(Text(f"  → {one_line(what['response'], 108)}"))


def _fate(story: dict[str, Any]) -> str:
    if "split" in story:
        return f"real, {story['split']}"
    if story["wave"] == REVIEWED:
        return f"round {story['round']}, edited by a person"
    if story["reason"] is None:
        return f"round {story['round']}, accepted"
    body = story["body"]
    return f"round {story['round']}, dropped as {escape(story['reason'])}{_measured(body, ': ')}"


def _measured(body: dict[str, Any], before: str) -> str:
    """What a rule measured and its limit, where it has one: a repeated turn breaks none."""
    if "value" not in body:
        return ""
    limit = f" (limit {body['threshold']})" if "threshold" in body else ""
    return before + escape(f"{body['value']}{limit}")


def _print_field(console: Console, name: str, value: object) -> None:
    shown = ", ".join(value) if isinstance(value, list) else str(value)
    console.print(Text.assemble((f"{name:<12} ", "cyan"), escape(shown)))
