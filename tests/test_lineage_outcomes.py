from pathlib import Path

import pytest

from selfinstruct.disk.files import write_jsonl
from selfinstruct.lineage.outcomes import mixture_ids
from selfinstruct.rows import from_example, from_mixture
from selfinstruct.store import Store
from selfinstruct.types import Example, Mixture, Screened
from tests.finished import KEPT
from tests.traced import CHILD, GRANDCHILD, ODD, SEED, of, trace, write_traced


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_traced(tmp_path_factory.mktemp("run"))


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


def test_how_many_are_listed_is_limited_and_counts_are_whole(run: Path) -> None:
    with Store(run, write=True) as store:
        many = tuple(Example("n", f"c{i}", "r", parents=(ODD.what.id,)) for i in range(30))
        store.commit_wave(4, 0, Screened(many, ()))
    found = of(trace(run, ODD.what.id, limit=4).led_to, "children")[""]
    assert (len(found.nodes), found.more, found.told["count"]) == (4, 26, 30)


def test_a_prompts_version_leads_to_the_mixtures_of_its_rows(tmp_path: Path) -> None:
    run = write_traced(tmp_path)
    older = Mixture((KEPT, KEPT, SEED), 0.5, 0.5)
    with Store(run, write=True) as store:
        store.commit_mixture(4, Mixture((SEED, KEPT, SEED), 0.5, 0.5), 1.0)
        store.commit_stage(5, "mix", from_mixture(older), 1.0)
    write_jsonl(run / "rounds/5/mixture.jsonl", map(from_example, older.rows))
    found = of(trace(run, "label_first/question@v1").led_to, "mixture")
    assert {name: node.told.get("of_these") for name, node in found.items()} == {
        "round 1": None,  # its file is gone
        "round 4": 1,
        "round 5": 2,
    }


def test_a_changed_mixture_file_is_not_believed(run: Path) -> None:
    wanted = Mixture((SEED, GRANDCHILD), 0.5, 0.5).digest
    assert mixture_ids(run, 3, wanted) == [SEED.id, GRANDCHILD.id]
    assert mixture_ids(run, 3, "another") is None
    assert mixture_ids(run, 9, wanted) is None
