"""What `tests/test_runs.py` does not see of these stages from outside."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.audit import audit
from selfinstruct.errors import DivergedError, StoreError
from selfinstruct.progress import Progress
from selfinstruct.setting import Setting
from selfinstruct.stages import making
from selfinstruct.store import Store
from selfinstruct.types import Checkpoint, Example, RealData, Report, Split
from tests.frozen_run import rows
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_loss_of_every_step_stays_with_the_student(tiny_base: Path, tmp_path: Path) -> None:
    steps: list[Progress] = []
    student = {"name": str(tiny_base), "max_steps": 3, "batch_size": 4, "rank": 2}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, steps.append, student=student)
        trained = making.train(here, 0, making.mix(here, 0, ()))
        result = store.stage(0, "train")
        assert (result["name"], result["digest"]) == ("real-only", trained.digest)
        assert result["losses"] == [step.loss for step in steps if step.loss is not None]
        assert len(result["losses"]) == 3
        steps.clear()
        assert making.train(here, 0, making.mix(here, 0, ())) == trained
        assert steps == []


def test_the_control_is_mixed_of_real_rows_whatever_the_share(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, mixture={"synthetic_share": 0.5})
        made = rows("made", 20, origin="synthetic")
        control, first = making.mix(here, 0, made), making.mix(here, 1, made)
        assert {row.origin for row in control.rows} == {"real"}
        assert first.achieved_share == 0.5


def test_a_mixture_that_cannot_be_made_again_is_noticed(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, mixture={"synthetic_share": 0.5})
        making.mix(here, 1, rows("made", 12, origin="synthetic"))
        fewer = replace(here.data, train=here.data.train[1:])
        with pytest.raises(StoreError, match="mixture of round 1"):
            making.mix(replace(here, data=fewer), 1, rows("made", 12, origin="synthetic"))


def test_a_deleted_adapter_is_trained_again_and_another_one_is_refused(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        mixture = making.mix(here, 0, ())
        trained = making.train(here, 0, mixture)
        assert trained.adapter is not None
        shutil.rmtree(trained.adapter)
        assert making.train(here, 0, mixture) == trained
        assert trained.adapter.is_dir()
        other = replace(here, cfg=here.cfg.model_copy(update={"seed": 1}))
        shutil.rmtree(trained.adapter)
        for again in (other, here):  # just trained, then found
            with pytest.raises(StoreError, match="not the adapter of real-only"):
                making.train(again, 0, mixture)


HOT = {"max_steps": 3, "batch_size": 4, "rank": 2, "learning_rate": 1e30}


def test_a_training_that_diverges_is_remembered_and_not_tried_again(
    tiny_base: Path, tmp_path: Path
) -> None:
    steps: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, steps.append, student={"name": str(tiny_base), **HOT})
        mixture = making.mix(here, 1, ())
        for _ in range(2):
            with pytest.raises(DivergedError, match="training diverged at step 2 of 3"):
                making.train(here, 1, mixture)
        assert [step.done for step in steps if step.loss is not None] == [1]  # once
        assert steps[-1].note.startswith("rejected: training diverged")
        assert store.stage(1, "train") is None
        kept = store.stage(1, "diverged")
        first, last = kept["losses"]
        assert (first > 0, last) == (True, None)
    assert not (tmp_path / "t" / "rounds" / "1" / "adapter").exists()


def test_a_training_that_began_anew_keeps_its_own_losses_alone(
    tiny_base: Path, tmp_path: Path
) -> None:
    steps: list[Progress] = []

    def run_out_once(progress: Progress) -> None:
        steps.append(progress)
        if progress.loss is not None and sum(step.loss is not None for step in steps) == 2:
            raise MemoryError("no room")

    student = {"name": str(tiny_base), "max_steps": 3, "batch_size": 4, "rank": 2}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, run_out_once, student=student)
        making.train(here, 1, making.mix(here, 1, ()))
        kept = store.stage(1, "train")
        assert kept["micro_batch"] == 2
        assert kept["losses"] == [step.loss for step in steps if step.loss is not None][2:]
        assert len(kept["losses"]) == 3


def test_a_control_that_diverges_is_tried_again(tiny_base: Path, tmp_path: Path) -> None:
    steps: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, steps.append, student={"name": str(tiny_base), **HOT})
        mixture = making.mix(here, 0, ())
        for _ in range(2):
            with pytest.raises(DivergedError):
                making.train(here, 0, mixture)
        assert [stage["stage"] for stage in store.stages()] == ["mix"]
        assert [step.done for step in steps if step.loss is not None] == [1, 1]


def test_an_adapter_is_trained_again_with_as_many_rows_at_once_as_before(
    tiny_base: Path, tmp_path: Path
) -> None:
    """The ledger says how many fitted then, whatever the config says now."""
    few = {"name": str(tiny_base), "max_steps": 3, "batch_size": 6, "rank": 2, "micro_batch": 1}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, student=few)
        mixture = making.mix(here, 0, ())
        trained = making.train(here, 0, mixture)
        assert store.stage(0, "train")["micro_batch"] == 1
        assert trained.adapter is not None
        shutil.rmtree(trained.adapter)
        more = setting(tiny_base, store, student={**few, "micro_batch": 6})
        assert making.train(more, 0, mixture) == trained


def test_an_adapter_that_names_another_base_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        mixture = making.mix(here, 0, ())
        trained = making.train(here, 0, mixture)
        assert trained.adapter is not None
        manifest = trained.adapter / "manifest.json"
        manifest.write_text(manifest.read_text().replace(str(tiny_base), "another/base"))
        with pytest.raises(StoreError, match="not the adapter of real-only") as caught:
            making.train(here, 0, mixture)
        assert "its base differs" in caught.value.why


def test_a_changed_mixture_file_changes_no_student(tiny_base: Path, tmp_path: Path) -> None:
    """The file is a copy for people: what is trained on comes from the ledger."""
    digests = []
    for name in ("t", "u"):
        with Store(tmp_path / name, write=True) as store:
            here = setting(tiny_base, store)
            made = rows("made", 12, origin="synthetic")
            making.mix(here, 1, made)
            if name == "u":
                path = here.folder(1) / "mixture.jsonl"
                path.write_text(path.read_text().replace("reply", "poison"))
            digests.append(making.train(here, 1, making.mix(here, 1, made)).digest)
    assert digests[0] == digests[1]
    faults = [finding.what for finding in audit(tmp_path / "u") if not finding.ok]
    assert "rounds/1/mixture.jsonl does not hold the rows of the ledger" in faults


@pytest.mark.parametrize("redact", ["remote", "never"])
def test_personal_data_leaves_in_no_prompt_and_stays_in_the_rows(
    redact: str, tiny_base: Path, tmp_path: Path
) -> None:
    def named(name: str, count: int) -> tuple[Example, ...]:
        return tuple(
            replace(row, input=f"{row.input}, write to {name}{n}@web.de")
            for n, row in enumerate(rows(name, count))
        )

    data = RealData(named("train", 6), named("dev", 4), named("gate", 4), named("final", 2))
    with Store(tmp_path / "t", write=True) as store:
        store.freeze(data)
        sections: dict[str, Any] = {
            "teacher": {"backend": "program", "name": "tests.scripted_teacher:answer"},
            "generate": {"accept": 4, "prompts_per_wave": 2, "samples_per_prompt": 4},
            "privacy": {"redact": redact},
        }
        here = setting(tiny_base, store, **sections)
        screened = making.generate(here, 1, (), here.base)
        result = store.stage(1, "generate")
        asked = [store.attempt(row.attempt or "") for row in screened.accepted]
    hidden = redact == "remote"
    sent = json.dumps([attempt and attempt["messages"] for attempt in asked])
    assert ("@web.de" in sent) is not hidden
    assert ("[EMAIL_1]" in sent) is hidden
    assert {id_ for row in screened.accepted for id_ in row.parents} <= {
        row.id for row in data.train
    }
    told = {"rows": 6, "total": 6, "kinds": {"email": 6}, "remote": True, "hidden": hidden}
    assert result["personal_data"] == told
    assert result["overlap"]["synthetic"]["rows"] == 4


WEAK: dict[str, Any] = {
    "teacher": {"backend": "program", "name": "tests.scripted_teacher:answer"},
    "generate": {
        "accept": 40,
        "max_candidates": 60,
        "prompts_per_wave": 10,
        "samples_per_prompt": 3,
        "balance": 0,
        "focus": "weak",
    },
}


def scores(here: Setting, split: Split, weak: str) -> Report:
    """The champion's, far worse on one label."""
    examples = here.data.split(split)
    nll = tuple(9.0 if row.label == weak else 0.5 for row in examples)
    ids = tuple(row.id for row in examples)
    return Report("champ", split, ids, {"nll": nll}, ("",) * len(ids))


def asked_for(tiny_base: Path, folder: Path, dev: str, gate: str) -> Counter[str | None]:
    """Candidates by label of a round whose champion is weak on these."""
    with Store(folder / "t", write=True) as store:
        here = setting(tiny_base, store, **WEAK)
        store.commit_report(scores(here, "dev", dev))
        store.commit_report(scores(here, "gate", gate))
        store.commit_report(scores(here, "final", gate))
        champion = Checkpoint("real-only", str(tiny_base), None, "champ")
        found = making.generate(here, 1, (), champion)
    rows = [*found.accepted, *(item.what for item in found.rejected)]
    return Counter(row.label for row in rows)


def test_more_is_asked_for_where_the_champion_errs_on_dev_and_gate_says_nothing(
    tiny_base: Path, tmp_path: Path
) -> None:
    refund = asked_for(tiny_base, tmp_path / "a", "refund", "fee")
    fee = asked_for(tiny_base, tmp_path / "b", "fee", "refund")
    assert refund["refund"] > 1.5 * refund["fee"]
    assert fee["fee"] > 1.5 * fee["refund"]
    assert asked_for(tiny_base, tmp_path / "c", "refund", "refund") == refund


def test_a_focus_without_scores_on_dev_stops_before_the_teacher_is_asked(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, **WEAK)
        store.commit_report(scores(here, "gate", "fee"))
        with pytest.raises(StoreError, match="no scores of the champion"):
            making.generate(here, 1, (), Checkpoint("real-only", str(tiny_base), None, "champ"))
        assert store.calls() == []


def test_a_quota_that_was_not_reached_stays_with_the_round(tiny_base: Path, tmp_path: Path) -> None:
    knobs = {**WEAK["generate"], "focus": None, "accept": 100, "quotas": {"fee": 99}}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, **{**WEAK, "generate": knobs})
        found = making.generate(here, 1, (), here.base)
        got = sum(row.label == "fee" for row in found.accepted)
        told = {"label": "fee", "request": "", "asked": 99, "got": got}
        assert store.stage(1, "generate")["unmet"] == [told]
