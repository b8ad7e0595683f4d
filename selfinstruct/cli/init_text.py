"""What was found in a file of rows as a config in, every guess with its reason beside it."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from selfinstruct.cli.init_from import LARGE, Found
from selfinstruct.config import SeedsConfig

WIDTH = 98
STEP = 64
STEPS = 500
"""Optimiser steps that a first look at a large file is worth."""
ACCEPT = 40
"""Synthetic rows that a first look asks for."""
FEW = 60
"""Rows under which a gate can hardly tell anything."""
TEACHER = """\
teacher:
  # The bundled model needs no key and no server, and writes weak rows: it shows whether all fits
  # together. For rows that help, ask a better one, such as any OpenAI-compatible endpoint:
  #   backend: openai
  #   name: MODEL
  #   base_url: https://HOST/v1
  #   api_key_env: OPENAI_API_KEY
  backend: llamacpp
  name: bundled
"""


def draft(name: str, path: str, config: str, found: Found, rouge_l: float | None) -> str:
    """The text of a config that reads the file at `path`; `config` is where it will lie, `rouge_l`
    the limit that contamination is set to, None for the default.
    """
    sections = [
        "\n".join(_head(config, found)),
        f"name: {_yaml(name)}\n",
        "\n".join(_seeds(path, found)),
        "\n".join(_task(found)),
        TEACHER,
        "\n".join(_generate(found)),
        *(["\n".join(_filters(rouge_l))] if rouge_l is not None else []),
        "\n".join(_mixture(found)),
        "\n".join(_student(found)),
        "rounds:\n  max: 1 # a first look; more rounds share the gate's alpha\n",
    ]
    return "\n".join(sections)


def told(found: Found) -> list[str]:
    """What was found out, in lines for people: how the file was read, which column is what, what
    is left out or changed.
    """
    settings = found.settings
    lines = [f"read as: {'; '.join(found.read.form)}"] if found.read.form else []
    columns = settings.get("columns", {})
    lines += [f"{ours}: column {theirs!r}" for ours, theirs in columns.items()]
    if found.read.unread:
        lines.append(f"columns left aside: {', '.join(found.read.unread)}")
    lines += [
        f"seeds.{name}: {found.reasons[name]}"
        for name in settings
        if name not in ("columns", "instruction") and found.reasons.get(name)
    ]
    kept = len(found.read.examples)
    lines.append(
        f"{kept} rows of {len(found.raw.lines)} will be used"
        + (f", {found.read.duplicates} exact copies left out" if found.read.duplicates else "")
    )
    return lines


def _head(config: str, found: Found) -> Iterator[str]:
    yield f"# selfinstruct run {config}"
    yield "#"
    yield from _comment(
        f"Written from what stands in the {len(found.raw.lines)} rows of {found.raw.name}; no "
        "model was asked. Each guess has its reason beside it: change what is wrong, then see the "
        f"splits, the first prompt and what is odd with: selfinstruct plan {config}",
        0,
    )
    kept = len(found.read.examples)
    if kept < FEW:
        yield "#"
        yield from _comment(
            f"{kept} rows are few: the gate can only see very large gains, and `plan` says how "
            "large. A few hundred are a start.",
            0,
        )


def _seeds(path: str, found: Found) -> Iterator[str]:
    yield "seeds:"
    yield f"  path: {_yaml(path)}"
    for form in found.read.form:
        yield from _comment(form, 2)
    yield from _columns(found)
    for name, value in found.settings.items():
        if name != "columns":
            yield from _comment(found.reasons[name], 2)
            yield from _faults(found) if name == "skip_bad" else ()
            yield from _setting(name, value)
    yield from _remarks(found)
    yield ""


def _columns(found: Found) -> Iterator[str]:
    columns = found.settings.get("columns", {})
    if columns:
        yield "  columns:"
    for ours, theirs in columns.items():
        yield from _comment(found.proposal.reasons[ours], 4)
        yield f"    {ours}: {_yaml(theirs)}"
    if found.read.unread:
        yield from _comment(f"columns left aside: {', '.join(found.read.unread)}", 2)
    if found.proposal.others:
        yield from _comment(f"labels may also be: {', '.join(found.proposal.others)}", 2)


def _remarks(found: Found) -> Iterator[str]:
    """What is no setting, and yet decides what is learned."""
    if found.read.duplicates:
        yield from _comment(f"{found.read.duplicates} exact copies of rows are left out", 2)
    if found.after.ending:
        yield from _comment(
            f"{found.after.ending_rows} responses end with the line {found.after.ending!r}: a "
            "signature is learned like all else. Take it out of the file if a reply should not "
            "have it",
            2,
        )


def _setting(name: str, value: Any) -> Iterator[str]:
    """One setting; a long table as a line for each entry."""
    if isinstance(value, Mapping) and len(_yaml(dict(value))) > WIDTH - len(name) - 4:
        yield f"  {name}:"
        yield from (f"    {_yaml(key)}: {_yaml(each)}" for key, each in value.items())
    else:
        yield f"  {name}: {_yaml(dict(value) if isinstance(value, Mapping) else value)}"


def _faults(found: Found) -> Iterator[str]:
    """The first rows that cannot be used, a reason once."""
    reasons: dict[str, str] = {}
    for fault in found.read.faults:
        reasons.setdefault(fault.partition(": ")[2], fault)
    for fault in list(reasons.values())[:5]:
        yield from _comment(fault, 2)


def _task(found: Found) -> Iterator[str]:
    systems = found.after.systems
    common, rows = max(systems.items(), key=lambda pair: pair[1], default=("", 0))
    yield "task:"
    if found.proposal.instruction:
        yield from _comment("the instruction that all rows had, which says what the task is", 2)
        words = found.proposal.instruction
    elif common:
        yield from _comment(f"the system turn of {rows} of {found.after.rows} rows", 2)
        words = common
    else:
        yield from _comment("who the student is, before every conversation: in your words", 2)
        words = "You are a helpful assistant."
    yield f"  system: {_yaml(words)}"
    yield ""


def _generate(found: Found) -> Iterator[str]:
    asked = [len(row.instruction if not row.input else row.input) for row in found.read.examples]
    question = _limit(sorted(asked)[round(0.95 * (len(asked) - 1))] // 3, 128)
    yield "generate:"
    yield from _comment(
        "a first look of minutes on two cores; with a real teacher take hundreds", 2
    )
    yield f"  accept: {ACCEPT}"
    yield f"  max_candidates: {4 * ACCEPT}"
    yield from _comment("room for questions and answers as long as nearly all of yours", 2)
    yield f"  question: {{temperature: 0.9, top_p: 0.95, max_tokens: {question}}}"
    yield f"  answer: {{temperature: 0.7, top_p: 0.95, max_tokens: {_answer(found, 192)}}}"
    yield ""


def _filters(rouge_l: float) -> Iterator[str]:
    yield "filters:"
    yield from _comment(
        "your rows are so alike that at the default, 0.6, the filter would take many of them for "
        "leaks of others, and honest new rows as well",
        2,
    )
    yield f"  contamination: {{rouge_l: {rouge_l}}}"
    yield ""


def _mixture(found: Found) -> Iterator[str]:
    train = round(SeedsConfig(path="x").split["train"] * len(found.read.examples))
    yield "mixture:"
    yield from _comment(
        f"what {ACCEPT} rows are beside about {train} real ones; raise it together with accept", 2
    )
    yield f"  synthetic_share: {max(0.01, round(ACCEPT / (ACCEPT + train), 2))}"
    yield ""


def _student(found: Found) -> Iterator[str]:
    longest = max(found.after.row_tokens)
    yield "student:"
    yield "  name: bundled"
    if longest > 512:
        yield from _comment(
            f"the longest row may have {longest} tokens, by a rough measure; a longer one stops a "
            "run, since none is cut",
            2,
        )
        yield f"  max_tokens: {_limit(longest, 512)}"
    if len(found.read.examples) > LARGE:
        yield from _comment(
            "three passes over so many rows take days on two cores; leave this out on a GPU", 2
        )
        yield f"  max_steps: {STEPS}"
    yield ""
    if any(row.response for row in found.read.examples):
        yield "evaluate:"
        yield from _comment("room for answers as long as nearly all of yours", 2)
        yield f"  max_new_tokens: {_answer(found, 96)}"
        yield ""


def _answer(found: Found, least: int) -> int:
    lengths = sorted(found.after.answer_tokens)
    return _limit(lengths[round(0.95 * (len(lengths) - 1))], least)


def _limit(tokens: int, least: int) -> int:
    """So many tokens or a few more, a round number."""
    return max(least, -(-tokens // STEP) * STEP)


def _comment(text: str, indent: int) -> list[str]:
    """Words as comment lines, whatever characters they hold."""
    start = f"{' ' * indent}# "
    flat = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return textwrap.wrap(flat, WIDTH, initial_indent=start, subsequent_indent=start)


def _yaml(value: Any) -> str:
    """A value on one line of YAML."""
    written = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
    return written.removesuffix("\n").removesuffix("\n...")
