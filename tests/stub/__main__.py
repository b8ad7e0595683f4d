"""The stub as a process: `python -m tests.stub --latency-s 0.2 --slots 256`.

Prints its URL and serves until its input ends, so that it does not outlive whoever started it.
"""

import argparse
import asyncio
import sys

from tests.stub.server import Scenario, Stub


async def serve(scenario: Scenario) -> None:
    """One stub, until standard input is closed."""
    stub = Stub(scenario)
    async with stub.open():
        sys.stdout.write(f"{stub.url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-s", type=float, default=0.0)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--storm", type=float, nargs=2, metavar=("FROM", "TO"))
    asked = parser.parse_args()
    asyncio.run(
        serve(
            Scenario(
                latency_s=asked.latency_s,
                slots=asked.slots,
                storm=None if asked.storm is None else (asked.storm[0], asked.storm[1]),
            )
        )
    )
