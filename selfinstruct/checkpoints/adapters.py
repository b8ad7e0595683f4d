"""The folder of one adapter: it appears whole, and is held against its manifest when read.

A folder without a valid manifest, written last, is no adapter. Weights are safetensors.
"""

from pathlib import Path
from typing import Any

from selfinstruct.disk.files import replacing
from selfinstruct.disk.manifest import MANIFEST, changed_file, read_manifest, seal
from selfinstruct.errors import StoreError, UserError
from selfinstruct.failpoints import failpoint
from selfinstruct.types import Checkpoint, digest


def require_ours(out: Path) -> None:
    """Raises `UserError` where something other than an adapter lies at `out`."""
    if out.exists() and not (out / MANIFEST).exists():
        raise UserError(
            f"{out} exists and is no adapter", next_step="name a new folder, or move that one away"
        )


def publish(model: Any, base: str, out: Path) -> None:
    """Write the adapter of a PEFT model of `base` beside `out`, then put it there in one step.

    Raises `DiskError` where the disk refuses; what lay at `out` lies there still.
    """
    with replacing(out, "adapter") as part:
        _write(model, part)
        failpoint("adapter.written")
        seal(part, {"base": base})
        failpoint("adapter.listed")


def load_checkpoint(folder: Path, name: str) -> Checkpoint:
    """The checkpoint at a folder that `publish` wrote; its digest is that of the adapter's files.

    Raises `StoreError` where a file is missing, added or changed.
    """
    try:
        manifest = read_manifest(folder)
        base = manifest["base"]
    except (ValueError, KeyError) as error:
        raise _damaged(folder, str(error)) from None
    if changed := changed_file(folder, manifest):
        raise _damaged(folder, f"{changed} is not what was written")
    return Checkpoint(name, base, folder, digest(manifest["files"]))


def fold_folder(name: str) -> str:
    """Where in its round's folder the adapter of a fold lies, such as `fold 2 of 5`."""
    return f"folds/{name.removeprefix('fold ').replace(' ', '-')}"


def require_same(checkpoint: Checkpoint, base: str, wanted: str) -> Checkpoint:
    """The checkpoint, if it belongs on this base and its digest is the one that the ledger holds.

    Raises `StoreError` for any other: the digest is that of the adapter's files, which do not say
    what they belong on.
    """
    if (checkpoint.digest, checkpoint.base) != (wanted, base):
        raise StoreError(
            f"{checkpoint.adapter} is not the adapter of {checkpoint.name} that was evaluated",
            why="its digest or its base differs from the ledger's; another machine or another "
            "version of torch trains another one",
            next_step=f"restore {checkpoint.adapter} from a copy, or start a run of another name",
        )
    return checkpoint


def _write(model: Any, folder: Path) -> None:
    adapter = model.peft_config["default"]
    # A set's order changes from process to process, and the base's folder from machine to machine;
    # neither may change the digest.
    adapter.target_modules = sorted(adapter.target_modules)
    adapter.base_model_name_or_path = Path(adapter.base_model_name_or_path).name
    # Asked to save what changed of the embeddings, PEFT looks the base up on the Hub.
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()  # a form full of blanks


def _damaged(folder: Path, why: str) -> StoreError:
    return StoreError(
        f"the adapter in {folder} is incomplete or damaged",
        why=why,
        next_step=f"delete {folder} and train it again",
    )
