import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import UserError
from selfinstruct.files import write_jsonl
from selfinstruct.lineage import STEPS, Node, Trace, Tracer, flat, mixture_ids
from selfinstruct.report.funnel import STEPS as FUNNEL
from selfinstruct.rows import from_example, from_mixture
from selfinstruct.settled import DROPPED, EDITED
from selfinstruct.store import Store
from selfinstruct.types import Example, Mixture, Rejection, Screened
from tests.finished import KEPT, real_data, report, write_run

SEED = real_data().train[0]
CHILD = Example(
    "n", "child", "r", label="a", origin="synthetic", round=2, parents=(SEED.id, KEPT.id), depth=2
)
GRANDCHILD = Example("n", "grandchild", "r", origin="synthetic", round=3, parents=(CHILD.id,))
ORPHAN = Rejection(
    Example("n", "orphan", parents=("gone",), round=3), "contaminated", 0.8, 0.5, "x"
)
ODD = Rejection(Example("n", "odd", round=3), "my_own_reason")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    with Store(folder, write=True) as store:
        store.commit_wave(2, 0, Screened((CHILD,), ()))
        store.commit_wave(3, 0, Screened((GRANDCHILD,), (ORPHAN, ODD)))
        store.commit_mixture(2, Mixture((SEED, CHILD), 0.5, 0.5), 1.0)
        store.commit_stage(2, "train", {"name": "round-2", "digest": "e2"}, 1.0)
        store.commit_report(report("e2", 12))
        store.commit_stage(3, "mix", from_mixture(Mixture((SEED, GRANDCHILD), 0.5, 0.5)), 1.0)
    rows = map(from_example, (SEED, GRANDCHILD))
    write_jsonl(folder / "rounds/3/mixture.jsonl", rows)
    return folder


def trace(run: Path, id_: str, **how: Any) -> Trace:
    with Store(run) as store:
        return Tracer(store, **how).trace(id_)


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from walk(node.nodes)


def of(nodes: tuple[Node, ...], kind: str) -> dict[str, Node]:
    return {node.id: node for node in walk(nodes) if node.kind == kind}


def test_a_seed_row_leads_to_its_children_theirs_and_the_students(run: Path) -> None:
    found = trace(run, SEED.id[:8])
    assert found.start.told["split"] == "train"
    assert found.came_from == ()
    assert set(of(found.led_to, "child")) == {CHILD.id, GRANDCHILD.id}
    mixtures = of(found.led_to, "mixture")
    assert set(mixtures) == {"round 1", "round 2", "round 3"}
    assert "nobody can tell" in mixtures["round 1"].told["note"]  # its file was never written
    assert mixtures["round 2"].told == {"rows": 2, "share": 0.5, "times": 1}
    assert mixtures["round 3"].told["times"] == 1  # from the file, as older versions left it
    assert of(found.led_to, "student")["e2"].told == {"name": "round-2"}
    assert of(found.led_to, "evaluated")["gate"].told["accuracy"] == 0.3


def test_a_candidate_comes_from_parents_a_call_and_every_filter(run: Path) -> None:
    found = trace(run, CHILD.id)
    parents = of(found.came_from, "parent")
    assert set(parents) == {SEED.id, KEPT.id}
    assert parents[KEPT.id].told["fate"] == "accepted"
    filters = of(found.came_from, "filter")
    assert list(filters) == list(STEPS)
    assert {node.told["decision"] for node in filters.values()} == {"passed"}
    call = of(trace(run, KEPT.id).came_from, "call")["call-1"]
    assert call.told["prompt"] == "label_first/question@v1"
    score = of(trace(run, KEPT.id).came_from, "score")["label_agreement"]
    assert score.told == {"value": 0.75, "by": "model", "detail": "the champion"}


def test_a_dropped_row_tells_where_it_fell_and_what_it_did_not_reach(run: Path) -> None:
    found = trace(run, ORPHAN.what.id)
    assert of(found.came_from, "parent")["gone"].told == {"fate": "not in this ledger"}
    decisions = {name: node.told for name, node in of(found.came_from, "filter").items()}
    assert decisions["novelty"] == {"decision": "passed"}
    assert decisions["contamination"] == {
        "decision": "dropped",
        "reason": "contaminated",
        "value": 0.8,
        "threshold": 0.5,
        "neighbour": "x",
    }
    assert decisions["memorisation"] == {"decision": "not reached"}
    odd = of(trace(run, ODD.what.id).came_from, "filter")
    assert odd["my_own_reason"].told["decision"] == "dropped"


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


def test_what_is_held_out_keeps_its_words_and_scores(run: Path) -> None:
    gate = real_data().gate[5]
    found = trace(run, gate.id)
    assert found.start.told["row"] is None
    assert "--held-out" in of(found.led_to, "examined")[""].told["note"]
    shown = trace(run, gate.id, held_out=True)
    assert shown.start.told["row"]["input"] == "gate ticket 5"
    assert of(shown.led_to, "examined")["round-1"].told["accuracy"] == 1.0


def test_how_many_are_listed_is_limited_and_counts_are_whole(run: Path) -> None:
    with Store(run, write=True) as store:
        many = tuple(Example("n", f"c{i}", "r", parents=(ODD.what.id,)) for i in range(30))
        store.commit_wave(4, 0, Screened(many, ()))
    found = of(trace(run, ODD.what.id, limit=4).led_to, "children")[""]
    assert (len(found.nodes), found.more, found.told["count"]) == (4, 26, 30)


@pytest.mark.parametrize(
    ("id_", "message"), [("zz", "nothing in"), ("", "fits"), ("label_first/question@x", "nothing")]
)
def test_an_id_must_name_one_thing(run: Path, id_: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        trace(run, id_)


def test_a_changed_mixture_file_is_not_believed(run: Path) -> None:
    wanted = Mixture((SEED, GRANDCHILD), 0.5, 0.5).digest
    assert mixture_ids(run, 3, wanted) == [SEED.id, GRANDCHILD.id]
    assert mixture_ids(run, 3, "another") is None
    assert mixture_ids(run, 9, wanted) is None


def test_the_tree_is_plain_json(run: Path) -> None:
    told = json.loads(json.dumps(flat(trace(run, SEED.id)), allow_nan=False))
    assert told["start"]["id"] == SEED.id
    assert {node["kind"] for node in told["led_to"]} >= {"children", "mixture"}


def test_every_reason_the_funnel_knows_has_a_filter_here() -> None:
    ours = {reason for reasons in STEPS.values() for reason in reasons}
    people = {DROPPED, EDITED}  # whose say is told apart: `trace` has a node for it
    assert {reason for reasons in FUNNEL.values() for reason in reasons} - people <= ours


def test_filters_that_are_off_say_so(run: Path) -> None:
    filters = {
        "novelty": {"threshold": None, "response_threshold": None, "embedding": None},
        "max_children": 10,
        "executable": {"check": None},
        "quality": {"rubric": None, "likelihood": None},
    }
    with Store(run, write=True) as store:
        store.set_meta("config", {"filters": filters})
    found = of(trace(run, CHILD.id).came_from, "filter")
    off = {name for name, node in found.items() if node.told["decision"] == "off"}
    assert off == {"novelty", "execution", "models that look at rows"}


def test_what_people_changed_is_told(tmp_path: Path) -> None:
    anew = Example("another wording of it", response="ok", origin="synthetic", round=2)
    write_run(tmp_path)
    with Store(tmp_path, write=True) as store:
        store.commit_wave(2, 0, Screened((CHILD, GRANDCHILD), (ORPHAN,)))
        changes = {
            "dropped": [{"id": CHILD.id, "reason": "wrong label"}],
            "joined": [ORPHAN.what.id],
            "edited": [{"id": GRANDCHILD.id, "row": from_example(anew)}],
            "unedited": [],
            "refused": [],
        }
        store.commit_stage(2, "review", changes, 1.0)
    told = {
        row.id: of(trace(tmp_path, row.id).came_from, "review")[""].told
        for row in (CHILD, GRANDCHILD, ORPHAN.what)
    }
    assert told == {
        CHILD.id: {"decision": "dropped", "reason": "wrong label"},
        GRANDCHILD.id: {"decision": "edited", "stands as": anew.id},
        ORPHAN.what.id: {"decision": "taken, though a filter dropped it"},
    }
