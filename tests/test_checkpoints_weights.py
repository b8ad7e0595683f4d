import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from selfinstruct.checkpoints import weights
from selfinstruct.disk.files import digest_file
from selfinstruct.errors import UserError
from selfinstruct.wheels import GEMMA, WHEELS

ROOT = Path(__file__).parents[1]
GGUF = b"GGUF and nothing more"


def finished(cache: Path, gguf: Path) -> Path:
    folder = cache / digest_file(gguf)[:32]
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "selfinstruct.json").write_text(json.dumps({"config.json": 2}))
    return folder


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(GGUF)
    return path


def test_a_folder_is_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert weights.locate(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["org/model", "org/model-1.5B_v2", "gpt2"])
def test_a_hub_id_stays_a_hub_id(name: str) -> None:
    assert weights.locate(name) == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bundeld", "did you mean bundled"),
        ("gemma-3-27m", "did you mean gemma-3-270m"),
        ("missing.gguf", "no model at missing.gguf"),
        ("./missing", "no model at ./missing"),
        ("/missing/folder", "no model at /missing/folder"),
        ("a/b/c", "no model at a/b/c"),
        ("my model", "no model at my model"),
        ("org/a--b", "no model at org/a--b"),
        ("org/", "no model at org/"),
        ("caf\xe9", "no model at caf"),
    ],
)
def test_what_is_not_there_is_named(name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        weights.locate(name)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json"):
        weights.locate(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "words"),
    [("bundeld", "did you mean bundled"), ("gemma-270m", "did you mean gemma-3-270m"), ("x", "x")],
)
def test_what_is_no_gguf_is_named(name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        weights.gguf_file(name)


def install_gemma(folder: Path, parts: int) -> None:
    """Packages as the real ones are laid out, with other bytes."""
    for package, file in WHEELS[GEMMA].parts[:parts]:
        path = folder / package / file
        path.parent.mkdir(parents=True)
        path.write_bytes(f"part {file}".encode())
        (folder / package / "__init__.py").write_text("raise SystemExit('imported')")


LOCATE = """
import sys
from pathlib import Path
from selfinstruct.checkpoints import weights
from selfinstruct.errors import UserError
for ask in (weights.locate, weights.gguf_file, weights.identify):
    try:
        print(ask("gemma-3-270m"))
    except UserError as error:
        print(error.what, "|", error.next_step)
print(*Path(sys.argv[1]).rglob("*.*"))
"""


@pytest.mark.parametrize(
    ("parts", "what", "next_step"),
    [
        (3, "the model gemma-3-270m is not installed", "pip install 'selfinstruct[gemma]'"),
        (4, "do not make the file that they should", "--force-reinstall"),
    ],
)
def test_a_shipped_model_is_whole_or_refused(
    tmp_path: Path, parts: int, what: str, next_step: str
) -> None:
    install_gemma(tmp_path / "site", parts)
    done = subprocess.run(
        [sys.executable, "-c", LOCATE, tmp_path / "cache"],
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path / 'site'}:{ROOT}",
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    *told, left = done.stdout.splitlines()
    assert len(told) == 3
    assert all(what in line and next_step in line for line in told)
    assert left == ""


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(UserError, match="not a GGUF file"):
        weights.locate(str(tmp_path / "model.bin"))


def test_digest_is_of_content(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "a.safetensors").write_bytes(b"weights")
    assert weights.digest(one) == weights.digest(other)
    (other / "a.safetensors").write_bytes(b"weighty")
    assert weights.digest(one) != weights.digest(other)
    assert weights.digest(one / "a.safetensors") == digest_file(one / "a.safetensors")


def test_digest_of_a_hub_id_is_its_cached_commit(tmp_path: Path) -> None:
    script = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from selfinstruct.checkpoints import weights
cache = Path(sys.argv[1]) / "hub" / "models--org--model"
(cache / "snapshots" / "abc123").mkdir(parents=True)
(cache / "snapshots" / "abc123" / "config.json").write_text("{}")
(cache / "refs").mkdir()
(cache / "refs" / "main").write_text("abc123")
print(weights.digest("org/model"), weights.digest("org/other"))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["org/model@abc123", "org/other"]


def test_a_finished_conversion_is_used_again(tmp_path: Path, gguf: Path) -> None:
    notes: list[str] = []
    folder = finished(tmp_path / "cache", gguf)
    assert weights.convert(gguf, tmp_path / "cache", notes.append) == folder
    assert notes == []


@pytest.mark.parametrize("damage", ["no manifest", "torn manifest", "cut file", "lost file"])
def test_a_broken_conversion_is_not_used(tmp_path: Path, gguf: Path, damage: str) -> None:
    notes: list[str] = []
    folder = finished(tmp_path / "cache", gguf)
    match damage:
        case "no manifest":
            (folder / "selfinstruct.json").unlink()
        case "torn manifest":
            (folder / "selfinstruct.json").write_text("{")
        case "cut file":
            (folder / "config.json").write_text("")
        case "lost file":
            (folder / "config.json").unlink()
    with pytest.raises(UserError, match="cannot be converted"):
        weights.convert(gguf, tmp_path / "cache", notes.append)
    assert "model.gguf" in notes[0]


def test_a_failed_conversion_leaves_nothing(tmp_path: Path, gguf: Path) -> None:
    with pytest.raises(UserError, match=r"model\.gguf cannot be converted"):
        weights.convert(gguf, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_of_two_that_convert_at_once_one_result_stays(tmp_path: Path, gguf: Path) -> None:
    both_are_at_it = threading.Barrier(2, timeout=60)

    def write(source: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(source.read_bytes())
        both_are_at_it.wait()

    cache = tmp_path / "cache"
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: weights.convert(gguf, cache, write=write), range(2))
    assert one == other
    assert list(cache.iterdir()) == [one]
    assert (one / "model.safetensors").read_bytes() == GGUF


@pytest.mark.slow
def test_the_converted_model_is_the_bundled_one() -> None:
    import torch
    import transformers

    gguf = weights.shipped_gguf("bundled")
    folder = weights.locate("bundled")
    converted = transformers.AutoModelForCausalLM.from_pretrained(folder)
    original = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    ids = torch.arange(100, 140)[None]
    with torch.inference_mode():
        assert torch.equal(converted(ids).logits, original(ids).logits)
    assert converted.config.tie_word_embeddings
    assert converted.lm_head.weight.data_ptr() == converted.model.embed_tokens.weight.data_ptr()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert "<|im_start|>" in str(tokenizer.chat_template)
    assert tokenizer.eos_token == "<|im_end|>"


def test_a_model_is_identified_by_what_it_holds_once_it_is_here(gguf: Path) -> None:
    before = weights.identify(str(gguf))
    assert before == digest_file(gguf)
    gguf.write_bytes(b"GGUF and more")
    assert weights.identify(str(gguf)) not in (before, None)
    assert weights.identify(str(gguf.parent)) == weights.digest(gguf.parent)
    assert weights.identify("nobody/never-fetched") is None
    for name in ("my model", "./gone", "a/b/c"):  # the hub's library raises for those
        assert weights.identify(name) is None
