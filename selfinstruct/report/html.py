"""Templates and charts to HTML: one self-contained page without a script."""

from markupsafe import Markup, escape

from selfinstruct.pages import renderer
from selfinstruct.report import canvas
from selfinstruct.report.chart import Chart

render = renderer("selfinstruct.report")


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
