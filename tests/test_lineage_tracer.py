from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.lineage import Tracer
from selfinstruct.store import Store
from selfinstruct.store.search import Found
from selfinstruct.types import Example, Screened
from tests.traced import SEED, of, trace, write_traced


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_traced(tmp_path_factory.mktemp("run"))


def test_a_call_a_prompt_and_a_student_are_places_to_start_from(run: Path) -> None:
    call = trace(run, "call-1")
    assert {node.told["fate"] for node in call.led_to if node.kind == "candidate"} == {
        "accepted",
        "rejected",
    }
    assert call.came_from[0].id == "label_first/question@v1"
    prompt = trace(run, "v1")
    assert prompt.start.told["calls"] == 1
    assert of(prompt.led_to, "round")["1"].told == {"accepted": 1, "too_similar": 1}
    student = trace(run, "e2")
    assert of(student.came_from, "mixture")["round 2"].told["rows"] == 2
    assert of(student.came_from, "written by")["real"].told == {"rows": 1}
    verdict = of(trace(run, "d").led_to, "verdict")["round 1"]
    assert verdict.told["outcome"] == "accept"


@pytest.mark.parametrize(
    ("id_", "message"), [("zz", "nothing in"), ("", "fits"), ("label_first/question@x", "nothing")]
)
def test_an_id_must_name_one_thing(run: Path, id_: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        trace(run, id_)


class Busy(Store):
    """A ledger that gets another child of the row between two questions about its children."""

    def children_of(self, id_: str, limit: int) -> Found:
        found = super().children_of(id_, limit)
        with Store(self.folder, write=True) as writer:
            child = Example("n", "late", "r", origin="synthetic", round=9, parents=(id_,))
            writer.commit_wave(9, len(writer.waves()), Screened((child,), ()))
        return found


def test_a_trace_is_of_one_moment_while_the_run_goes_on(tmp_path: Path) -> None:
    with Busy(write_traced(tmp_path)) as store:
        (children, *_) = (node for node in Tracer(store).trace(SEED.id).led_to if node.nodes)
    assert children.told["count"] == sum(children.told["fates"].values()) == 1
