"""Datasets of the hub, their folders and .parquet in, numbered raw rows out."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import find
from selfinstruct.errors import UserError
from selfinstruct.seeds.tables import Line


def hub_rows(spec: str, base: Path) -> Iterator[Line]:
    """The rows of `NAME[:SPLIT]`, numbered from 1: a dataset of the hub, a folder or a .parquet."""
    name, _, split = spec.partition(":")
    if not name:
        raise UserError(f"hf:{spec} names no dataset", next_step="write hf:NAME or hf:NAME:SPLIT")
    yield from _rows(name, split or None, find(name, base))


def parquet_rows(path: Path) -> Iterator[Line]:
    """The rows of a .parquet file, numbered from 1."""
    yield from _rows(str(path), None, path)


def _rows(name: str, split: str | None, local: Path | None) -> Iterator[Line]:
    datasets = importlib.import_module("datasets")  # heavy: seconds, and most runs need none of it
    spec = f"{name}:{split}" if split else name
    try:
        table = _load(datasets, name, split, local)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"datasets cannot load hf:{spec}: {str(error).partition(chr(10))[0]}",
            next_step="check the name and the network; the form is hf:NAME or hf:NAME:SPLIT",
        ) from None
    if isinstance(table, Mapping):
        chosen = split or ("train" if len(table) > 1 else next(iter(table)))
        if chosen not in table:
            raise UserError(
                f"hf:{spec} has no split {chosen!r}",
                next_step=f"hf:{name}:SPLIT with one of {', '.join(table)}",
            )
        table = table[chosen]
    classes = {
        column: feature.names
        for column, feature in table.features.items()
        if isinstance(feature, datasets.ClassLabel)
    }
    for number, row in enumerate(table, start=1):
        named = {column: _class_name(names, row[column]) for column, names in classes.items()}
        yield number, {**row, **named}


def _class_name(names: Sequence[str], index: int | None) -> str | None:
    return None if index is None or index < 0 else names[index]  # -1 is "no label" in `datasets`


def _load(datasets: Any, name: str, split: str | None, local: Path | None) -> Any:
    if local is None:
        return datasets.load_dataset(name, split=split)
    if local.suffix.lower() == ".parquet":
        return datasets.load_dataset("parquet", data_files=str(local), split=split)
    if (local / "state.json").exists() or (local / "dataset_dict.json").exists():
        table = datasets.load_from_disk(str(local))
        if split is not None and not isinstance(table, Mapping):
            raise ValueError(f"it was saved without splits, so it has no {split!r}")
        return table
    return datasets.load_dataset(str(local.resolve()), split=split)
