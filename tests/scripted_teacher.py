"""Teachers that are functions: what a small model might write, decided by the request's seed."""

import hashlib
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from selfinstruct.types import Request, digest

OPENINGS = ("why was", "please explain", "i noticed", "somebody tell me", "again", "hello there")
THINGS = ("gym app", "meal kit", "phone plan", "domain", "storage", "magazine", "game pass")
ENDINGS = ("cost more", "show twice", "not paid back", "on my card", "in march", "before renewal")


def answer(requests: Sequence[Request]) -> Iterator[str]:
    """One sentence a request; every fifth is a refusal, so that something is always dropped."""
    for request in requests:
        rng = random.Random(f"{request.seed}/{request.messages[-1].content}")
        if rng.random() < 0.2:
            yield "As an AI language model, I cannot help with that request."
        else:
            words = [rng.choice(OPENINGS), rng.choice(THINGS), rng.choice(ENDINGS)]
            extra = [f"{rng.choice(THINGS)} number {rng.randrange(10_000)}" for _ in range(2)]
            yield " ".join([*words, *extra])


def converse(requests: Sequence[Request]) -> Iterator[str]:
    """A conversation where one is asked for, else one turn of it; every fifth is a refusal."""
    for request, text in zip(requests, answer(requests), strict=True):
        if "Begin each turn with" not in request.messages[-1].content or text.startswith("As an"):
            yield text
            continue
        rng = random.Random(text)
        said = [
            f"{rng.choice(OPENINGS)} {rng.choice(THINGS)} {rng.randrange(10_000)}" for _ in "ab"
        ]
        yield (
            f"Here it is:\n\n**User:** {text}\n**Assistant:** Is it about {said[0]}?\n"
            f"User: (sighs) Yes, {said[1]}\nAssistant: Then I shall look.\nUser: Thanks"
        )


def refuse(requests: Sequence[Request]) -> Iterator[str]:
    """A teacher of which nothing can be kept."""
    for _ in requests:
        yield "As an AI language model, I cannot help with that request."


def answer_then_die(requests: Sequence[Request]) -> Iterator[str]:
    """The same answers, until as many as KILL_AFTER says are given: then the power is gone.

    A file that ONCE names is written after the first; one that DEAF names is written first of all,
    before a call from which nothing returns.
    """
    if deaf := os.environ.get("DEAF"):
        Path(deaf).touch()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
    for given, text in enumerate(answer(requests)):
        if str(given) == os.environ.get("KILL_AFTER"):
            os.kill(os.getpid(), signal.SIGKILL)
        yield text
        if once := os.environ.get("ONCE"):
            Path(once).touch()


def answer_when_let(requests: Sequence[Request]) -> Iterator[str]:
    """The same answers, none of them while the file that HELD_BY names is there."""
    while Path(os.environ["HELD_BY"]).exists():
        time.sleep(0.05)
    yield from answer(requests)


def answer_on_record(requests: Sequence[Request]) -> Iterator[str]:
    """The same answers, each written down first where the run cannot see it: what was paid for."""
    for request in requests:
        asked = digest([request.seed, request.sample, request.messages[-1].content])
        with Path(os.environ["CALLS"]).open("a", encoding="utf-8") as calls:
            calls.write(f"{asked}\n")
        yield from answer([request])
