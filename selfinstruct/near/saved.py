"""An index in a file, and read back where it is still the same: no text is tokenised again.

Plain arrays, no pickle. The file opens with the SHA-256 of the rest, so that what was damaged is
not read, and holds the key it was saved under: of what the index was made, and how. Blocks are
sealed anew, which takes longer than reading them would and keeps the file small.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from selfinstruct.disk.files import write_atomic
from selfinstruct.near.coded import CODE_POINTS, UTF_32, Packed, pack, unpack
from selfinstruct.near.index import RougeIndex, State

VERSION = "1"
"""Another one where `words` or this file's layout changes: what was saved before is then stale."""
HEX = hashlib.sha256().digest_size * 2


def save_index(path: Path, key: str, index: RougeIndex, ids: Sequence[str]) -> None:
    """Put the index and an id for each of its texts in a file, in one step.

    Raises `DiskError` where the disk refuses it.
    """
    state = index.state
    buffer = io.BytesIO()
    np.savez(
        buffer,
        key=_coded(f"{VERSION}/{key}"),
        ids=_coded(list(ids)),
        vocabulary=_coded(state.vocabulary),
        numbers=unpack(state.texts).astype(np.uint32),
        lengths=state.lengths,
        sketches=state.sketches,
    )
    content = buffer.getvalue()
    write_atomic(path, hashlib.sha256(content).hexdigest().encode() + content)


def load_index(path: Path, key: str, index: RougeIndex) -> list[str] | None:
    """The ids of what was saved, and all of it in the index; None, and the index as it was, where
    there is no file, it is damaged, or it was saved under another key.
    """
    if not path.is_file():
        return None
    whole = path.read_bytes()
    content = whole[HEX:]
    if whole[:HEX] != hashlib.sha256(content).hexdigest().encode():
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        if _read(arrays["key"]) != f"{VERSION}/{key}":
            return None
        texts = _texts(arrays["numbers"], arrays["lengths"])
        vocabulary = _read(arrays["vocabulary"])
        index.restore(State(vocabulary, texts, arrays["lengths"], arrays["sketches"]))
        ids: list[str] = _read(arrays["ids"])
    return ids


def _texts(numbers: npt.NDArray[np.uint32], lengths: npt.NDArray[np.int32]) -> list[Packed]:
    ends = lengths.cumsum().tolist()
    bounds = list(pairwise([0, *ends]))
    if len(numbers) and numbers.max() >= CODE_POINTS:
        return [pack(numbers[start:end].tolist()) for start, end in bounds]
    joined = numbers.tobytes().decode(UTF_32, "surrogatepass")
    return [joined[start:end] for start, end in bounds]


def _coded(value: object) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _read(coded: npt.NDArray[np.uint8]) -> Any:
    return json.loads(coded.tobytes())
