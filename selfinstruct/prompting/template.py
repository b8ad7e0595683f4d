"""A template with all that it includes: its version, and the messages it writes.

It is a Jinja2 text that writes messages with `{% call turn("user") %}...{% endcall %}`, so a role
never passes through text: whatever stands in the data, a role marker, braces, control characters,
stays plain text of the message it is in. What is asked, and how answers are read, belongs to the
recipes.
"""

import difflib
import hashlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import jinja2
import jinja2.meta
import jinja2.sandbox
from jinja2 import nodes

from selfinstruct.errors import UserError
from selfinstruct.types import Message, Role

ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
SUFFIX = ".j2"
CHANCE = ("lipsum",), ("random",)
"""Globals and filters of Jinja2 that would write something else each time."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, and where people find it."""

    text: str
    file: str


class _TurnError(Exception):
    """A turn that cannot be sent; the traceback leads to its line in the template."""


def make_environment(loader: jinja2.BaseLoader | None = None) -> jinja2.Environment:
    """The sandbox templates run in: values cannot be changed, an unknown name is an error, and the
    same values always give the same words.
    """
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    global_names, filters = CHANCE
    for name in global_names:
        del environment.globals[name]
    for name in filters:
        del environment.filters[name]
    return environment


@dataclass(frozen=True)
class Template:
    """A template's name, such as `label_first/question.j2`, with its source and that of everything
    it includes, imports or extends, by name.
    """

    name: str
    sources: Mapping[str, Source]

    @cached_property
    def version(self) -> str:
        """12 hex digits that change with any of the sources."""
        texts = sorted((name, source.text) for name, source in self.sources.items())
        return hashlib.sha256(repr(texts).encode()).hexdigest()[:12]

    @cached_property
    def _environment(self) -> jinja2.Environment:
        def load(name: str) -> tuple[str, str, None] | None:
            source = self.sources.get(name)
            return None if source is None else (source.text, source.file, None)

        return make_environment(jinja2.FunctionLoader(load))

    def render(self, values: Mapping[str, Any]) -> tuple[Message, ...]:
        """Its values in, its messages out, each trimmed at both ends.

        Raises `UserError` naming file and line for an undefined name, an unknown role, an empty
        message, what the sandbox forbids, or a last turn that is not the user's.
        """
        messages: list[Message] = []
        try:
            template = self._environment.get_template(self.name)
            rest = template.render(turn=_turn_into(messages), **values)
        except (jinja2.TemplateError, _TurnError) as error:
            raise UserError(f"template {_line_of(error) or self.name}: {error}") from error
        except Exception as error:  # whatever its words come to is its writer's to mend
            told = f"{type(error).__name__}: {error}"
            raise UserError(f"template {_line_of(error) or self.name}: {told}") from error
        own = self.sources[self.name]
        if rest.strip():
            told = rest.strip()[:60]
            raise UserError(
                f"template {_place_of(told, own)}: text outside of a turn: {told!r}",
                next_step='put it between {% call turn("user") %} and {% endcall %}',
            )
        if not messages or messages[-1].role != "user":
            line = own.text.rpartition("turn(")[0].count("\n") + 1
            raise UserError(
                f"template {own.file}:{line}: the last turn is not the user's",
                why="the teacher answers a user",
            )
        return tuple(messages)


def compose(name: str, known: Mapping[str, Source]) -> Template:
    """The template of that name with all that it refers to, out of what is known.

    Raises `UserError` naming file and line for a syntax error, for a reference to what is not
    there, and for one that is computed.
    """
    if name not in known:
        raise UserError(f"no template {name}; {near_name(name, known)}")
    found: dict[str, Source] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found[each] = known[each]
        for line, reference in references(parse(known[each])):
            where = f"template {known[each].file}:{line}"
            if reference is None:
                raise UserError(
                    f"{where}: includes a template whose name is computed",
                    why="its version could not tell what was rendered",
                )
            if reference not in known:
                raise UserError(
                    f"{where}: no template {reference}; {near_name(reference, known)}",
                    why="a name starts at the prompt folder, whichever file includes it",
                )
            waiting.append(reference)
    return Template(name, found)


def parse(source: Source) -> nodes.Template:
    """The tree of a source. Raises `UserError` naming file and line for what is no template."""
    try:
        return make_environment().parse(source.text, None, source.file)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"template {source.file}:{error.lineno}: {error.message}") from error
    except RecursionError:
        raise UserError(f"template {source.file}: it is nested too deeply to be read") from None


def references(tree: nodes.Template) -> Iterator[tuple[int, str | None]]:
    """The line and name of every template that one refers to; None for a name that is computed."""
    for node in tree.find_all((nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)):
        alone = nodes.Template([node])
        for name in jinja2.meta.find_referenced_templates(alone):
            yield node.lineno, name


def near_name(name: str, known: Mapping[str, Any]) -> str:
    """What might be meant by a name that is not known, else all that is."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"


@cache
def shipped_sources() -> Mapping[str, Source]:
    """Every file of the prompts that come with the package, by name."""
    found: dict[str, Source] = {}
    waiting = [("", resources.files("selfinstruct") / "prompts")]
    while waiting:
        prefix, folder = waiting.pop()
        for each in folder.iterdir():
            if each.is_dir():
                waiting.append((f"{prefix}{each.name}/", each))
            elif each.name.endswith(SUFFIX):
                name = f"{prefix}{each.name}"
                found[name] = Source(each.read_text(encoding="utf-8"), f"selfinstruct:{name}")
    return dict(sorted(found.items()))


@cache
def shipped(name: str) -> Template:
    """A template that comes with the package; parsing takes ten times as long as rendering."""
    return compose(name, shipped_sources())


def _place_of(rendered: str, source: Source) -> str:
    """The file, and the line where the first of these words stand as they are, if they do."""
    first = rendered.split("\n")[0].strip()
    lines = [number for number, line in enumerate(source.text.split("\n"), 1) if first in line]
    return f"{source.file}:{lines[0]}" if len(lines) == 1 else source.file


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


def _line_of(error: Exception) -> str | None:
    """`FILE:LINE` of the innermost template line in a traceback, which Jinja has mapped to the
    source.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames]
    return next((line for line in reversed(lines) if SUFFIX + ":" in line), None)
