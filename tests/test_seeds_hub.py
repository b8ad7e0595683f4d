from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.seeds.read import read_examples


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two rows in every form that `datasets` has on disk; the second row has no label."""
    import datasets

    folder = tmp_path_factory.mktemp("hub")
    datasets.disable_progress_bars()
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    rows = datasets.Dataset.from_dict({"text": ["x", "y"], "label": [1, None]}, features=features)
    (folder / "folder").mkdir()
    (folder / "empty").mkdir()
    for name in ("rows.parquet", "folder/train.parquet", "folder/test.parquet"):
        rows.to_parquet(str(folder / name))
    rows.save_to_disk(str(folder / "saved"))
    datasets.DatasetDict({"a": rows, "b": rows}).save_to_disk(str(folder / "splits"))
    (folder / "broken.parquet").write_text("junk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        yield folder


def hub_config(name: str) -> SeedsConfig:
    return SeedsConfig(
        path=f"hf:{name}", columns={"input": "text"}, instruction="Sort.", skip_bad=True
    )


@pytest.mark.slow  # loads `datasets`
@pytest.mark.parametrize(
    "name",
    ["rows.parquet", "rows.parquet:train", "folder", "folder:test", "saved", "splits:b"],
)
def test_datasets_on_disk_are_read(hub: Path, name: str) -> None:
    result = read_examples(hub_config(name), hub)
    assert [(e.input, e.label, e.source) for e in result.examples] == [
        ("x", "good", f"hf:{name}:1")
    ]
    assert result.faults == (f"hf:{name}:2: no response and no label",)


@pytest.mark.slow  # loads `datasets`
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("splits", "has no split 'train'"),
        ("splits:c", "has no split 'c'"),
        ("saved:train", "saved without splits"),
        ("folder:c", 'Unknown split "c"'),
        ("broken.parquet", "cannot load hf:broken.parquet"),
        ("empty", "doesn't contain any data files"),
        ("/no/such/folder", "cannot load hf:/no/such/folder"),
        ("", "names no dataset"),
    ],
)
def test_a_dataset_that_cannot_be_loaded_is_an_error_for_people(
    hub: Path, name: str, reason: str
) -> None:
    with pytest.raises(UserError, match=reason) as caught:
        read_examples(hub_config(name), hub)
    assert caught.value.next_step


@pytest.mark.slow  # loads `datasets`
def test_a_parquet_file_is_read_by_its_path(hub: Path) -> None:
    cfg = hub_config("x").model_copy(update={"path": "rows.parquet"})
    assert [(e.input, e.label, e.source) for e in read_examples(cfg, hub).examples] == [
        ("x", "good", "rows.parquet:1")
    ]
