"""`init`: a folder with a config that runs, for the user to make their own: beside seeds that ship,
or for a file of their rows.
"""

import os
import re
import shlex
from pathlib import Path

import yaml

from selfinstruct.cli.false_alarms import false_alarms
from selfinstruct.cli.init_from import Found, look_at
from selfinstruct.cli.init_text import draft, told
from selfinstruct.config import Config, parse_config
from selfinstruct.config.section import check_id
from selfinstruct.disk.files import write_atomic
from selfinstruct.errors import UserError
from selfinstruct.progress import OnProgress, silent
from selfinstruct.seeds import split_read
from selfinstruct.shipped import shipped

SEEDS = "billing.jsonl"


def write_starter(folder: Path) -> list[Path]:
    """Write config.yaml and seeds.jsonl into a new or empty folder; the paths written come back."""
    _require_empty(folder)
    config = shipped("configs", "quickstart.yaml").read_text(encoding="utf-8")
    config = config.replace(f"../seeds/{SEEDS}", "seeds.jsonl")
    config = config.replace(
        "selfinstruct run configs/quickstart.yaml", "selfinstruct run config.yaml"
    )
    config = config.replace("name: quickstart", f"name: {_name(folder)}")
    seeds = shipped("seeds", SEEDS).read_text(encoding="utf-8")
    files = {"config.yaml": config, "seeds.jsonl": seeds}
    for name, text in files.items():
        write_atomic(folder / name, text)
    return [folder / name for name in files]


def write_for(
    folder: Path, rows: Path, encoding: str | None = None, on_progress: OnProgress = silent
) -> tuple[list[Path], list[str]]:
    """Write a config.yaml for a file of rows into a new or empty folder; the path written and what
    was found out come back.

    The rows stay where they are. Raises `UserError` where the file cannot be read, and where
    nothing tells which of its columns is what.
    """
    _require_empty(folder)
    if not rows.exists():
        raise UserError(f"no file at {rows}", next_step="name a file of rows with --from")
    path = Path(os.path.relpath(rows.resolve(), folder.resolve())).as_posix()
    found = look_at(rows, encoding, on_progress)
    name = _name(folder)
    there, said = folder / "config.yaml", told(found)
    config = draft(name, path, shlex.quote(str(there)), found, None)
    try:
        limit = _limit(config, found, rows, on_progress)
    except UserError as error:  # the rows do not split: the config is right, and `plan` says so too
        said, limit = [*said, f"{error.what.partition(': ')[2]}: {error.why}"], None
    config = draft(name, path, shlex.quote(str(there)), found, limit)
    parse_config(yaml.safe_load(config), where=f"the config for {rows}")
    write_atomic(there, config)
    return [there], said


def _limit(config: str, found: Found, rows: Path, on_progress: OnProgress) -> float | None:
    """The limit of ROUGE-L at which the contamination filter leaves the real rows alone, None where
    it does so as it stands or at no limit.
    """
    cfg: Config = parse_config(yaml.safe_load(config), where=f"the config for {rows}")
    data = split_read(found.read, cfg.seeds, cfg.seed, on_progress=on_progress)
    alarms = false_alarms(cfg, data, on_progress)
    rule, remedy = alarms["rouge_l"], alarms["remedy"]
    if rule is None or not rule["rejected"] or remedy is None or remedy <= rule["limit"]:
        return None
    return float(remedy)


def _name(folder: Path) -> str:
    """A run's name by that of a folder, which may hold characters that a name must not."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-_")[:64].strip("-_")
    try:
        return check_id(plain)
    except ValueError:
        return "run"


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"{folder} is not empty",
            why="nothing that is there shall be overwritten",
            next_step="name a new folder",
        )
