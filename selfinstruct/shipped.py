"""Files that ship: inside the package when installed from a wheel, beside it in a checkout."""

from importlib import resources
from pathlib import Path
from typing import Literal


def shipped(kind: Literal["configs", "seeds"], name: str) -> Path:
    """The path of a shipped file."""
    packaged = Path(str(resources.files("selfinstruct"))) / "starter" / kind / name
    return packaged if packaged.is_file() else Path(__file__).parents[1] / kind / name
