"""Time the review page in a true browser: from the key that decides to the next row on the screen.

    python benchmarks/page.py [--quick] [--json]

A queue of 50,000 items, the true command, headless Chromium. The clock starts at the key's event
and stops after the frame in which the next row is painted; in between the decision is on disk.
Besides, how long the page takes until its first row can be judged.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from review import prepare  # benchmarks/review.py: the same queue

from selfinstruct.review.desk import Desk
from tests.browsers import PATH, chromium, opened, serving

GOAL_MS = 100.0
ITEMS = 50_000
DECISIONS, DECISIONS_QUICK = 500, 60
KEYS = ("a", "a", "s", "a", "f")
CLOCK = """
() => {
  window.times = [];
  let begun = 0;
  addEventListener("keydown", (event) => { begun = event.timeStamp; }, true);
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => {
    window.times.push(performance.now() - begun);
  }))).observe(document.body, {attributes: true, attributeFilter: ["data-item"]});
}
"""


@dataclass(frozen=True)
class Found:
    """Milliseconds from key to row, and until the first row was there; what was stored of what."""

    items: int
    decisions: int
    stored: int
    p50_ms: float
    p95_ms: float
    most_ms: float
    first_ms: float


def measure(count: int) -> Found:
    """Decide so many rows by keys."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        prepare(run, ITEMS)
        with serving(run) as server, chromium() as browser:
            page = opened(browser.new_context(), server.url)
            first = page.evaluate("() => performance.now()")
            page.evaluate(CLOCK)
            for number in range(count):
                page.keyboard.press(KEYS[number % len(KEYS)])
                page.wait_for_function("many => window.times.length === many", arg=number + 1)
            times = np.asarray(page.evaluate("() => window.times"))
        with Desk.open(run, write=False) as desk:
            stored = len(desk.decisions())
    p50, p95 = np.percentile(times, (50, 95))
    return Found(ITEMS, count, stored, float(p50), float(p95), float(times.max()), first)


def judge(found: Found) -> Mapping[str, bool]:
    """Which goals are met."""
    return {
        "p95_under_100_ms": found.p95_ms < GOAL_MS,
        "every_decision_stored_once": found.stored == found.decisions,
    }


def main() -> int:
    """Measure, then print the figures or one JSON object; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"{DECISIONS_QUICK} decisions")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    args = parser.parse_args()
    if PATH is None:
        print("no Chromium here: apt-get install chromium fonts-dejavu-core", file=sys.stderr)
        return 2
    found = measure(DECISIONS_QUICK if args.quick else DECISIONS)
    holds = judge(found)
    if args.json:
        print(json.dumps({"schema_version": 1, **asdict(found), "holds": holds}))
        return 0 if all(holds.values()) else 1
    print(f"{found.decisions} decisions, {found.items} items; from the key to the next row:")
    print(
        f"  median {found.p50_ms:.0f} ms, 95 % {found.p95_ms:.0f} ms (goal {GOAL_MS:.0f})", end=""
    )
    print(f", most {found.most_ms:.0f} ms; the first row after {found.first_ms:.0f} ms")
    for name, held in holds.items():
        print(f"{name}: {'holds' if held else 'DOES NOT HOLD'}")
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
