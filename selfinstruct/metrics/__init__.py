"""Scores of answers by name; to add one, write it and name it in its table here.

A report holds `nll` beside them, the mean negative log-likelihood of the reference's tokens in
nats, which takes no answer.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from selfinstruct.chat import Target
from selfinstruct.errors import UserError
from selfinstruct.metrics.answers import accuracy, chrf, exact_match, rouge_l
from selfinstruct.metrics.json_schema import json_schema
from selfinstruct.metrics.kinds import Metric, SetMetric, row_by_row
from selfinstruct.metrics.macro_f1 import macro_f1
from selfinstruct.plugins import find_function

__all__ = ["OF_LABELS", "OF_LABEL_SETS", "OF_RESPONSES", "Metric", "SetMetric", "metrics_of"]

OF_LABELS: Mapping[str, Metric] = {"accuracy": accuracy}
OF_LABEL_SETS: Mapping[str, SetMetric] = {"macro_f1": macro_f1}
OF_RESPONSES: Mapping[str, Metric] = {"rouge_l": rouge_l, "exact_match": exact_match, "chrf": chrf}
SCHEMA = "json_schema"
"""A score of a response too, made from a file."""
ALWAYS = ("accuracy", "rouge_l")


def metrics_of(
    target: Target, more: Sequence[str] = (), schema: Path | str | None = None
) -> dict[str, SetMetric]:
    """The scores of answers of this kind: those always taken, and `more` by name.

    A name is one of ours or `pkg.mod:function`, called with an example and a reply; `schema` is the
    file that `json_schema` goes by. Raises `UserError` for a name that is not there, for a score of
    something the student does not write, and for a schema that is missing or none.
    """
    of_labels = {**_lifted(OF_LABELS), **OF_LABEL_SETS} if target != "response" else {}
    of_responses = _lifted(OF_RESPONSES) if target != "label" else {}
    if of_responses and SCHEMA in more:
        of_responses[SCHEMA] = row_by_row(json_schema(_named(schema)))
    fitting = {**of_labels, **of_responses}
    found = {name: metric for name, metric in fitting.items() if name in ALWAYS}
    for name in more:
        own = ":" in name
        found[name] = row_by_row(find_function(name)) if own else _ours(name, fitting, target)
    return found


def _lifted(table: Mapping[str, Metric]) -> dict[str, SetMetric]:
    return {name: row_by_row(metric) for name, metric in table.items()}


def _named(schema: Path | str | None) -> Path:
    if schema is None:
        raise UserError(
            f"evaluate.metrics names {SCHEMA}, and there is no schema",
            next_step="name its file in evaluate.json_schema",
        )
    return Path(schema)


def _ours(name: str, fitting: Mapping[str, SetMetric], target: Target) -> SetMetric:
    if name in fitting:
        return fitting[name]
    known = {**OF_LABELS, **OF_LABEL_SETS, **OF_RESPONSES}
    if name in {*known, SCHEMA}:
        raise UserError(
            f"evaluate.metrics names {name}, and the student writes the {target} alone",
            next_step=f"leave it out; what fits is {', '.join(fitting)}",
        )
    names = [*fitting, *([SCHEMA] if target != "label" else [])]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
    raise UserError(
        f"evaluate.metrics names {name!r}, which is no metric; {hint}",
        next_step="your own is named pkg.mod:function",
    )
