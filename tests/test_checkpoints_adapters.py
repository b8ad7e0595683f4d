import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM

from selfinstruct import failpoints
from selfinstruct.checkpoints.adapters import load_checkpoint, publish, require_ours
from selfinstruct.disk.manifest import MANIFEST
from selfinstruct.errors import DiskError, StoreError, UserError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(scope="module")
def model(tiny_base: Path) -> Any:
    lora = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_base), lora)


@pytest.fixture
def adapter(model: Any, tmp_path: Path) -> Path:
    out = tmp_path / "rounds" / "adapter"
    publish(model, "some/base", out)
    return out


def test_what_was_published_is_read_back(adapter: Path) -> None:
    checkpoint = load_checkpoint(adapter, "round-1")
    assert (checkpoint.name, checkpoint.base, checkpoint.adapter) == (
        "round-1",
        "some/base",
        adapter,
    )
    assert [path.name for path in adapter.parent.iterdir()] == ["adapter"]


def test_the_digest_is_of_the_content_and_not_of_the_place(adapter: Path, model: Any) -> None:
    elsewhere = adapter.parents[1] / "other"
    publish(model, "another/base", elsewhere)
    here = load_checkpoint(adapter, "a").digest
    assert load_checkpoint(elsewhere, "b").digest == here
    (elsewhere / "adapter_model.safetensors").write_bytes(b"other weights")
    manifest = json.loads((elsewhere / MANIFEST).read_text())
    with pytest.raises(StoreError):
        load_checkpoint(elsewhere, "b")
    assert manifest["files"].keys() == {"adapter_config.json", "adapter_model.safetensors"}


def flip_a_byte(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def cut_short(folder: Path) -> None:
    path = folder / "adapter_config.json"
    path.write_bytes(path.read_bytes()[:-1])


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped byte": (flip_a_byte, "adapter_model.safetensors is not what was written"),
    "a cut file": (cut_short, "adapter_config.json is not what was written"),
    "a lost file": (lambda f: (f / "adapter_config.json").unlink(), "adapter_config.json is not"),
    "a file too many": (lambda f: (f / "more.bin").touch(), "more.bin is not"),
    "no manifest": (lambda f: (f / MANIFEST).unlink(), "manifest.json cannot be read"),
    "a torn manifest": (lambda f: (f / MANIFEST).write_text("{"), "manifest.json cannot be read"),
    "a strange manifest": (lambda f: (f / MANIFEST).write_text("[1]"), "cannot be read"),
    "a manifest of nothing": (lambda f: (f / MANIFEST).write_text('{"base": "b"}'), "cannot be"),
    "no folder": (shutil.rmtree, "manifest.json cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_never_loaded(adapter: Path, damage: str) -> None:
    break_it, words = DAMAGE[damage]
    break_it(adapter)
    with pytest.raises(StoreError, match="incomplete or damaged") as caught:
        load_checkpoint(adapter, "round-1")
    assert words in caught.value.why


@pytest.mark.parametrize(
    "name", ["adapter_config.json", "adapter_model.safetensors", "manifest.json"]
)
def test_no_file_can_be_cut_or_lost_or_changed_unnoticed(adapter: Path, name: str) -> None:
    """At twenty places of each file; of the manifest, that says what the others are, at all."""
    before, whole = load_checkpoint(adapter, "a"), (adapter / name).read_bytes()
    places = range(0, len(whole), 1 if name == MANIFEST else max(1, len(whole) // 20))
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1
        for damaged in (whole[:place], bytes(flipped)):
            (adapter / name).write_bytes(damaged)
            try:
                found = load_checkpoint(adapter, "a")
            except StoreError:
                continue
            # Only the words of the manifest that name the base say nothing of the files; a run
            # holds them against its own.
            assert name == MANIFEST
            assert found.digest == before.digest
            assert len(damaged) == len(whole)
    (adapter / name).unlink()
    with pytest.raises(StoreError, match="incomplete or damaged"):
        load_checkpoint(adapter, "a")


def test_what_a_crash_left_is_cleared_away_and_neighbours_are_not(
    adapter: Path, model: Any
) -> None:
    left, neighbour = adapter.with_name(".adapter.0123abcd.part"), adapter.with_name("other")
    left.mkdir()
    neighbour.mkdir()
    publish(model, "some/base", adapter)
    assert sorted(path.name for path in adapter.parent.iterdir()) == ["adapter", "other"]


class Unwritable:
    """A model whose weights do not go to the disk."""

    def __init__(self, model: Any) -> None:
        self.peft_config = model.peft_config

    def save_pretrained(self, folder: Path, **_: object) -> None:
        (folder / "adapter_model.safetensors").write_text("half of")
        raise SafetensorError("I/O error: No space left on device (os error 28)")


def test_a_failed_write_leaves_the_old_adapter_and_nothing_else(adapter: Path, model: Any) -> None:
    before = load_checkpoint(adapter, "a")
    with pytest.raises(DiskError, match=f"{adapter} could not be written: No space left"):
        publish(Unwritable(model), "some/base", adapter)
    assert load_checkpoint(adapter, "a") == before
    assert [path.name for path in adapter.parent.iterdir()] == ["adapter"]


@pytest.mark.parametrize("place", ["written", "listed", "aside"])
def test_a_disk_that_fills_up_on_the_way_leaves_the_old_adapter(
    adapter: Path, model: Any, place: str
) -> None:
    before = load_checkpoint(adapter, "a")
    failpoints.arm(f"adapter.{place}:1:full")
    with pytest.raises(DiskError, match=f"{adapter} could not be written"):
        publish(model, "another/base", adapter)
    failpoints.arm("")
    assert load_checkpoint(adapter, "a") == before
    assert [path.name for path in adapter.parent.iterdir()] == ["adapter"]


def test_a_folder_that_is_no_adapter_is_not_ours(adapter: Path, tmp_path: Path) -> None:
    require_ours(adapter)
    require_ours(tmp_path / "not yet")
    with pytest.raises(UserError, match="is no adapter"):
        require_ours(tmp_path)
