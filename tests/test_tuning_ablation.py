from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import Config, override
from selfinstruct.errors import UserError
from selfinstruct.progress import Progress
from selfinstruct.refilter import kept, read_record, replay
from selfinstruct.store import Store
from selfinstruct.tuning.ablation import (
    Plan,
    Work,
    choose_rows,
    foresee,
    plan_ablations,
    run_ablations,
)
from selfinstruct.tuning.sweep import Outcome
from selfinstruct.types import UNNEEDED, Example
from tests.recorded import labelled, real_rows, recorded_config, unanswered, write_recorded

NOVELTY, SHORT = "filters.novelty.threshold", "filters.heuristics.min_words"


def ablation_config(out: Path, base: Path | str) -> Config:
    student = {"name": str(base), "max_steps": 1, "batch_size": 4, "rank": 2}
    return recorded_config(
        out, "label_first", student=student, evaluate={"max_new_tokens": 4}, mixture={}
    )


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cfg = ablation_config(tmp_path_factory.mktemp("ablation"), "none")
    return write_recorded(cfg, data=real_rows(unanswered))


def planned(folder: Path, *names: str, share: float | None = None) -> Plan:
    with Store(folder) as store:
        return plan_ablations(read_record(store), names, share)


def test_each_filter_that_is_on_is_switched_off_by_itself_but_never_contamination(
    read_only: Path,
) -> None:
    plan = planned(read_only)
    names = [one.name for one in plan.ablations]
    assert {NOVELTY, SHORT, "filters.heuristics.refusals"} <= set(names)
    assert not [name for name in names if "contamination" in name or "response_thr" in name]
    with Store(read_only) as store:
        record = read_record(store)
        assert plan.reference == kept(replay(record, record.cfg.filters))
        off = kept(replay(record, override(record.cfg, [f"{NOVELTY}=null"]).filters))
    one = next(one for one in plan.ablations if one.name == NOVELTY)
    had, has = {row.id for row in plan.reference}, {row.id for row in off}
    assert (one.pool, one.new, one.gone) == (off, len(has - had), len(had - has))
    assert one.alone >= one.new > 0
    assert one.off == (f"{NOVELTY}=null",)
    same = next(one for one in plan.ablations if one.name.endswith("banned_words"))
    assert (same.pool, same.changes, same.alone) == (plan.reference, False, 0)


def test_the_name_of_a_section_stands_for_all_that_is_on_in_it(read_only: Path) -> None:
    (one,) = planned(read_only, "heuristics").ablations
    alone = {each.name: each for each in planned(read_only, "heuristics.min_words").ablations}
    assert one.name == "filters.heuristics"
    assert one.new > alone[SHORT].new > 0


def test_what_was_never_asked_is_counted(tmp_path: Path) -> None:
    folder = write_recorded(ablation_config(tmp_path, "none"), data=real_rows(labelled))
    (one,) = planned(folder, "novelty.threshold").ablations
    assert one.unknown > 0
    assert not one.changes


@pytest.mark.parametrize(
    ("names", "share", "message"),
    [
        (["contamination.ngram"], None, "contamination.ngram is never switched off"),
        (["contamination"], None, "is never switched off"),
        (["novelty.response_threshold"], None, "no filter that is on"),
        (["novel"], None, "no filter that is on"),
        (["novelty.threshold"], 0.0, "leaves no rows"),
        (["novelty.threshold"], 1.5, "leaves no rows"),
    ],
)
def test_what_cannot_be_held_against_anything_is_refused(
    read_only: Path, names: Sequence[str], share: float | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        planned(read_only, *names, share=share)


@pytest.mark.parametrize(
    ("share", "synthetic"), [(None, 8), (0.5, 8), (0.2, 2), (0.99, 48), (1.0, 48), (0.001, 1)]
)
def test_the_share_is_what_all_pools_have_rows_for(
    read_only: Path, share: float | None, synthetic: int
) -> None:
    plan = planned(read_only, "novelty.threshold", share=share)
    assert plan.synthetic == synthetic
    assert plan.share == pytest.approx(synthetic / (synthetic + 8))


IDS = st.sets(st.integers(0, 60), min_size=1)


@given(IDS, IDS, st.integers(1, 40), st.integers(0, 3))
def test_of_two_pools_the_same_rows_are_drawn_as_far_as_can_be(
    ours: set[int], theirs: set[int], size: int, seed: int
) -> None:
    size = min(size, len(ours), len(theirs))
    drawn = [
        {row.instruction for row in choose_rows(pool, size, seed)}
        for pool in (tuple(Example(str(i)) for i in sorted(side)) for side in (ours, theirs))
    ]
    assert [len(side) for side in drawn] == [size, size]
    apart = max(len(ours - theirs), len(theirs - ours))
    assert len(drawn[0] & drawn[1]) >= size - apart


def test_rows_that_differ_are_those_drawn_of_one_pool_alone(read_only: Path) -> None:
    whole = planned(read_only, "novelty.threshold", "heuristics.banned_words", share=1.0)
    novelty, words = whole.ablations
    assert whole.differing(novelty, 0) == max(novelty.new, novelty.gone) > 0
    assert whole.differing(words, 0) == 0
    few = planned(read_only, "novelty.threshold", share=0.001)
    assert [few.differing(few.ablations[0], seed) for seed in range(3)] == [0, 0, 0]


def test_another_seed_draws_other_rows() -> None:
    pool = tuple(Example(str(i)) for i in range(50))
    assert set(choose_rows(pool, 10, 0)) != set(choose_rows(pool, 10, 1))


def test_what_a_filter_drops_alone_counts_what_a_full_round_has_no_use_for(
    read_only: Path,
) -> None:
    with Store(read_only) as store:
        record = read_record(store)
        (one,) = plan_ablations(record, ["novelty.threshold"]).ablations
        sides = [
            replay(record, override(record.cfg, settings).filters) for settings in ((), one.off)
        ]
    fates = [
        {
            **{item.what.id: item.reason for wave in waves for item in wave.found.rejected},
            **{row.id: "" for wave in waves for row in wave.found.accepted},
        }
        for waves in sides
    ]
    passes = [{row for row, why in side.items() if why in ("", *UNNEEDED)} for side in fates]
    assert one.alone == len(passes[1] - passes[0]) > one.new


def test_what_is_to_be_trained_is_foreseen_from_what_was(tmp_path: Path) -> None:
    folder = write_recorded(ablation_config(tmp_path, "none"), data=real_rows(unanswered))
    with Store(folder, write=True) as store:
        record = read_record(store)
        plan = plan_ablations(record, ["novelty.threshold", "heuristics.banned_words"])
        assert foresee(record, plan, 3) == Work(6, 6, None)
        for index, took in enumerate((10.0, 14.0, 30.0)):
            store.commit_stage(index, "train", {"name": "x", "digest": "d"}, took)
        assert foresee(record, plan, 3) == Work(6, 6, 14.0)
        store.commit_stage(1, "evaluate round-1 on gate", {}, 8.0)  # 4 rows there, 4 in dev
        assert foresee(record, plan, 3) == Work(6, 6, 22.0)
        for steps, took in ((record.task.steps, 3.0), (record.task.steps + 1, 99.0)):
            result = {"steps": steps, "seconds": {"train": took, "evaluate": 1.5}}
            store.commit_stage(0, f"sweep {steps}", result, 1.0)
        assert foresee(record, plan, 3) == Work(6, 6, 4.5)
        none = plan_ablations(record, ["heuristics.banned_words"])
        assert foresee(record, none, 3) == Work(0, 0, 4.5)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_every_pool_is_trained_on_once_and_remembered(tiny_base: Path, tmp_path: Path) -> None:
    folder = write_recorded(ablation_config(tmp_path, tiny_base), data=real_rows(unanswered))
    names = ("novelty.threshold", "heuristics.banned_words")

    def run(seeds: int) -> tuple[dict[str | None, list[Outcome]], list[str]]:
        seen: list[Progress] = []
        with Store(folder, write=True) as store:
            record = read_record(store)
            plan = plan_ablations(record, names, 0.9)  # of fewer rows all might be the same
            found = run_ablations(record, plan, seeds, seen.append)
        trained = [step for step in seen if step.stage.endswith("train") and step.done]
        return found, [f"{step.stage}: {step.note.split(' · ')[0]}" for step in trained]

    def to_train(seeds: int) -> int:
        with Store(folder) as store:
            record = read_record(store)
            return foresee(record, plan_ablations(record, names, 0.9), seeds).missing

    assert to_train(1) == 2
    first, trained = run(1)
    assert (to_train(1), to_train(2)) == (0, 2)
    assert trained == ["arm 1/2 train: all filters", "arm 2/2 train: without novelty.threshold"]
    assert list(first) == [None, NOVELTY]
    for outcomes in first.values():
        (one,) = outcomes
        assert (one.mixture["rows"], one.mixture["synthetic"]) == (56, 48)
        assert one.report is not None
        assert one.report.split == "dev"
    again, trained = run(2)
    assert trained == ["arm 3/4 train: all filters", "arm 4/4 train: without novelty.threshold"]
    assert {name: outcomes[:1] for name, outcomes in again.items()} == first
    with Store(folder) as store:
        stages = [stage["stage"] for stage in store.stages()]
    assert not [stage for stage in stages if stage.startswith("evaluate")]


def test_where_no_pool_changes_nothing_is_trained(read_only: Path) -> None:
    with Store(read_only) as store:
        record = read_record(store)
        plan = plan_ablations(record, ["heuristics.banned_words"])
        found = run_ablations(record, plan, 3, lambda _: None)
    assert found == {None: []}


def test_a_run_that_kept_nothing_is_told(tmp_path: Path) -> None:
    cfg = ablation_config(tmp_path, "none")
    teacher = {"backend": "program", "name": "tests.scripted_teacher:refuse"}
    cfg = cfg.model_copy(update={"teacher": cfg.teacher.model_copy(update=teacher)})
    cfg = override(cfg, ["generate.max_candidates=10"])
    folder = write_recorded(cfg, ("reject",), data=real_rows(unanswered))
    with pytest.raises(UserError, match="has kept no rows"):
        planned(folder)
