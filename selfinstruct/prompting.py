"""Templates and demonstrations in, prompts with their version and parents out.

A template is a Jinja2 file under `prompts/`. It writes messages with
`{% call turn("user") %}...{% endcall %}`, so a role never passes through text: whatever stands in
the data, a role marker, braces, control characters, stays plain text of the message it is in. What
is asked, and how answers are read, belongs to the recipes.
"""

import difflib
import functools
import hashlib
import random
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import jinja2.meta
import jinja2.sandbox

from selfinstruct.config import DemosConfig
from selfinstruct.errors import UserError
from selfinstruct.types import Example, Message, Prompt, Role

ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
SUFFIX = ".j2"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The messages a template wrote, and its version."""

    messages: tuple[Message, ...]
    version: str


class _TurnError(Exception):
    """A turn that cannot be sent; the traceback leads to its line in the template."""


def make_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """The sandbox templates run in: values cannot be changed, and an unknown name is an error."""
    return jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


PACKAGED = make_environment(jinja2.PackageLoader("selfinstruct", "prompts"))


def render(
    template: str, /, *, environment: jinja2.Environment = PACKAGED, **values: Any
) -> Rendered:
    """A template's name, such as `label_first/question.j2`, and its values in; its messages out.

    A message is trimmed at both ends. Raises `UserError` naming file and line for an undefined
    name, an unknown role, an empty message, or a last turn that is not the user's.
    """
    packaged = environment is PACKAGED
    release = _packaged(template) if packaged else version(template, environment=environment)
    messages: list[Message] = []
    try:
        rest = environment.get_template(template).render(turn=_turn_into(messages), **values)
    except (jinja2.TemplateError, _TurnError) as error:
        where = _line_of(error)
        raise UserError(f"template {where or template}: {error}") from error
    if rest.strip():
        raise UserError(
            f"template {template}: text outside of a turn: {rest.strip()[:60]!r}",
            next_step='put it between {% call turn("user") %} and {% endcall %}',
        )
    if not messages or messages[-1].role != "user":
        line = _source(template, environment)[0].rpartition("turn(")[0].count("\n") + 1
        raise UserError(
            f"template {template}:{line}: the last turn is not the user's",
            why="the teacher answers a user",
        )
    return Rendered(tuple(messages), release)


def version(template: str, /, *, environment: jinja2.Environment = PACKAGED) -> str:
    """12 hex digits that change with the template or anything it includes, imports or extends."""
    sources: dict[str, str] = {}
    waiting = [template]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        sources[name], where = _source(name, environment)
        try:
            tree = environment.parse(sources[name], name, where)
        except jinja2.TemplateSyntaxError as error:
            raise UserError(f"template {where}:{error.lineno}: {error.message}") from error
        for reference in jinja2.meta.find_referenced_templates(tree):
            if reference is None:
                raise UserError(
                    f"template {where}: includes a template whose name is computed",
                    why="its version could not tell what was rendered",
                )
            waiting.append(reference)
    content = hashlib.sha256(repr(sorted(sources.items())).encode())
    return content.hexdigest()[:12]


@functools.cache
def _packaged(template: str) -> str:
    """The version of a template that comes with the package: parsing takes ten times as long as
    rendering, and these stay as they are.
    """
    return version(template)


def build_prompt(template: str, demos: Sequence[Example], /, **values: Any) -> Prompt:
    """The rendered template, which sees `demos` and `values`; the demos become its parents."""
    rendered = render(template, demos=demos, **values)
    return Prompt(
        messages=rendered.messages,
        template=template,
        version=rendered.version,
        parents=tuple(demo.id for demo in demos),
        parent_depth=max((demo.depth for demo in demos), default=0),
    )


def choose_demos(
    train: Sequence[Example],
    pool: Sequence[Example],
    cfg: DemosConfig,
    rng: random.Random,
    label: str | None = None,
    full: Collection[str] = (),
) -> tuple[Example, ...]:
    """`cfg.real` rows of `train` and `cfg.synthetic` of the pool, shuffled.

    Real rows fill in while the pool is short, as in Self-Instruct (arXiv 2212.10560, section 2.2).
    With a label, rows of that label alone, and fewer where it has fewer: another label's row would
    teach the teacher to miss it.

    The rows in `full` have had their share of children, and a prompt that shows one brings nothing
    but rejects. So those of the pool are never shown, and real ones only where no other real row
    is left, since a prompt without real rows would teach the teacher its own ways: better fewer
    rows than full ones. Where `full` is empty the draw is what it would be without it.
    """
    real = unless_full([row for row in train if label is None or row.label == label], full)
    shallow = [row for row in pool if row.depth <= cfg.max_depth and row.id not in full]
    grown = [row for row in shallow if label is None or row.label == label]
    synthetic = rng.sample(grown, min(cfg.synthetic, len(grown)))
    wanted = cfg.real + cfg.synthetic - len(synthetic)
    demos = [*rng.sample(real, min(wanted, len(real))), *synthetic]
    rng.shuffle(demos)
    return tuple(demos)


def unless_full(rows: Sequence[Example], full: Collection[str]) -> list[Example]:
    """The rows that may have more children, or all where none may."""
    return [row for row in rows if row.id not in full] or list(rows)


def _turn_into(messages: list[Message]) -> Callable[..., str]:
    def turn(role: str, caller: Callable[[], str] | None = None) -> str:
        if caller is None:
            raise _TurnError('a turn has a body: {% call turn("user") %}...{% endcall %}')
        if role not in ROLES:
            raise _TurnError(f"unknown role {role!r}; known: {', '.join(ROLES)}")
        content = caller().strip()
        if not content:
            raise _TurnError(f"an empty {role} message")
        messages.append(Message(ROLES[role], content))
        return ""

    return turn


def _source(template: str, environment: jinja2.Environment) -> tuple[str, str]:
    loader = environment.loader
    assert loader is not None
    try:
        source, filename, _ = loader.get_source(environment, template)
    except jinja2.TemplateNotFound:
        known = environment.list_templates()
        near = difflib.get_close_matches(template, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        raise UserError(f"no template {template}; {hint}") from None
    return source, filename or template


def _line_of(error: Exception) -> str | None:
    """`FILE:LINE` of the innermost template line in a traceback, which Jinja has mapped to the
    source.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames]
    return next((line for line in reversed(lines) if SUFFIX + ":" in line), None)
