"""What came of rows: their children, the mixtures they are in, the students trained on those, and
how they did.

Mixtures of older versions are read from the files of their rounds, whose digests are held against
the ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from selfinstruct.lineage.nouns import Node, View
from selfinstruct.rows import Row
from selfinstruct.store.search import HELD_OUT
from selfinstruct.types import Report, digest

GENERATIONS = 2
"""How far children are followed."""
OPENING = b'{"id": "'
"""What every line of a mixture begins with, before its id."""
DIGITS = 16
LOST = "an older version made it, and rounds/N/mixture.jsonl is gone or changed: nobody can tell"


def outcomes(view: View, fact: Row) -> Iterator[Node]:
    """All that came of one row."""
    yield from _children(view, fact["id"], GENERATIONS)
    yield from mixed(view, [fact["id"]])
    yield from _examined(view, fact)


def _children(view: View, id_: str, generations: int) -> Iterator[Node]:
    """The rows that were asked for with this one shown, and what people made of it, kept ones
    first.
    """
    found = view.store.children_of(id_, view.limit)
    if not found.total:
        return
    nodes = []
    for fact in found.rows:
        further = fact["reason"] is None and generations > 1
        below = tuple(_children(view, fact["id"], generations - 1)) if further else ()
        kind = "edited by a person" if fact["fate"] == "edited" else "child"
        nodes.append(Node(kind, fact["id"], view.told(fact), below))
    told = {"count": found.total, "fates": view.store.fates_of_children(id_)}
    yield Node("children", "", told, tuple(nodes), found.total - len(nodes))


def _examined(view: View, fact: Row) -> Iterator[Node]:
    """How students did on a row that is kept from them; what the gate saw, if asked for."""
    if fact["split"] in (None, "train"):
        return
    if fact["split"] in HELD_OUT and not view.held_out:
        yield Node("examined", "", {"note": "scores of held-out rows: --held-out"})
        return
    names = students(view)
    for report in view.store.reports():
        if fact["id"] in report.ids:
            at = report.ids.index(fact["id"])
            scores = {metric: values[at] for metric, values in report.scores.items() if values}
            name = names.get(report.checkpoint, report.checkpoint)
            yield Node("examined", name, {"on": report.split, **scores})


def mixed(view: View, ids: Sequence[str]) -> Iterator[Node]:
    """The mixtures that any of these rows is in, with what was trained on them."""
    told = "times" if len(ids) == 1 else "of_these"
    yield from _mixtures(view, told, lambda index: view.store.times_mixed(index, ids), lambda: ids)


def mixed_of(view: View, prompt: str) -> Iterator[Node]:
    """The mixtures that any kept row of a prompt's version is in, with what was trained on them."""
    times = view.store.times_mixed_of(prompt)
    ids = cache(lambda: view.store.kept_by(prompt))  # asked for by older mixtures alone
    yield from _mixtures(view, "of_these", lambda index: times.get(index, 0), ids)


def _mixtures(
    view: View, told: str, known: Callable[[int], int], ids: Callable[[], Sequence[str]]
) -> Iterator[Node]:
    """The mixtures that rows are in: how often is `known` of a round whose mixture is in the
    ledger, and for the others counted by the rows' `ids`; it is `told` under that name.
    """
    for index, stage in view.store.results("mix").items():
        if view.store.mixed(index):
            times: int | None = known(index)
        else:
            times = _times_in_file(view, index, stage["digest"], ids())
        if times is None:
            yield Node("mixture", f"round {index}", {"note": LOST})
        elif times:
            about = {"rows": stage["rows"], "share": stage["achieved_share"], told: times}
            yield Node("mixture", f"round {index}", about, tuple(_trained(view, index)))


def _times_in_file(view: View, index: int, wanted: str, ids: Sequence[str]) -> int | None:
    rows = mixture_ids(view.store.folder, index, wanted)
    asked = set(ids)
    return None if rows is None else sum(id_ in asked for id_ in rows)


def _trained(view: View, index: int) -> Iterator[Node]:
    stage = view.store.stage(index, "train")
    if stage is not None:
        below = tuple(evaluated(view, stage["digest"]))
        yield Node("student", stage["digest"], {"name": stage["name"]}, below)


def evaluated(view: View, checkpoint: str) -> Iterator[Node]:
    """The reports of a student and the verdict on it."""
    for split in ("gate", "dev", "general", "lm_eval", "final"):
        report = view.store.report(checkpoint, split)
        if report is not None:
            yield Node("evaluated", split, {"rows": len(report.ids), **_means(report)})
    for index, gate in view.store.results("gate").items():
        if gate["candidate"] == checkpoint:
            verdict = {name: gate["verdict"][name] for name in ("outcome", "why")}
            yield Node("verdict", f"round {index}", verdict)


def students(view: View) -> dict[str, str]:
    """Digest to name of every student of the rounds, and of the base."""
    found = {}
    for stage in view.store.stages():
        words = stage["stage"].split(" ")
        if words[0] == "train":
            found[stage["result"]["digest"]] = stage["result"]["name"]
        elif words[0] == "evaluate":
            found[stage["result"]["checkpoint"]] = words[1]
    return found


def learned(view: View, index: int) -> Node:
    """The mixture of a round, by what wrote its rows."""
    name = f"round {index}"
    stage = view.store.stage(index, "mix")
    if stage is None:
        return Node("mixture", name, {"note": LOST})
    rows = (
        view.store.mixture(index)
        if view.store.mixed(index)
        else mixture_ids(view.store.folder, index, stage["digest"])
    )
    if rows is None:
        return Node("mixture", name, {"note": LOST})
    parts = tuple(
        Node("written by", each["prompt"] or each["origin"], {"rows": each["n"]})
        for each in view.store.writers_of(sorted(set(rows)))
    )
    told = {"rows": stage["rows"], "share": stage["achieved_share"]}
    return Node("mixture", name, told, parts)


def mixture_ids(folder: Path, index: int, wanted: str) -> list[str] | None:
    """The ids in a round's mixture file, in order; None where they are not what the ledger says."""
    path = folder / "rounds" / str(index) / "mixture.jsonl"
    if not path.exists():
        return None
    start = len(OPENING)
    with path.open("rb") as lines:  # a line is parsed by nobody: there may be a hundred thousand
        ids = [line[start : start + DIGITS].decode("ascii", "replace") for line in lines]
    return ids if digest(ids) == wanted else None


def _means(report: Report) -> dict[str, float]:
    return {metric: report.mean(metric) for metric, values in report.scores.items() if values}
