import csv
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.report.gather import gather
from selfinstruct.report.run import run_page, write_report
from selfinstruct.store import Store
from tests.finished import write_run
from tests.pages import Page
from tests.reported import Plan, write_reported_run

HOSTILE = (
    "<script>alert(1)</script> {{7*7}} {% raw %} </pre></style> \x1b[2J \x00 \u202eevil "
    "<img src=x onerror=alert(1)> &lt; $\\frac{1}{2}$ '\"" + "w" * 10_000
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with its report; nobody changes it."""
    folder = tmp_path_factory.mktemp("reports") / "my run"
    write_reported_run(folder, Plan(rounds=2))
    write_report(folder)
    return folder


def test_a_page_stands_on_its_own_and_says_everything_in_words(written: Path) -> None:
    page = Page((written / "report.html").read_text(encoding="utf-8"))
    assert page.faults == []
    assert page.counts["svg"] == page.counts["figure"] == 12
    assert page.counts["figcaption"] == 12
    for words in (
        "my run",
        "Champion, so far: round-1",
        "Round 1: ✓ accepted: +5.0 points [-2.0, +12.0] label accuracy on 40 gate rows",
        "Round 2: ? inconclusive",
        "Because of the numbers.",
        "held: a loss that large is ruled out",
        "alarm: distinct-1 of the mixture",
        "0.8 (limit 0.7)",
        "threshold: 0.7",
        "Numbers: report/novelty.csv",
    ):
        assert words in page.text


def test_beside_the_page_stand_a_picture_and_its_numbers_for_each_plot(written: Path) -> None:
    names = [path.stem for path in (written / "report").glob("*.svg")]
    assert len(names) == 12
    for name in names:
        with (written / "report" / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
            head, *rows = csv.reader(handle)
        assert rows
        assert {len(row) for row in rows} == {len(head)}


@pytest.mark.slow
def test_the_same_ledger_gives_the_same_bytes_and_is_left_alone(written: Path) -> None:
    before = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    page, *files = write_report(written)
    assert page == written / "report.html"
    assert [path.suffix for path in files] == [".svg", ".csv"] * 12
    after = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    assert after == before


def test_every_word_of_a_row_is_data(tmp_path: Path) -> None:
    folder = tmp_path / "<script>alert(1)<"
    write_reported_run(folder, Plan(rounds=1, words=HOSTILE, labels=[HOSTILE, "=1+1"]))
    html = write_report(folder)[0].read_text(encoding="utf-8")
    page = Page(html)
    assert page.faults == []
    assert page.counts["h1"] == 1
    assert "<script" not in html and "<img" not in html
    assert "{{7*7}}" in page.text
    assert "[U+202E]" in page.text and "\u202e" not in html
    assert "\x1b" not in html and "\x00" not in html
    labels = (folder / "report" / "labels.csv").read_text(encoding="utf-8")
    assert "'=1+1" in labels and "\n=1+1" not in labels


def test_a_run_that_is_going_and_one_of_an_older_version_have_a_page(tmp_path: Path) -> None:
    write_run(tmp_path / "old")
    page = Page(write_report(tmp_path / "old")[0].read_text(encoding="utf-8"))
    assert page.faults == []
    assert page.counts["figure"] == 12
    for words in (
        "The collapse watch is not recorded for this run.",
        "no sweep of this run yet",
        "no judge was used",
        "not recorded: no student of this run kept its losses",
    ):
        assert words in page.text
    with Store(tmp_path / "old") as store:
        data = store.real_data()
    assert data is not None
    with Store(tmp_path / "new", write=True) as store:
        store.freeze(data)
        going = Page(write_report(tmp_path / "new")[0].read_text(encoding="utf-8"))
    assert going.faults == []
    assert "No round has begun." in going.text


def test_the_gain_on_final_is_told_where_there_is_one(written: Path) -> None:
    facts = gather(written)
    gain = {"nll": {"value": 0.1, "low": -0.02, "high": 0.2}}
    page = Page(run_page(replace(facts, summary=facts.summary | {"final_gain": gain}), []))
    assert "more is better: +0.100 [-0.020, +0.200] NLL, nats/token." not in page.text
    final = facts.summary["students"][:1]
    summary = facts.summary | {"final_gain": gain, "final": final}
    page = Page(run_page(replace(facts, summary=summary), []))
    assert "more is better: +0.100 [-0.020, +0.200] NLL, nats/token." in page.text


def test_real_rows_that_were_left_out_are_told(tmp_path: Path) -> None:
    write_run(tmp_path)
    facts = gather(tmp_path)
    assert "4 final (2 duplicates left out)." in Page(run_page(facts, [])).text
    data = {**facts.summary["data"], "duplicates": 0, "incomplete": 3}
    page = Page(run_page(replace(facts, summary={**facts.summary, "data": data}), []))
    assert "4 final (3 incomplete left out)." in page.text


def test_no_run_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_trackers_did_not_take_stands_at_the_top(tmp_path: Path) -> None:
    write_run(tmp_path)
    facts = gather(tmp_path)
    assert "Not all was reported" not in run_page(facts, [])
    fault = {"tracker": "wandb", "at": "step 3 of t", "said": "<b>gone"}
    page = Page(run_page(replace(facts, summary={**facts.summary, "tracker_faults": [fault]}), []))
    assert page.faults == []
    assert "Not all was reported: wandb failed at step 3 of t, and the run went on: <b>gone" in (
        page.text
    )
