"""Templates to HTML: one self-contained page without a script; every word of a row is data.

Autoescape is on, and all that a template prints goes through `visible` first, so no row can move
the cursor of a reader's terminal, turn a line round, or smuggle in a control character.
"""

from typing import Any

import jinja2
from markupsafe import Markup, escape

from selfinstruct.printable import clip, visible
from selfinstruct.report import canvas
from selfinstruct.report.chart import Chart


def render(template: str, **values: Any) -> str:
    """A packaged template with its values, as HTML text; jinja2 raises for a missing one."""
    return _ENVIRONMENT.get_template(template).render(**values)


def picture(chart: Chart, svg: str) -> Markup:
    """A chart and its drawing in, an element of a page out, in the page's own colours.

    Where there is nothing to show it is a panel of words, which wraps on a narrow screen.
    """
    if chart.draw is None:
        why, _, step = chart.missing.partition("\n")
        return Markup('<div class="missing"><p>{}</p><p>{}</p></div>').format(why, step)
    return Markup('<div class="scroll">{}</div>').format(
        Markup(canvas.for_page(svg, chart.name, str(escape(chart.title))))
    )


def _printed(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("selfinstruct.report", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=_printed,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["clip"] = clip
