"""Rows as a Parquet file. pyarrow takes a while to load, so whoever writes none must not import
this.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow
import pyarrow.parquet

TURN = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
SCORE = pyarrow.struct(
    [
        ("name", pyarrow.string()),
        ("value", pyarrow.float64()),
        ("source", pyarrow.string()),
        ("detail", pyarrow.string()),
    ]
)
TYPES: Mapping[str, Any] = {
    "turns": pyarrow.list_(TURN),
    "scores": pyarrow.list_(SCORE),
    "parents": pyarrow.list_(pyarrow.string()),
    "round": pyarrow.int64(),
    "depth": pyarrow.int64(),
    "value": pyarrow.float64(),
    "threshold": pyarrow.float64(),
}
"""Columns that are not text; stated, since a column without any value would have no type."""


def as_parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows with the same keys in, the bytes of the file out."""
    schema = pyarrow.schema([(name, TYPES.get(name, pyarrow.string())) for name in rows[0]])
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema), written)
    return written.getvalue()
