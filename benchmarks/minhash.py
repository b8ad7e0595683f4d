"""What `filters.novelty.minhash` saves and misses beside the exact index, on the same texts.

    python benchmarks/minhash.py [--quick] [--json]

Each index is built and asked in a process of its own, so that its memory is its own. Times are the
processor's. A near question is one whose best match is above 0.7, by the exact index, whose
decisions `benchmarks/novelty.py` holds against every pair.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from instructions import Kind, make_texts

from selfinstruct.config import MinHashConfig
from selfinstruct.filters.minhash import MinHashIndex
from selfinstruct.filters.novelty import NoveltyIndex

THRESHOLD = 0.7
KINDS: tuple[Kind, ...] = ("templates", "open")
INDEXES = ("exact", "minhash")
MIB = 1 << 20


def measure(which: str, kind: Kind, pool: int, wanted: int) -> dict[str, Any]:
    """One index over `pool` texts asked about `wanted` others; what runs in its own process."""
    rng = random.Random(f"benchmark/minhash/{kind}")
    texts = list(make_texts(wanted + pool, kind, rng))
    rng.shuffle(texts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    index = (
        NoveltyIndex(THRESHOLD) if which == "exact" else MinHashIndex(THRESHOLD, MinHashConfig())
    )
    index.add_many((str(place), text) for place, text in enumerate(texts[wanted:]))
    index.closest("sealed by the first question")
    built = time.process_time() - start
    start = time.process_time()
    found = index.closest_many(texts[:wanted])
    asked = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "index": which,
        "texts": kind,
        "pool": pool,
        "build_seconds": built,
        "per_second": wanted / asked,
        "mebibytes": (peak - before) * 1024 / MIB,
        "decisions": [None if match is None else [match.id, match.rouge_l] for match in found],
    }


def side_by_side(kind: Kind, pool: int, wanted: int) -> list[dict[str, Any]]:
    """Both indexes; of the second also the share of near questions that it finds, and of those the
    share whose best match it finds.
    """
    found = []
    for which in INDEXES:
        command = [sys.executable, __file__, "--only", which, kind, str(pool), str(wanted)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    exact, hashed = (each.pop("decisions") for each in found)
    near = [pair for pair in zip(exact, hashed, strict=True) if pair[0] is not None]
    caught = [pair for pair in near if pair[1] is not None]
    found[1]["wrong"] = sum(a is None and b is not None for a, b in zip(exact, hashed, strict=True))
    found[1]["near"] = len(near)
    found[1]["caught"] = len(caught) / len(near)
    found[1]["best"] = sum(a[1] == b[1] for a, b in caught) / len(near)
    return found


def show(rows: Sequence[dict[str, Any]]) -> None:
    """The table for people."""
    print(f"{'':32}{'candidates/s':>14}{'build s':>9}{'MiB':>7}{'near found':>12}{'best one':>10}")
    for row in rows:
        name = f"{row['index']}, {row['texts']}, {row['pool']:,}"
        told = f"{name:32}{row['per_second']:>14,.0f}{row['build_seconds']:>9.1f}"
        told += f"{row['mebibytes']:>7.0f}"
        if "near" in row:
            told += f"{row['caught']:>12.1%}{row['best']:>10.1%}  of {row['near']:,}"
        print(told)


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 texts alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--only", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        which, kind, pool, wanted = args.only
        print(json.dumps(measure(which, kind, int(pool), int(wanted))))
        return
    sizes = (20_000,) if args.quick else (20_000, 200_000)
    rows = [row for kind in KINDS for pool in sizes for row in side_by_side(kind, pool, 1000)]
    holds = {"names none that is not near": not any(row.get("wrong") for row in rows)}
    if args.json:
        print(json.dumps({"schema_version": 1, "rows": rows, "holds": holds}))
        return
    show(rows)


if __name__ == "__main__":
    main()
