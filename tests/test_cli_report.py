import json
import subprocess
import sys
from pathlib import Path

from selfinstruct.cli.report import report_command
from tests.finished import write_run


def test_the_page_and_its_files_are_told_as_one_object(tmp_path: Path) -> None:
    write_run(tmp_path)
    written = json.loads(json.dumps(report_command(tmp_path)))
    assert written["schema_version"] == 1
    assert written["page"] == written["files"][0] == str(tmp_path / "report.html")
    assert len(written["files"]) == 25
    assert all(Path(path).exists() for path in written["files"])


def test_without_matplotlib_the_command_to_install_it_is_named() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from selfinstruct.errors import UserError\n"
        "try:\n    import selfinstruct.cli.report\n"
        "except UserError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'selfinstruct[report]'" in done.stdout
