from pathlib import Path
from typing import Any

import datasets

from selfinstruct.export.facts import read_facts
from selfinstruct.export.formats import tabulate
from selfinstruct.export.lines import What, lines_of
from selfinstruct.export.parquet import as_parquet
from selfinstruct.seeds.formats import read_rows
from selfinstruct.store import Store
from tests.exported import HOSTILE, made, write_exported


def test_every_row_comes_back_through_datasets_and_through_the_seeds(tmp_path: Path) -> None:
    kinds: tuple[What, ...] = ("pool", "mixture", "rejects")
    with Store(write_exported(tmp_path / "t", extra=[HOSTILE])) as store:
        facts = read_facts(store)
        tables = {
            what: tabulate(lines_of(store, facts, what, None), facts, "parquet") for what in kinds
        }
    for what, table in tables.items():
        path = tmp_path / f"{what}.parquet"
        path.write_bytes(as_parquet(table.rows))
        cache = str(tmp_path / "cache")
        found = datasets.load_dataset(
            "parquet", data_files=str(path), split="train", cache_dir=cache
        )
        assert list(found) == list(table.rows)
    lines = read_rows("hf:pool.parquet", tmp_path).lines
    assert [row["id"] for _, row in lines if isinstance(row, dict)][:6] == [
        row.id for row in made(1)
    ]


def test_a_column_without_a_value_has_its_type_all_the_same() -> None:
    empty: dict[str, list[Any]] = {"parents": [], "scores": [], "turns": []}
    row = {"id": "a", "value": None, **empty, "round": 1}
    once = as_parquet([row])
    assert once == as_parquet([row])
    import io

    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(io.BytesIO(once))
    assert str(schema.field("value").type) == "double"
    assert str(schema.field("parents").type).startswith("list<")
