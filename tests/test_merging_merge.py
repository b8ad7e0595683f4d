"""The oracle is PEFT itself: base and adapter, loaded apart from the code that merges."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers
from peft import PeftModel

from selfinstruct.checkpoints import weights
from selfinstruct.disk.files import digest_file
from selfinstruct.errors import StoreError, UserError
from selfinstruct.failpoints import watch
from selfinstruct.merging import Merged, merge
from selfinstruct.merging.merge import MANIFEST, DType, stub_card
from selfinstruct.trained import Trained, find_student
from tests.taught import write_taught

IDS = torch.arange(3, 100)[None]


@pytest.fixture(scope="module")
def student(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return find_student(write_taught(tmp_path_factory.mktemp("runs") / "t", tiny_base))


@torch.inference_mode()
def by_peft(student: Trained) -> torch.Tensor:
    base = transformers.AutoModelForCausalLM.from_pretrained(student.checkpoint.base)
    adapter = student.checkpoint.adapter
    assert adapter is not None
    found: torch.Tensor = PeftModel.from_pretrained(base, adapter)(IDS).logits
    return found


@torch.inference_mode()
def by_anybody(folder: Path) -> torch.Tensor:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert type(model).__name__ == "LlamaForCausalLM"
    found: torch.Tensor = model(IDS).logits
    return found


@pytest.mark.parametrize(("dtype", "apart", "size"), [("float32", 1e-5, 4), ("float16", 1e-2, 2)])
def test_a_merged_model_says_what_base_and_adapter_say(
    student: Trained, tmp_path: Path, dtype: DType, apart: float, size: int
) -> None:
    done = merge(student, tmp_path / "m", dtype)
    expected = by_peft(student)
    torch.testing.assert_close(
        by_anybody(tmp_path / "m"), expected, rtol=0, atol=apart * float(expected.abs().max())
    )
    assert done.likeness.prompts == done.likeness.equal_answers == 4
    assert (tmp_path / "m" / "model.safetensors").stat().st_size < done.parameters * size + 8192


def test_the_folder_is_a_whole_model_with_tied_embeddings(student: Trained, tmp_path: Path) -> None:
    done = merge(student, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config["tie_word_embeddings"] is True
    assert "quantization_config" not in config
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "m")
    assert "<|im_start|>" in str(tokenizer.chat_template)
    told = json.loads((tmp_path / "m" / "generation_config.json").read_text())
    assert told["eos_token_id"][0] == tokenizer.convert_tokens_to_ids("<|im_end|>")
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()
    assert (tmp_path / "m" / "README.md").read_text() == stub_card(replace(done, files={}))[
        "README.md"
    ]


def test_the_manifest_lists_every_other_file(student: Trained, tmp_path: Path) -> None:
    done = merge(student, tmp_path / "m")
    written = json.loads((tmp_path / "m" / MANIFEST).read_text())
    assert written["files"] == dict(done.files)
    assert written["adapter_digest"] == student.checkpoint.digest
    assert written["files"] == {
        path.name: digest_file(path) for path in (tmp_path / "m").iterdir() if path.name != MANIFEST
    }


def test_papers_of_ones_own_take_the_place_of_the_stub(student: Trained, tmp_path: Path) -> None:
    heard: list[Merged] = []

    def papers(merged: Merged) -> dict[str, str]:
        heard.append(merged)
        return {"README.md": "ours", "LICENSE.md": "mine"}

    done = merge(student, tmp_path / "m", papers=papers)
    assert (tmp_path / "m" / "README.md").read_text() == "ours"
    assert done.files["LICENSE.md"] == digest_file(tmp_path / "m" / "LICENSE.md")
    assert heard == [replace(done, files={})]


def test_what_lies_there_stays_unless_it_is_ours_and_force_is_given(
    student: Trained, tmp_path: Path
) -> None:
    out = tmp_path / "m"
    out.mkdir()
    (out / "mine").write_text("x")
    for force in (False, True):
        with pytest.raises(UserError, match="is no merged model"):
            merge(student, out, force=force)
    (out / "mine").unlink()
    merge(student, out)
    (out / "README.md").write_text("old")
    with pytest.raises(UserError, match="holds a merged model") as raised:
        merge(student, out)
    assert "--force" in raised.value.next_step
    assert (out / "README.md").read_text() == "old"
    merge(student, out, force=True)
    assert (out / "README.md").read_text() != "old"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_base_has_nothing_to_merge(student: Trained, tmp_path: Path) -> None:
    base = find_student(student.run, "base")
    with pytest.raises(UserError, match="no adapter to merge"):
        merge(base, tmp_path / "m")


def test_another_base_is_refused(student: Trained, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not the base that"):
        merge(replace(student, base_digest="another"), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_where_the_merged_model_says_something_else(
    student: Trained, tmp_path: Path
) -> None:
    """The weights are spoilt on the disk, between writing and reading back."""

    def spoil(merged_note: str) -> None:
        if merged_note.startswith("reading"):
            (part,) = tmp_path.glob(".m.*.part")
            base = Path(student.checkpoint.base)
            (part / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes())

    with pytest.raises(UserError, match="does not say what it says with its adapter") as raised:
        merge(student, tmp_path / "m", on_note=spoil)
    assert "of the largest" in raised.value.why
    assert list(tmp_path.iterdir()) == []


def test_the_folder_appears_whole(student: Trained, tmp_path: Path) -> None:
    seen: dict[str, bool] = {}
    out = tmp_path / "m"
    merge(student, out)
    watch(lambda name: seen.update({name: (out / MANIFEST).is_file()}))
    try:
        merge(student, out, force=True)
    finally:
        watch(None)
    order = ("merged.written", "merged.listed", "merged.aside", "merged.renamed")
    assert [seen[name] for name in order] == [True, True, False, True]


@pytest.mark.slow
def test_the_bundled_student_is_merged(tmp_path: Path) -> None:
    base = weights.locate("bundled")
    found = find_student(write_taught(tmp_path / "t", Path(base), scale=0.02))
    done = merge(found, tmp_path / "m")
    assert done.likeness.equal_answers == 4
    expected = by_peft(found)
    torch.testing.assert_close(
        by_anybody(tmp_path / "m"), expected, rtol=0, atol=1e-4 * float(expected.abs().max())
    )
    assert "all 272 tensors" in done.readers["llama.cpp"]
