"""What tests put into a ledger."""

from dataclasses import replace

from selfinstruct.types import (
    Example,
    Message,
    Prompt,
    RealData,
    Rejection,
    Score,
    Screened,
)

PROMPT = Prompt((Message("user", "hi"),), "t/q", "v1", ("p1",))


def real_data(count: int = 8) -> RealData:
    """So many rows in all four splits."""
    rows = [Example(f"question {i}", response=f"answer {i}", label="a") for i in range(count)]
    return RealData(
        tuple(rows[:4]), tuple(rows[4:5]), tuple(rows[5:7]), tuple(rows[7:]), 1, 2, 3, 4
    )


def screened() -> Screened:
    """One row kept, one dropped, and what a model measured of the first."""
    kept = Example("new", response="r", origin="synthetic", round=1, attempt="k1")
    dropped = Rejection(replace(kept, instruction="old"), "too_similar", 0.8, 0.7, "n1")
    return Screened((kept,), (dropped,), (Score(kept.id, "ifd", 0.5, "model", "student"),))
