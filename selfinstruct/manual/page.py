"""All settings as one page of Markdown, `docs/settings.md`."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from selfinstruct.manual.walk import Group, Knob, groups

WIDTH = 118

PARTS = (
    ("The run itself", ("", "rounds", "budget", "prompts")),
    ("What comes in", ("seeds", "task", "licenses", "privacy")),
    ("Who writes", ("teacher",)),
    ("How rows are asked for", ("generate",)),
    ("What a row must pass", ("filters",)),
    ("What people are asked", ("review",)),
    ("What the student learns", ("mixture", "student")),
    ("Scores and verdict", ("evaluate", "gate", "guard", "watch", "judge")),
)
"""Headings, each with the sections of a config that stand under it."""

HEAD = """\
# Settings

Every setting of a config, by the part of a run that it belongs to. `selfinstruct settings --md`
writes this page from what stands beside the code, and a test holds it to that.

    selfinstruct settings novelty                      # those with this word in their name
    selfinstruct settings filters.novelty.threshold    # all that is known of one
    selfinstruct settings --config my.yaml             # what a file sets, beside the defaults

A setting stands in the YAML file under its section, or follows the file on the command line under
its whole name: `selfinstruct run my.yaml gate.min_gain=0.02`. `null` switches a limit off; 0 is a
limit, the strictest one. Where a name has a `*`, you choose what stands there.

*May change*: the next start of a run may have another value. With another value of any other
setting the run refuses to go on, since its finished stages would not fit. `--fork NAME` begins a
run beside it that keeps what still fits; *again* says what that one does again. With
`generate.focus: weak`, candidates are asked for again as well wherever the control or the scores
on dev are.
"""


def settings_page() -> str:
    """The whole page, the same for the same package."""
    parts = [HEAD.strip(), _contents()]
    for title, sections in PARTS:
        parts += [f"## {title}", *_under(sections)]
    return "\n\n".join(parts) + "\n"


def _contents() -> str:
    lines = []
    for title, sections in PARTS:
        links = ", ".join(f"[`{name}`](#{name})" for name in sections if name)
        lines.append(_wrapped(f"{title}: {links}", first="- "))
    return "\n".join(lines)


def _under(sections: Iterable[str]) -> Iterator[str]:
    for section in sections:
        for group in groups():
            if group.name.partition(".")[0] == section and not group.like:
                yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    if group.name:
        yield f"### {group.name}"
        yield _wrapped(group.about)
    again = Counter(_again(knob) for knob in group.knobs).most_common(1)
    usual = again[0][0] if again and again[0][1] > 1 else ""
    if usual:
        yield f"*{usual}*"
    if group.knobs:
        yield "\n".join(_knob(knob, usual) for knob in group.knobs)
    if group.rules:
        yield "Rules:"
        yield "\n".join(_wrapped(rule, first="- ") for rule in group.rules)


def _knob(knob: Knob, usual: str) -> str:
    leaf = knob.name.rpartition(".")[2]
    head = f"**`{leaf}`**, to be given" if knob.default is None else f"**`{leaf}: {knob.default}`**"
    marks = [] if _again(knob) == usual else [f"*{_again(knob)}*"]
    marks += [f"*Also {knob.also}.*"] if knob.also else []
    told = [f"{head} ({knob.takes}).", knob.about, *marks]
    return _wrapped(" ".join(filter(None, told)), first="- ")


def _again(knob: Knob) -> str:
    if knob.again is None:
        return "May change."
    return f"{knob.again[0].upper()}{knob.again[1:]}."


def _wrapped(text: str, first: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
