"""Templates to pages, and the files beside them; every word of a row is data.

Autoescape is on, and all that a template prints goes through `visible` first. The files are read
when the server starts: no path of a request ever leads to the disk.
"""

from importlib import resources
from typing import Any

import jinja2

from selfinstruct.printable import clip, visible

KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def render(template: str, **values: Any) -> str:
    """A packaged template with its values, as HTML text; jinja2 raises for a missing one."""
    return _ENVIRONMENT.get_template(template).render(**values)


def statics() -> dict[str, tuple[bytes, str]]:
    """Name to content and type of every file that pages load."""
    folder = resources.files("selfinstruct.web") / "static"
    return {
        each.name: (each.read_bytes(), KINDS["." + each.name.rpartition(".")[2]])
        for each in folder.iterdir()
        if each.is_file()
    }


def _printed(value: Any) -> Any:
    # Markup is a string too, of a macro of ours: only what is exactly a str is other people's.
    return visible(value) if type(value) is str else value


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("selfinstruct.web", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=_printed,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["clip"] = clip
