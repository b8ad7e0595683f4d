"""What a plan says of rows that are too long for a limit, before a run meets them."""

from selfinstruct.config import Config
from selfinstruct.seeds.survey import Survey

MANY_CUT = 0.05
"""Share of the responses that may be cut before a plan says so."""


def long_rows(found: Survey, cfg: Config, target: str) -> list[str]:
    """Rows that are too long for a limit of the config, which would show only once it runs: those
    that may stop a run, and answers that are sure to be cut, where they are many.
    """
    most, least = found.row_tokens, found.least_answer_tokens
    notes = []
    above = sum(length > cfg.student.max_tokens for length in most)
    if above:
        notes.append(
            f"up to {above} of {found.rows} rows may have more than "
            f"student.max_tokens={cfg.student.max_tokens} tokens, and a run stops at one that has; "
            f"student.max_tokens={max(most)} holds all"
        )
    limits = {
        "evaluate.max_new_tokens": (cfg.evaluate.max_new_tokens, "students' answers are cut there"),
        "generate.answer.max_tokens": (
            cfg.generate.answer.max_tokens,
            "as long ones of the teacher are dropped as truncated",
        ),
    }
    for knob, (limit, what) in limits.items():
        above = sum(length > limit for length in least)
        if "response" in target and above > MANY_CUT * found.rows:
            notes.append(
                f"at least {above} of {found.rows} responses have more than {knob}={limit} tokens, "
                f"and {what}; {knob}={max(found.answer_tokens)} holds all"
            )
    return notes
