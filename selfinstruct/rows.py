"""The nouns as JSON objects and back, for the store and for the files a round leaves.

A reader of `mixture.jsonl` needs nothing but this page: field names are those of `types.py`, empty
fields are left out.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from selfinstruct.types import (
    Checkpoint,
    Example,
    Interval,
    Message,
    Mixture,
    Rejection,
    Report,
    Request,
    Sampling,
)
from selfinstruct.verdict import Guard, JudgeHealth, Signal, Verdict

Row = dict[str, Any]

EXAMPLE_FIELDS = frozenset(field.name for field in fields(Example) if field.init)


def from_example(example: Example) -> Row:
    """An example as a row; its `id` comes first, for the reader's eye."""
    row = {"id": example.id, **{k: v for k, v in asdict(example).items() if k != "id"}}
    return {
        key: value
        for key, value in row.items()
        if key in ("instruction", "response") or value not in ("", None, ())
    }


def to_example(row: Mapping[str, Any]) -> Example:
    """The example of a row; unknown keys, such as the derived `id`, are left aside."""
    known = {key: value for key, value in row.items() if key in EXAMPLE_FIELDS}
    known["turns"] = tuple(Message(**turn) for turn in known.get("turns", ()))
    known["parents"] = tuple(known.get("parents", ()))
    return Example(**known)


def from_rejection(rejection: Rejection) -> Row:
    """A rejection as a row: its reason and numbers, then the words."""
    row = {
        "reason": rejection.reason,
        "value": rejection.value,
        "threshold": rejection.threshold,
        "neighbour": rejection.neighbour,
    }
    known = {key: value for key, value in row.items() if value is not None}
    return {**known, "what": from_example(rejection.what)}


def to_rejection(row: Mapping[str, Any]) -> Rejection:
    """The rejection of a row."""
    return Rejection(**{**row, "what": to_example(row["what"])})


def from_messages(messages: tuple[Message, ...]) -> list[Row]:
    """Messages as the objects every chat API takes."""
    return [{"role": message.role, "content": message.content} for message in messages]


def from_request(request: Request) -> Row:
    """How something was asked: all of a request but its messages."""
    how = {field.name: getattr(request.sampling, field.name) for field in fields(Sampling)}
    row = {**how, "sample": request.sample, "seed": request.seed}
    return {**row, "schema": request.schema} if request.schema else row


def to_request(row: Mapping[str, Any], messages: tuple[Message, ...]) -> Request:
    """The request of a row and its messages."""
    how = {"sample": row["sample"], "seed": row["seed"], "schema": row.get("schema", "")}
    names = {field.name for field in fields(Sampling)}
    sampling = {key: value for key, value in row.items() if key in names}
    return Request(messages, Sampling(**{**sampling, "stop": tuple(row["stop"])}), **how)


def from_mixture(mixture: Mixture) -> Row:
    """A mixture's shares without its rows, which have a file of their own."""
    return {
        "digest": mixture.digest,
        "rows": len(mixture.rows),
        "synthetic": sum(row.origin == "synthetic" for row in mixture.rows),
        "asked_share": mixture.asked_share,
        "achieved_share": mixture.achieved_share,
        "unit": mixture.unit,
    }


def from_checkpoint(checkpoint: Checkpoint) -> Row:
    """A checkpoint as a row; the adapter's folder as text."""
    return {**asdict(checkpoint), "adapter": checkpoint.adapter and str(checkpoint.adapter)}


def from_report(report: Report) -> Row:
    """A report as a row, per-example scores included."""
    return asdict(report)


def to_report(row: Mapping[str, Any]) -> Report:
    """The report of a row."""
    scores = {metric: tuple(values) for metric, values in row["scores"].items()}
    tuples = {"ids": tuple(row["ids"]), "answers": tuple(row["answers"]), "scores": scores}
    return Report(**{**row, **tuples})


def from_verdict(verdict: Verdict) -> Row:
    """A verdict as a row."""
    return asdict(verdict)


def to_verdict(row: Mapping[str, Any]) -> Verdict:
    """The verdict of a row; one of an older version has no guards, alarms or judge."""
    guards = tuple(
        Guard(**{**guard, "gain": Interval(**guard["gain"])}) for guard in row.get("guards", ())
    )
    judge = JudgeHealth(**row["judge"]) if row.get("judge") else None
    parts = {"guards": guards, "alarms": tuple(row.get("alarms", ())), "judge": judge}
    return Verdict(**{**row, **parts, "gain": Interval(**row["gain"])})


def from_signal(signal: Signal) -> Row:
    """A signal of the watch as a row."""
    return asdict(signal)


def to_signal(row: Mapping[str, Any]) -> Signal:
    """The signal of a row."""
    return Signal(**{**row, "ratio": Interval(**row["ratio"]) if row["ratio"] else None})
