"""A teacher's endpoint on loopback that misbehaves by a script: real sockets, real bytes.

    with serving(Scenario(script=in_turn(too_many(("Retry-After", "2")), CUT_SHORT))) as stub:
        ...  # ask stub.url
    assert stub.peak <= 8

`faults` has what can go wrong, `Scenario` how the server is otherwise, and `python -m tests.stub`
runs one as a process.
"""

from tests.stub.server import Scenario, Seen, Stub, serving

__all__ = ["Scenario", "Seen", "Stub", "serving"]
