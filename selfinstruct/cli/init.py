"""`init`: a folder with a config and seeds that run as they are, for the user to make their own."""

from pathlib import Path

from selfinstruct.errors import UserError
from selfinstruct.files import write_atomic
from selfinstruct.shipped import shipped

SEEDS = "billing.jsonl"


def write_starter(folder: Path) -> list[Path]:
    """Write config.yaml and seeds.jsonl into a new or empty folder; the paths written come back."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"{folder} is not empty",
            why="nothing that is there shall be overwritten",
            next_step="name a new folder",
        )
    config = shipped("configs", "quickstart.yaml").read_text(encoding="utf-8")
    config = config.replace(f"../seeds/{SEEDS}", "seeds.jsonl")
    config = config.replace(
        "selfinstruct run configs/quickstart.yaml", "selfinstruct run config.yaml"
    )
    config = config.replace("name: quickstart", f"name: {folder.resolve().name}")
    seeds = shipped("seeds", SEEDS).read_text(encoding="utf-8")
    files = {"config.yaml": config, "seeds.jsonl": seeds}
    for name, text in files.items():
        write_atomic(folder / name, text)
    return [folder / name for name in files]
