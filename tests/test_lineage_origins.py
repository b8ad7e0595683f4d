from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.lineage.origins import STEPS
from selfinstruct.report.funnel import STEPS as FUNNEL
from selfinstruct.rows import from_example, from_rejection
from selfinstruct.settled import DROPPED, EDITED
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Mixture,
    Prompt,
    Rejection,
    Score,
    Screened,
)
from tests.finished import KEPT, write_run
from tests.traced import CHILD, GRANDCHILD, ODD, ORPHAN, SEED, of, trace, write_traced

OWN = Example("n", "own words", "r", origin="synthetic", round=2)
ANEW = replace(GRANDCHILD, input="another wording", parents=(GRANDCHILD.id,), round=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_traced(tmp_path_factory.mktemp("run"))


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


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewed")
    write_run(folder)
    with Store(folder, write=True) as store:
        store.commit_wave(2, 0, Screened((CHILD, GRANDCHILD, OWN), (ORPHAN, ODD)))
        said = {CHILD: "reject: wrong label", GRANDCHILD: "edit: too short", OWN: "edit"}
        scores = [(2, Score(row.id, "review", 0, "human", f"ann: {w}")) for row, w in said.items()]
        store.commit_human_scores(scores, 3)
        changes = {
            "dropped": [{"id": CHILD.id, "reason": "wrong label"}],
            "joined": [ORPHAN.what.id],
            "edited": [{"id": GRANDCHILD.id, "row": from_example(ANEW)}],
            "unedited": [{"id": OWN.id}],
            "refused": [
                from_rejection(
                    Rejection(replace(OWN, input="x", parents=(OWN.id,)), "contaminated")
                ),
                from_rejection(Rejection(ODD.what, "contradiction")),
            ],
        }
        store.commit_stage(2, "review", changes, 1.0)
        store.commit_mixture(2, Mixture((SEED, ANEW), 0.5, 0.5), 1.0)
    return folder


def test_what_people_changed_is_told_and_who_did(reviewed: Path) -> None:
    told = {
        row.id: of(trace(reviewed, row.id).came_from, "review")[""].told
        for row in (CHILD, GRANDCHILD, ORPHAN.what, OWN, ODD.what)
    }
    assert told == {
        CHILD.id: {
            "decision": "dropped",
            "reason": "wrong label",
            "said": "ann: reject: wrong label",
        },
        GRANDCHILD.id: {
            "decision": "edited",
            "stands as": ANEW.id,
            "said": "ann: edit: too short",
        },
        ORPHAN.what.id: {"decision": "taken, though a filter dropped it"},
        OWN.id: {
            "decision": "edited, and a filter refused it",
            "reason": "contaminated",
            "said": "ann: edit",
        },
        ODD.what.id: {"decision": "taken, and a filter refused it", "reason": "contradiction"},
    }


def test_an_edited_row_leads_back_to_candidate_decision_and_person(reviewed: Path) -> None:
    found = trace(reviewed, ANEW.id[:10])
    assert (found.start.id, found.start.told["fate"]) == (ANEW.id, "edited")
    candidate, *_ = found.came_from
    assert (candidate.kind, candidate.id) == ("candidate", GRANDCHILD.id)
    assert of((candidate,), "review")[""].told["said"] == "ann: edit: too short"
    assert CHILD.id in of((candidate,), "parent")
    assert of(found.led_to, "mixture")["round 2"].told["times"] == 1
    back = trace(reviewed, GRANDCHILD.id)
    assert of(back.led_to, "edited by a person")[ANEW.id].told["fate"] == "edited"


def test_calls_are_followed_by_their_keys_and_not_by_their_words(tmp_path: Path) -> None:
    row = replace(CHILD, attempt="answer-1")
    ask, answer = (
        Prompt((Message("user", "x"),), f"label_first/{name}.j2", "v1", about=about, values={})
        for name, about in (("question", ""), ("answer", "ask-1"))
    )
    judge = Prompt((Message("user", "y"),), "quality/rubric.j2", "v1", about=row.id, values={})
    with Store(tmp_path, write=True) as store:
        calls = [("ask-1", ask, 0), ("other", ask, 1), ("answer-1", answer, 0)]
        store.begin_attempts(2, 0, "m", [*calls, *((f"judge-{n}", judge, n) for n in range(3))])
        said = {key: Completion(f"they say {row.input}", "stop") for key, *_ in calls}
        store.end_attempts(said | {f"judge-{n}": Completion("4", "stop") for n in range(3)})
        store.commit_wave(2, 0, Screened((row,), ()))
    found = trace(tmp_path, row.id, limit=2).came_from
    assert list(of(found, "call before it")) == ["ask-1"]
    asked = of(found, "asked about it")[""]
    assert (asked.told, asked.more) == ({"calls": 3}, 1)
    assert asked.nodes[0].told["answer"] == "4"
    assert "note" not in of(found, "call")["answer-1"].told
    back = trace(tmp_path, "judge-1")
    assert of(back.came_from, "asks about")[row.id].told["fate"] == "accepted"
    assert list(of(trace(tmp_path, "ask-1").led_to, "call after it")) == ["answer-1"]


def test_of_an_older_call_it_is_said_that_nothing_is_known_before_it(run: Path) -> None:
    call = of(trace(run, KEPT.id).came_from, "call")["call-1"]
    assert "kept no word" in call.told["note"]
