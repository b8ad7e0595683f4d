"""What `tests/test_runs.py` does not see of these stages from outside."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct import making
from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from selfinstruct.types import Progress
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
