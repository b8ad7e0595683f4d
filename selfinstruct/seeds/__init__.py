"""The user's real data: read it (`read`), split it (`split`), or both at once."""

from dataclasses import replace
from pathlib import Path

from selfinstruct.config import SeedsConfig
from selfinstruct.seeds.read import read_examples
from selfinstruct.seeds.split import group_rows, notes, split_examples
from selfinstruct.types import RealData

__all__ = ["group_rows", "notes", "read_examples", "read_real_data", "split_examples"]


def read_real_data(cfg: SeedsConfig, base: Path, seed: int) -> RealData:
    """The file of `cfg` in (a relative path starts at `base`), its rows in four splits out.

    Raises `UserError` for whatever a person has to mend first; `notes` says what else is odd.
    """
    read = read_examples(cfg, base)
    data = split_examples(read.examples, cfg, seed)
    return replace(data, duplicates=read.duplicates, skipped=read.skipped)
