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


def test_a_run_without_its_adapters_is_not_healthy(tmp_path: Path) -> None:
    write_run(tmp_path)
    findings = examine(tmp_path)
    assert not findings["healthy"]
    failed = [check["what"] for check in findings["checks"] if not check["ok"]]
    assert len(failed) == 2
    assert failed[0].startswith("real-only: ")


def test_a_run_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        examine(tmp_path / "none")
