import json
import sys
from pathlib import Path

import pytest

from selfinstruct.checkpoints.adapters import load_checkpoint
from selfinstruct.cli.export import Wanted, export_command, print_export, push
from selfinstruct.disk.files import digest_file
from selfinstruct.errors import UserError
from selfinstruct.store import Store
from tests.exported import HOSTILE, made, write_exported


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        (Wanted(), ["LICENSE.md", "README.md", "manifest.json", "pool.jsonl"]),
        (Wanted(form="parquet"), ["LICENSE.md", "README.md", "manifest.json", "pool.parquet"]),
        (Wanted("mixture", "messages", 2), ["README.md", "manifest.json", "mixture.jsonl"]),
        (Wanted("rejects"), ["README.md", "manifest.json", "rejects.jsonl"]),
        (Wanted("student"), ["README.md", "adapter_model.safetensors", "manifest.json"]),
        (Wanted(tool="inspect"), ["LICENSE.md", "README.md", "manifest.json", "stress.jsonl"]),
        (
            Wanted(tool="lm-eval"),
            ["LICENSE.md", "README.md", "manifest.json", "stress.jsonl", "stress.yaml"],
        ),
        (Wanted(tool="promptfoo"), ["LICENSE.md", "README.md", "manifest.json", "stress.yaml"]),
    ],
)
def test_each_export_has_its_files_by_digest_and_is_the_same_again(
    tmp_path: Path, wanted: Wanted, files: list[str]
) -> None:
    run, out = write_exported(tmp_path / "t", extra=[HOSTILE]), tmp_path / "out"
    done = export_command(run, out, wanted)
    assert sorted(path.name for path in out.iterdir()) == files
    once = {path.name: digest_file(path) for path in out.iterdir()}
    assert done["files"] == {name: once[name] for name in files if name != "manifest.json"}
    with pytest.raises(UserError, match="--force"):
        export_command(run, out, wanted)
    export_command(run, out, wanted, force=True)
    assert {path.name: digest_file(path) for path in out.iterdir()} == once


def test_datasets_loads_the_folder_by_its_card(tmp_path: Path) -> None:
    import datasets

    run = write_exported(tmp_path / "t", extra=[HOSTILE])
    for form in ("jsonl", "parquet"):
        out = tmp_path / form
        export_command(run, out, Wanted(form=form))
        found = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
        assert list(found) == ["train"]
        assert [row["id"] for row in found["train"]][:6] == [row.id for row in made(1)]


def test_a_mixture_says_on_the_terminal_and_in_its_card_whose_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_exported(tmp_path / "t", ("reject",))
    for index, of, told in (
        (None, 0, "since no round of this run was accepted"),
        (1, 1, "round-1"),
    ):
        out = tmp_path / str(index)
        done = export_command(run, out, Wanted("mixture", index=index))
        print_export(done, sys.stderr)
        assert (done["round"], told in done["why_round"]) == (of, True)
        assert f"round {of}: The rows that the student" in capsys.readouterr().err
        card = (out / "README.md").read_text()
        assert f"- **Round {of}.** The rows that the student" in card
        assert f"--what mixture --format jsonl --round {of} -o OUT" in card


def test_an_exported_student_is_an_adapter_that_can_be_verified(tmp_path: Path) -> None:
    run, out = write_exported(tmp_path / "t"), tmp_path / "out"
    done = export_command(run, out, Wanted("student"))
    assert load_checkpoint(out, "x").base == "b"
    assert done["student"] == "round-1"
    with Store(run) as store:
        assert done["adapter_digest"] == store.stage(1, "train")["digest"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted("mixture", tool="inspect"), "takes no --what"),
        (Wanted(form="parquet", tool="inspect"), "takes no --what"),
        (Wanted(index=1, tool="inspect"), "takes no --what"),
        (Wanted("student", "parquet"), "no --format"),
        (Wanted("student", index=1), "no --round"),
        (Wanted("rejects", "alpaca"), "a form to train on"),
        (Wanted("pool", index=7), "no pool of round 7"),
    ],
)
def test_what_cannot_be_had_together_is_refused_and_nothing_written(
    tmp_path: Path, wanted: Wanted, told: str
) -> None:
    with pytest.raises(UserError) as error:
        export_command(write_exported(tmp_path / "t"), tmp_path / "out", wanted)
    assert told in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_run_in_which_nothing_was_accepted_is_told_on_the_terminal_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = export_command(write_exported(tmp_path / "t", ("reject",)), tmp_path / "out", Wanted())
    print_export(json.loads(json.dumps(done)), sys.stderr)
    told = capsys.readouterr()
    assert told.out.strip() == str(tmp_path / "out")
    assert "no round of this run was accepted" in told.err


def test_nothing_is_uploaded_unless_somebody_says_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_aVerySecretToken12345")
    out = tmp_path / "out"
    export_command(write_exported(tmp_path / "t"), out, Wanted())
    with pytest.raises(UserError, match="nobody said yes"):
        push(out, "me/t", Wanted(), False, private=False)
    told = capsys.readouterr().err
    assert "to upload: 3 files" in told
    assert "PUBLIC" in told
    assert "hf_aVery" not in told
