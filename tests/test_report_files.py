import csv
from pathlib import Path
from xml.etree import ElementTree

from selfinstruct.cli.compare import compare_students
from selfinstruct.report.files import compare_picture, sweep_picture, thresholds_picture
from tests.finished import write_run
from tests.reported import sweep_found
from tests.test_report_thresholds import thresholds_found


def test_a_sweep_leaves_its_curve_and_the_numbers_behind_it(tmp_path: Path) -> None:
    picture, numbers = sweep_picture(sweep_found(), tmp_path / "out")
    assert (picture.name, numbers.name) == ("sweep.svg", "sweep.csv")
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    rows = list(csv.DictReader(numbers.open(newline="", encoding="utf-8")))
    assert sum(row["what"] == "arm" for row in rows) == 12
    assert sum(row["what"] == "mean" for row in rows) == 4


def test_a_comparison_leaves_its_forest_and_the_numbers_behind_it(tmp_path: Path) -> None:
    write_run(tmp_path / "r")
    picture, numbers = compare_picture(compare_students([str(tmp_path / "r")]), tmp_path)
    assert "gain in label accuracy" in picture.read_text(encoding="utf-8")
    rows = list(csv.DictReader(numbers.open(newline="", encoding="utf-8")))
    assert {row["line"] for row in rows} == {"base", "round-1"}


def test_thresholds_leave_their_curves_and_the_numbers_behind_them(tmp_path: Path) -> None:
    picture, numbers = thresholds_picture(thresholds_found(), tmp_path)
    assert "filters.novelty.threshold" in picture.read_text(encoding="utf-8")
    rows = list(csv.DictReader(numbers.open(newline="", encoding="utf-8")))
    assert [row["value"] for row in rows if row["present"] == "True"] == ["0.7", "off"]
