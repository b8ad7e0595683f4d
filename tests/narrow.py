"""A base on a device that has no memory for more than a few rows at once."""

from pathlib import Path
from typing import Any

import torch

from selfinstruct.checkpoints.base import Base, load_base

SAID = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 1.00 GiB left"


class Narrow:
    """Loads such a base; `tried` tells how many rows were on it at once, one after the other."""

    def __init__(self, most: int, error: type[RuntimeError] = torch.OutOfMemoryError) -> None:
        self._most = most
        self._error = error
        self.tried: list[int] = []

    def load(self, name: str | Path, device: str) -> Base:
        base = load_base(str(name), device)

        def look(_model: Any, _given: Any, named: dict[str, Any]) -> None:
            rows = len(named["input_ids"])
            self.tried.append(rows)
            if rows > self._most:
                raise self._error(SAID)

        # Below the head, since LoRA calls the outermost model past its hooks.
        base.model.get_decoder().register_forward_pre_hook(look, with_kwargs=True)
        return base
