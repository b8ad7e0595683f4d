"""`init`: a folder with a config and seeds that run as they are, for the user to make their own."""

from importlib import resources
from pathlib import Path

from selfinstruct.errors import UserError
from selfinstruct.files import write_atomic

SEEDS = "billing.jsonl"


def write_starter(folder: Path) -> list[Path]:
    """Write config.yaml and seeds.jsonl into a new or empty folder; the paths written come back."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"{folder} is not empty",
            why="nothing that is there shall be overwritten",
            next_step="name a new folder",
        )
    config = _shipped("configs", "quickstart.yaml").replace(f"../seeds/{SEEDS}", "seeds.jsonl")
    config = config.replace(
        "selfinstruct run configs/quickstart.yaml", "selfinstruct run config.yaml"
    )
    config = config.replace("name: quickstart", f"name: {folder.resolve().name}")
    files = {"config.yaml": config, "seeds.jsonl": _shipped("seeds", SEEDS)}
    for name, text in files.items():
        write_atomic(folder / name, text)
    return [folder / name for name in files]


def _shipped(kind: str, name: str) -> str:
    """A shipped file: inside the package when installed from a wheel, beside it in a checkout."""
    packaged = resources.files("selfinstruct") / "starter" / kind / name
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / kind / name).read_text(encoding="utf-8")
