from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.web.library import Library, lines, reasons
from tests.finished import write_run
from tests.reported import Plan, write_reported_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, a damaged one, a link to one elsewhere and things that are none."""
    place = tmp_path_factory.mktemp("library")
    write_run(place / "runs" / "finished")
    write_reported_run(place / "runs" / "made <b>", Plan(rounds=2))
    write_run(place / "elsewhere")
    (place / "runs" / "link").symlink_to(place / "elsewhere")
    (place / "runs" / "damaged").mkdir()
    (place / "runs" / "damaged" / "run.db").write_bytes(b"no database" * 500)
    (place / "runs" / "notes.txt").write_text("x")
    pictures = place / "runs" / "finished" / "report"
    pictures.mkdir()
    (pictures / "rounds.svg").write_text("<svg/>")
    (pictures / "rounds.csv").write_text("a")
    (pictures / "stolen.svg").symlink_to(place / "elsewhere" / "run.db")
    (place / "runs" / "finished" / "sweep.svg").write_text("<svg/>")
    return place / "runs"


def test_runs_are_those_of_the_folder_and_no_link(folder: Path) -> None:
    assert list(Library(folder).runs()) == ["damaged", "finished", "made <b>"]


def test_a_run_is_a_library_of_itself(folder: Path) -> None:
    library = Library(folder / "finished")
    assert library.is_run
    assert library.runs() == {"finished": folder / "finished"}


def test_a_folder_that_is_none_is_told(folder: Path) -> None:
    for path in (folder / "nowhere", folder / "notes.txt"):
        with pytest.raises(UserError, match="is no folder"):
            Library(path)


def test_pictures_are_the_files_that_are_there_and_no_link(folder: Path) -> None:
    library = Library(folder)
    assert list(library.pictures("finished")) == ["rounds", "sweep"]
    assert library.pictures("made <b>") == {}


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "",
        "/etc",
        "../elsewhere",
        "..%2felsewhere",
        "%2e%2e",
        "finished/../finished",
        "finished/",
        "finished\x00",
        "link",
        "notes.txt",
        "CON",
        "\uff0e\uff0e",
        "FINISHED",
    ],
)
def test_a_name_that_is_no_run_has_nothing(folder: Path, name: str) -> None:
    library = Library(folder)
    assert name not in library.runs()
    assert library.pictures(name) == {}


def test_every_run_has_a_line_the_damaged_one_too(folder: Path) -> None:
    found = {line.name: line for line in lines(Library(folder))}
    assert found["damaged"].fault
    finished = found["finished"]
    assert (finished.state, finished.champion, finished.fault) == ("finished", "round-1", "")
    assert finished.verdicts == ((1, "accept"),)
    assert (finished.real, finished.kept) == (1, 1)
    made = found["made <b>"]
    assert (made.state, made.champion) == ("incomplete", "round-1")
    assert made.verdicts == ((1, "accept"), (2, "inconclusive"))
    assert made.kept == 24


def test_reasons_come_commonest_first() -> None:
    entry = {"rejected": {"echo": 2, "too_short": 5, "duplicate": 2}}
    assert reasons(entry) == [("too_short", 5), ("duplicate", 2), ("echo", 2)]
