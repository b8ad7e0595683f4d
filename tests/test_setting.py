from pathlib import Path

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.models.scripted import Scripted
from selfinstruct.progress import Progress
from selfinstruct.store import Store
from selfinstruct.tracking import FAULTS, Fault
from tests.workplace import setting


def test_a_stage_is_made_once_and_read_ever_after(tiny_base: Path, tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, int]:
        made.append(1)
        return {"count": 2}

    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        found = [here.once(3, "count", make) for _ in range(2)]
        assert found == [{"count": 2}, {"count": 2}]
        assert made == [1]
        assert store.stage(3, "count") == {"count": 2}


def test_a_stage_that_fails_is_not_remembered(tiny_base: Path, tmp_path: Path) -> None:
    def fail() -> dict[str, int]:
        raise KeyboardInterrupt

    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        with pytest.raises(KeyboardInterrupt):
            here.once(1, "count", fail)
        assert store.stage(1, "count") is None


def test_each_round_has_its_folder_and_notes_reach_the_watcher(
    tiny_base: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, heard.append)
        assert here.folder(2) == tmp_path / "t" / "rounds" / "2"
        here.note(2, "train", "loading")
    assert heard == [Progress(2, "train", note="loading")]


@pytest.mark.parametrize(("redact", "hides"), [("remote", True), ("never", False)])
def test_a_model_elsewhere_is_asked_without_personal_data(
    redact: str, hides: bool, tiny_base: Path, tmp_path: Path
) -> None:
    model = Scripted(())
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, privacy={"redact": redact})
        far = ModelConfig(backend="program", name="m:f")
        near = ModelConfig(backend="llamacpp", name="bundled")
        assert (here.asks(model, far).hidden is not None) is hides
        assert here.asks(model, near).hidden is None


def test_a_trackers_fault_reaches_the_watcher_and_stays_in_the_ledger(
    tiny_base: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    student = {"name": str(tiny_base), "report_to": ["mlflow"]}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, heard.append, student=student)
        track = here.track(2, "round-2")
        assert track is not None
        assert (track.to, track.name) == (("mlflow",), "t round-2 seed 0")
        first, second = Fault("mlflow", "step 1 of x", "gone"), Fault("mlflow", "the end", "gone")
        for fault in (first, second):
            track.on_fault(fault)
        assert [Fault(**each) for each in store.meta(FAULTS)] == [first, second]
        assert heard[0] == Progress(2, "tracker", note=first.words)
        assert setting(tiny_base, store).track(2, "round-2") is None
