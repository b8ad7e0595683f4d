"""Whether a template fits what it will be told, before anything is spent: names first, then trial.

Names are looked up in the parsed template, so that those in a branch that no trial takes are found
as well.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

from jinja2 import TemplateAssertionError, meta, nodes

from selfinstruct.errors import UserError
from selfinstruct.prompting.prompts import Form
from selfinstruct.prompting.template import Source, Template, parse

TOLD = ("demos", "turn")
"""What every template is told."""


def check(template: Template, form: Form) -> None:
    """Raises `UserError` naming file and line where the template cannot be rendered for this form:
    an unknown variable or attribute, or whatever the trial renderings come to.
    """
    sample = next(form.trials())
    trees = {name: parse(source) for name, source in template.sources.items()}
    assigned = {name for tree in trees.values() for name in _assigned(tree)}
    for name, source in template.sources.items():
        # What is included sees the variables of what includes it.
        known = {*TOLD, *sample, *(assigned if name != template.name else ())}
        _check_names(trees[name], source, known)
        _check_attributes(trees[name], source, sample)
    for values in form.trials():
        template.render(values)


def _check_names(tree: nodes.Template, source: Source, known: Iterable[str]) -> None:
    listed = sorted(known)
    try:
        unknown = meta.find_undeclared_variables(tree) - set(listed)
    except TemplateAssertionError as error:  # an unknown filter or test
        told = f"template {source.file}:{error.lineno}: {error.message}"
        raise UserError(told) from error
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and node.ctx == "load":
            raise _unknown(source, node.lineno, f"variable {node.name!r}", node.name, listed)


def _check_attributes(tree: nodes.Template, source: Source, sample: Mapping[str, Any]) -> None:
    """Of values whose attributes are known beforehand, unless the template uses the name anew."""
    whole = {name for name, value in sample.items() if is_dataclass(value)} - _assigned(tree)
    for node in tree.find_all(nodes.Getattr):
        owner = node.node
        if isinstance(owner, nodes.Name) and owner.name in whole:
            known = [name for name in dir(sample[owner.name]) if not name.startswith("_")]
            if node.attr not in known and not node.attr.startswith("_"):
                what = f"attribute {owner.name}.{node.attr}"
                raise _unknown(source, node.lineno, what, node.attr, known)


def _assigned(tree: nodes.Template) -> set[str]:
    found = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    return found | {node.name for node in tree.find_all(nodes.Macro)}


def _unknown(source: Source, line: int, what: str, name: str, known: list[str]) -> UserError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return UserError(f"template {source.file}:{line}: unknown {what}; {hint}")
