"""A comparison as one HTML page: differences, tables, texts side by side, settings, cost."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfinstruct import telling
from selfinstruct.printable import clip
from selfinstruct.report import canvas
from selfinstruct.report.forest import forest_chart
from selfinstruct.report.html import picture, render

MOST_WORDS = 400
"""Of each of two texts; in longer ones no words are marked, as the search takes their product."""

Parts = list[tuple[str, bool]]


def compare_page(found: Mapping[str, Any]) -> str:
    """The object that `compare --json` prints in, the page as HTML text out."""
    chart = forest_chart(found)
    return render(
        "compare.html.j2",
        reference=found["reference"],
        failed=found["failed"],
        chart=chart,
        picture=picture(chart, canvas.draw_svg(chart)),
        held_out=found["held_out"],
        comparisons=[_comparison(one, words=found["held_out"]) for one in found["comparisons"]],
    )


def mark_words(ours: str, theirs: str) -> tuple[Parts, Parts]:
    """Two texts in, each in parts out: (words, whether the other text lacks them here)."""
    a, b = ours.split(), theirs.split()
    if max(len(a), len(b)) > MOST_WORDS:
        return [(ours, False)], [(theirs, False)]
    left: Parts = []
    right: Parts = []
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if i < j:
            left.append((" ".join(a[i:j]), tag != "equal"))
        if k < m:
            right.append((" ".join(b[k:m]), tag != "equal"))
    return left, right


def _comparison(one: Mapping[str, Any], *, words: bool) -> dict[str, Any]:
    primary = one["primary"]
    slices = [each for each in one["slices"] if each["comparison"]]
    return {
        **one,
        "rows": [_row(name, found) for name, found in one["metrics"].items()],
        "sliced": [
            {
                **_row(primary, each["comparison"] | {"p_value": each["adjusted"]}),
                "name": f"{each['dimension']}: {each['value']}",
                "n": each["n"],
            }
            for each in slices
        ],
        "untested": len(one["slices"]) - len(slices),
        "primary_name": telling.NAMES.get(primary, primary),
        "changed": {
            kind: list(_texts(one[kind])) if words else one[kind]
            for kind in ("improvements", "regressions")
        },
        "mixed": list(_mixed(one)),
        "spent": list(_spent(one)),
    }


def _row(metric: str, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": telling.NAMES.get(metric, metric),
        "metric": telling.name_metric(metric),
        "value": telling.score(metric, found["value"]),
        "reference": telling.score(metric, found["reference"]),
        "gain": telling.gain(metric, found["gain"]),
        "counts": f"{found['wins']} / {found['losses']}",
        "p": f"{found['p_value']:.2g}",
        "detectable": telling.amount(metric, found["detectable"]),
        "verdict": found["verdict"],
    }


def _texts(changed: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for text in changed:
        ours, theirs = mark_words(clip(text["ours"]), clip(text["theirs"]))
        yield {"asked": text["asked"], "label": text["label"], "ours": ours, "theirs": theirs}


def _mixed(one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for who in ("student", "reference"):
        mixture = one["mixture"][who]
        if mixture:
            yield {
                "name": one[who],
                "real": mixture["rows"] - mixture["synthetic"],
                "synthetic": mixture["synthetic"],
                "share": f"{mixture['achieved_share']:.0%}",
            }


def _spent(one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for who in ("student", "reference"):
        cost = one["cost"][who]
        run = cost["run"]
        yield {
            "name": one[who],
            "seconds": f"{cost['seconds']:.0f}",
            "calls": run.get("calls", 0),
            "tokens": run.get("prompt_tokens", 0) + run.get("completion_tokens", 0),
        }
