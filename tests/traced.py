"""A run whose rows have parents, children, mixtures and students, and the trace of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import write_jsonl
from selfinstruct.lineage import Node, Trace, Tracer
from selfinstruct.rows import from_example, from_mixture
from selfinstruct.store import Store
from selfinstruct.types import Example, Mixture, Rejection, Screened
from tests.finished import KEPT, real_data, report, write_run

SEED = real_data().train[0]
CHILD = Example(
    "n", "child", "r", label="a", origin="synthetic", round=2, parents=(SEED.id, KEPT.id), depth=2
)
GRANDCHILD = Example("n", "grandchild", "r", origin="synthetic", round=3, parents=(CHILD.id,))
ORPHAN = Rejection(
    Example("n", "orphan", parents=("gone",), round=3), "contaminated", 0.8, 0.5, "x"
)
ODD = Rejection(Example("n", "odd", round=3), "my_own_reason")


def write_traced(folder: Path) -> Path:
    write_run(folder)
    with Store(folder, write=True) as store:
        store.commit_wave(2, 0, Screened((CHILD,), ()))
        store.commit_wave(3, 0, Screened((GRANDCHILD,), (ORPHAN, ODD)))
        store.commit_mixture(2, Mixture((SEED, CHILD), 0.5, 0.5), 1.0)
        store.commit_stage(2, "train", {"name": "round-2", "digest": "e2"}, 1.0)
        store.commit_report(report("e2", 12))
        store.commit_stage(3, "mix", from_mixture(Mixture((SEED, GRANDCHILD), 0.5, 0.5)), 1.0)
    rows = map(from_example, (SEED, GRANDCHILD))
    write_jsonl(folder / "rounds/3/mixture.jsonl", rows)
    return folder


def trace(run: Path, id_: str, **how: Any) -> Trace:
    with Store(run) as store:
        return Tracer(store, **how).trace(id_)


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from walk(node.nodes)


def of(nodes: tuple[Node, ...], kind: str) -> dict[str, Node]:
    return {node.id: node for node in walk(nodes) if node.kind == kind}
