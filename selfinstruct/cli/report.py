"""`report`: a run as one HTML page, with its pictures and their numbers beside it."""

from pathlib import Path
from typing import Any

from selfinstruct.report import write_report
from selfinstruct.summary import SCHEMA_VERSION


def report_command(run: Path) -> dict[str, Any]:
    """Write the report of a run; what was written, the page first, as one object."""
    files = [str(path) for path in write_report(run)]
    return {"schema_version": SCHEMA_VERSION, "page": files[0], "files": files}
