"""What calls are for that no recipe makes, and where in the ledger they stand: behind all waves.

The ledger knows a call by its round and its wave. These numbers are in ledgers that people have,
so that they stay what they are.
"""

JUDGE_WAVE = 1_000_000
"""The gate's judge."""
VERIFY_WAVE = 2_000_000
"""Models that look at the candidates of a wave: its number is added. Never in round 0,"""
PAIRS_WAVE = 2_000_000
"""... where the judge's calls about pairs of answers stand."""
CALIBRATE_WAVE = 3_000_000
"""The judge with a rubric, tried on real rows; in round 0."""


def purpose(round_index: int, wave: int) -> str | None:
    """What the calls of this place are for, in words; None where a recipe makes them."""
    if wave < JUDGE_WAVE:
        return None
    if wave < VERIFY_WAVE:
        return "gate's judge"
    if wave >= CALIBRATE_WAVE:
        return "calibration"
    return "pairs" if round_index == 0 else f"verification of wave {wave - VERIFY_WAVE}"
