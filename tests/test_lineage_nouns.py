import json
from pathlib import Path

import pytest

from selfinstruct.lineage import flat
from tests.finished import real_data
from tests.traced import SEED, of, trace, write_traced


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_traced(tmp_path_factory.mktemp("run"))


def test_what_is_held_out_keeps_its_words_and_scores(run: Path) -> None:
    gate = real_data().gate[5]
    found = trace(run, gate.id)
    assert found.start.told["row"] is None
    assert "--held-out" in of(found.led_to, "examined")[""].told["note"]
    shown = trace(run, gate.id, held_out=True)
    assert shown.start.told["row"]["input"] == "gate ticket 5"
    assert of(shown.led_to, "examined")["round-1"].told["accuracy"] == 1.0


def test_the_tree_is_plain_json(run: Path) -> None:
    told = json.loads(json.dumps(flat(trace(run, SEED.id)), allow_nan=False))
    assert told["start"]["id"] == SEED.id
    assert {node["kind"] for node in told["led_to"]} >= {"children", "mixture"}
