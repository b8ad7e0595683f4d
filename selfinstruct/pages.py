"""Packaged templates to HTML, for every page that people open; every word of a row is data.

Autoescape is on, and all that a template prints goes through `visible` first, so no row can turn a
line round, smuggle in a control character or be read as markup.
"""

from typing import Any, Protocol

import jinja2
from markupsafe import Markup

from selfinstruct.printable import clip, visible


class Render(Protocol):
    """A template's name and its values in, HTML text out; jinja2 raises for a missing one."""

    def __call__(self, template: str, /, **values: Any) -> str:
        """The page."""
        ...


def renderer(package: str) -> Render:
    """What renders the templates of a package, which stand in its folder `templates`."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clip"] = clip

    def render(template: str, /, **values: Any) -> str:
        return environment.get_template(template).render(**values)

    return render


def _printed(value: Any) -> Any:
    # Markup is a str too, of a macro or a picture of ours; any other str is other people's words.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
