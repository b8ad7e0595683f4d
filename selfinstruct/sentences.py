"""What the summary of a run says, in sentences: what was left out, why a round ended, what people
made of it, where a run comes from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.telling import gain, interval
from selfinstruct.tracking import Fault

MOST_UNSURE = 50
"""Points between the ends of an interval beyond which its middle tells nobody anything."""
LABELS_TOLD = 5
"""Labels that are named where many are in doubt."""
LEFT_OUT = ("duplicates", "skipped", "incomplete", "unused", "forbidden")
"""Why a real row is in no split, as `RealData` counts them."""


def left_out(counts: Mapping[str, Any]) -> str:
    """The real rows that are in no split, such as `2 duplicates, 1 incomplete left out`; empty for
    none.
    """
    found = ", ".join(f"{counts[name]} {name}" for name in LEFT_OUT if counts[name])
    return f"{found} left out" if found else ""


def tell_ending(ending: str, accepted: int, target: int) -> str:
    """Why a round has no more rows, in one sentence without a full stop."""
    rows = f"{accepted} of {target} rows accepted"
    match ending:
        case "full":
            return f"full, {rows}"
        case "candidates":
            return f"{rows} when the candidates of generate.max_candidates were used up"
        case _:
            return f"{rows} when it stalled: of the last waves less than generate.stall was kept"


def personal_data(found: Mapping[str, Any], reader: str) -> str:
    """What rows hold of it and who reads it: `reader` is the role of a model, such as teacher."""
    if not found["rows"]:
        return f"none found in {found['total']} rows"
    kinds = ", ".join(f"{kind.replace('_', ' ')} {rows}" for kind, rows in found["kinds"].items())
    what = f"in {found['rows']} of {found['total']} rows ({kinds})"
    if found["remote"] and not found["hidden"]:
        return f"{what}; it leaves this machine as it is, for the {reader} (privacy.redact: never)"
    where = "elsewhere" if found["remote"] else "on this machine"
    reads = "is shown placeholders for it" if found["hidden"] else "reads it"
    return f"{what}; the {reader}, {where}, {reads}"


def overlap(found: Mapping[str, Any]) -> str:
    """The longest runs of words shared with a training row: median, 95 % and most of the rows."""
    made, real = (_quantiles(found[name]["quantiles"]) for name in ("synthetic", "control"))
    return f"{made} words in a row from a real row (half, 95 %, all of them); held-out rows {real}"


def tell_labels(found: Mapping[str, Any]) -> str:
    """How many labels of synthetic rows are right, as far as the real-only student can tell, and
    those it doubts most; `found` is the stage `labels` of a round.
    """
    if not found["signals"]:
        return "too few rows to tell how many are right"
    (signal,) = found["signals"]
    told = (
        f"real-only finds the one asked for in {signal['value']:.0%} of the new rows, in "
        f"{signal['real']:.0%} of dev rows"
    )
    if ratio := signal["ratio"]:
        value, low, high = (100 * min(1.0, ratio[end]) for end in ("value", "low", "high"))
        told += (
            f", so roughly {value:.0f} % [{low:.0f}, {high:.0f}] are right"
            if high - low <= MOST_UNSURE
            else ", which is too little to tell how many are right"
        )
    doubtful = [each for each in found["by_label"] if each["doubtful"]][:LABELS_TOLD]
    named = ", ".join(f"{each['label']} {each['found']} of {each['rows']}" for each in doubtful)
    return f"{told}; most in doubt: {named}" if named else told


def _quantiles(values: Sequence[int]) -> str:
    return " / ".join(map(str, values)) if values else "none"


def tell_unmet(found: Mapping[str, Any]) -> str:
    """A quota or request that a round ended without, such as `quota fee: 3 of 20 rows`."""
    label, request = found["label"], found["request"]
    what = f"request {request!r}" + (f" of {label}" if label is not None else "")
    return f"{what if request else f'quota {label}'}: {found['got']} of {found['asked']} rows"


def tell_review(found: Mapping[str, Any]) -> str:
    """What people made of a round's candidates, in one sentence without a full stop."""
    if found["waits"]:
        return "waits for them (selfinstruct review RUN)"
    counts = {
        "kept": "kept",
        "dropped": "dropped",
        "joined": "taken though dropped",
        "edited": "edited",
        "refused": "refused by a filter",
    }
    told = ", ".join(f"{found[name]} {word}" for name, word in counts.items() if found[name])
    parts = [f"{found['decided']} of {found['asked']} decided: {told or 'none of this round'}"]
    if rate := found["acceptance"]:
        share = interval("exact_match", rate)  # any share of rows, in percent
        parts.append(f"{share} of rows stand as they are, by {rate['n']} drawn by chance")
    judge = found["judge"]
    if judge["n"]:
        kappa = "none" if judge["kappa"] is None else f"{judge['kappa']:.2f}"
        parts.append(f"the judge agrees on {judge['share']:.0%} of {judge['n']} (kappa {kappa})")
    return "; ".join(parts)


def opened(seen: Mapping[str, int]) -> str:
    """When `final` was opened; `seen` are the runs that had opened so many of its rows before.

    In a fork of a run that has: there they prove less, since settings may have been changed for
    what they said.
    """
    if not seen:
        return "once, after the last verdict"
    before = ", ".join(f"{run} ({count} of these rows)" for run, count in seen.items())
    return f"before this run began, in {before}: not unseen, so no proof of what was changed since"


def origin(forked: Mapping[str, Any]) -> str:
    """Where a fork comes from, what was changed for it and what of the other run it reuses."""
    changed, reused = "; ".join(forked["changed"]), ", ".join(forked["reused"])
    return f"forked from {forked['run']} ({changed}), reusing {reused or 'nothing'}"


def tell_fault(found: Mapping[str, str]) -> str:
    """What a tracker failed at, and what it said."""
    return Fault(**found).words


def tell_prompt_arm(arm: Mapping[str, Any]) -> str:
    """A prompt that shares its recipe with others: what of it was kept, what a row cost, and the
    mean scores of its rows.
    """
    share = interval("exact_match", arm["share"])  # any share of rows, in percent
    tokens = [] if arm["tokens"] is None else [f"{arm['tokens']:.0f} tokens a row"]
    scores = [_score(name, found) for name, found in arm["scores"].items()]
    return ", ".join([f"{arm['arm']}: {share} of {arm['candidates']} kept", *tokens, *scores])


def tell_rivals(found: Mapping[str, Any]) -> str:
    """How one prompt does beside another of its recipe, such as `r/q@8 against r/q@7: better,
    +12.0 points [+3.1, +20.4] kept, p = 0.012 by 24 and 22 prompts`. The p-value is that after
    Holm's correction.
    """
    ours, theirs = found["prompts"]
    told = gain("exact_match", found["difference"])  # any share of rows, in percent
    p = f"p = {found['adjusted']:.2g}"
    return (
        f"{found['arm']} against {found['other']}: {found['verdict']}, {told} kept, "
        f"{p} by {ours} and {theirs} prompts"
    )


def _score(name: str, found: Mapping[str, Any]) -> str:
    ends = "" if found["low"] is None else f" [{found['low']:.2f}, {found['high']:.2f}]"
    return f"{name} {found['mean']:.2f}{ends}"
