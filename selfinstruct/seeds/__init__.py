"""The user's real data: read it (`read`), split it (`split`), or both at once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from selfinstruct.config import LicensesConfig, SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.licenses import count_licenses, is_allowed
from selfinstruct.progress import OnProgress, silent
from selfinstruct.seeds.read import ReadResult, read_examples
from selfinstruct.seeds.split import group_rows, notes, split_examples
from selfinstruct.types import Example, RealData

__all__ = [
    "ReadResult",
    "group_rows",
    "notes",
    "read_examples",
    "read_real_data",
    "split_examples",
    "split_read",
]


ANY = LicensesConfig()


def read_real_data(
    cfg: SeedsConfig,
    base: Path,
    seed: int,
    licenses: LicensesConfig = ANY,
    on_progress: OnProgress = silent,
) -> RealData:
    """The file of `cfg` in (a relative path starts at `base`), its rows in four splits out.

    Raises `UserError` for whatever a person has to mend first, rows under a licence that is not
    allowed among it; `notes` says what else is odd.
    """
    read = read_examples(cfg, base, on_progress)
    return split_read(read, cfg, seed, licenses, on_progress)


def split_read(
    read: ReadResult,
    cfg: SeedsConfig,
    seed: int,
    licenses: LicensesConfig = ANY,
    on_progress: OnProgress = silent,
) -> RealData:
    """The same of a file that has been read."""
    rows = _allowed(read.examples, licenses)
    data = split_examples(rows, cfg, seed, on_progress)
    return replace(
        data,
        duplicates=read.duplicates,
        skipped=read.skipped,
        forbidden=len(read.examples) - len(rows),
        incomplete=read.incomplete,
    )


def _allowed(rows: Sequence[Example], cfg: LicensesConfig) -> tuple[Example, ...]:
    """The rows whose licence the policy allows; it says whether there may be others."""
    kept = tuple(row for row in rows if is_allowed(row.license, cfg.allow))
    if len(kept) == len(rows) or (kept and cfg.on_forbidden == "drop"):
        return kept
    wrong = count_licenses(row for row in rows if not is_allowed(row.license, cfg.allow))
    counts = ", ".join(f"{name} {count}" for name, count in wrong.items())
    raise UserError(
        f"{len(rows) - len(kept)} of {len(rows)} seed rows come under a licence that "
        f"licenses.allow does not name: {counts}",
        why=f"allowed: {', '.join(cfg.allow or ())}; whatever is made from a row comes under its "
        "licence too",
        next_step="name it in licenses.allow, or state that of rows without one in seeds.license"
        + ("; or leave those rows out with licenses.on_forbidden=drop" if kept else ""),
    )
