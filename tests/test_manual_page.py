"""The page of settings: what is committed is what the code says."""

import re
from pathlib import Path

from selfinstruct.config import Config
from selfinstruct.manual.page import PARTS, settings_page
from selfinstruct.manual.walk import groups

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def test_the_committed_page_is_that_of_the_code() -> None:
    told = "run: selfinstruct settings --md > docs/settings.md"
    assert PAGE.read_text(encoding="utf-8") == settings_page(), told


def test_every_section_stands_under_one_heading() -> None:
    under = [name for _, sections in PARTS for name in sections if name]
    assert sorted(under) == sorted({each.name.partition(".")[0] for each in groups() if each.name})
    assert {*under, "name", "out", "seed"} == set(Config.model_fields)


def test_every_setting_is_on_the_page_once_under_its_section() -> None:
    parts = dict(
        re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", settings_page(), re.MULTILINE | re.DOTALL)
    )
    for group in groups():
        if group.name and not group.like:
            told = re.findall(r"^- \*\*`(\w+)", parts[group.name], re.MULTILINE)
            assert told == [knob.name.rpartition(".")[2] for knob in group.knobs]


def test_links_lead_to_headings_that_are_there() -> None:
    page = settings_page()
    for name in re.findall(r"\]\(#(\S+)\)", page):
        assert f"### {name}\n" in page


def test_no_line_is_too_wide_to_read() -> None:
    wide = [line for line in settings_page().splitlines() if len(line) > 120 and "`" not in line]
    assert wide == []
