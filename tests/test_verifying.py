"""What is verified where no model is asked to."""

from pathlib import Path

from selfinstruct.config import parse_config
from selfinstruct.filters.screen import Verified
from selfinstruct.setting import Setting
from selfinstruct.store import Store
from selfinstruct.task import settle
from selfinstruct.types import Checkpoint, Example, RealData, silent
from selfinstruct.verifying import verifying

ROWS = tuple(Example("Name it.", f"row {n}", label="ab"[n % 2]) for n in range(6))
CFG = parse_config({"seeds": {"path": "none"}, "teacher": {"backend": "scripted", "name": "x"}})
BASE = Checkpoint("base", "bundled", None, "")


def test_without_a_filter_that_asks_models_none_is_opened(tmp_path: Path) -> None:
    data = RealData(ROWS, (), ROWS, ())
    with Store(tmp_path / "run", write=True) as store:
        here = Setting(CFG, store, data, (), settle(CFG, data), BASE, silent)
        with verifying(here, 1, BASE) as verify_in_wave:
            assert verify_in_wave(0)(ROWS) == Verified()
