from pathlib import Path

import pytest

from selfinstruct.cli.doctor import examine, print_findings
from selfinstruct.errors import StoreError
from tests.finished import write_run


def test_an_installation_is_told_and_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    findings = examine(None)
    assert findings["healthy"]
    print_findings(findings)
    text = capsys.readouterr().out
    for words in ("selfinstruct", "sqlite", "free disk", "torch", "ok   "):
        assert words in text


def test_a_run_without_its_files_is_not_healthy_and_says_how_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    findings = examine(tmp_path)
    assert not findings["healthy"]
    failed = [check["what"] for check in findings["checks"] if not check["ok"]]
    assert [what.split(" ")[0] for what in failed] == [
        "real-only:",
        "round-1:",
        "rounds/1/accepted.jsonl",
        "rounds/1/mixture.jsonl",
    ]
    print_findings(findings)
    assert capsys.readouterr().out.count("mend: ") == 4


def test_a_run_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        examine(tmp_path / "none")
