import json
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct import failpoints
from selfinstruct.checkpoints.adapters import load_checkpoint
from selfinstruct.config import Config, parse_config
from selfinstruct.errors import DiskError, UserError
from selfinstruct.progress import Progress
from selfinstruct.store import Store
from selfinstruct.tuning.arms import Arm, plan_arms
from selfinstruct.tuning.sweep import (
    Outcome,
    run_sweep,
    scores_by_share,
)
from tests.frozen_run import tiny_config, write_frozen_run

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_frozen_run(tmp_path / "t")
    return tmp_path / "t"


@pytest.fixture
def cfg(tiny_base: Path, tmp_path: Path) -> Config:
    return parse_config(tiny_config(tiny_base, tmp_path))


def arms(*shares: float, seeds: int = 1) -> list[Arm]:
    return plan_arms("fixed-real", shares, seeds, real=12, synthetic=11)


def swept(cfg: Config, folder: Path, wanted: list[Arm]) -> tuple[list[Outcome], list[str]]:
    seen: list[Progress] = []
    found = run_sweep(cfg, folder, wanted, seen.append).outcomes
    return found, [step.stage for step in seen if step.stage.endswith("train") and step.done]


def test_every_arm_is_scored_on_dev_and_remembered(cfg: Config, folder: Path) -> None:
    found, trained = swept(cfg, folder, arms(0.25, seeds=2))
    assert trained == ["arm 1/4 train", "arm 2/4 train", "arm 3/4 train", "arm 4/4 train"]
    scores = scores_by_share(found, "nll")
    assert {share: sorted(runs) for share, runs in scores.items()} == {0.0: [0, 1], 0.25: [0, 1]}
    assert {len(values) for runs in scores.values() for values in runs.values()} == {6}
    assert [one.mixture["synthetic"] for one in found] == [0, 4, 0, 4]
    with Store(folder) as store:
        looked = [stage["stage"] for stage in store.stages() if "gate" in stage["stage"]]
    assert looked == []
    again, trained = swept(cfg, folder, arms(0.25, seeds=2))
    assert (again, trained) == (found, [])
    more, trained = swept(cfg, folder, arms(0.25, 0.4, seeds=2))
    assert trained == ["arm 3/6 train", "arm 6/6 train"]
    assert [one for one in more if one.arm.share != 0.4] == found


def test_another_student_or_another_way_of_scoring_is_another_arm(
    cfg: Config, folder: Path
) -> None:
    (first,), _ = swept(cfg, folder, arms())
    other = cfg.model_copy(update={"student": cfg.student.model_copy(update={"rank": 3})})
    assert swept(other, folder, arms())[1] == ["arm 1/1 train"]
    more = cfg.model_copy(
        update={"evaluate": cfg.evaluate.model_copy(update={"metrics": ("chrf",)})}
    )
    (scored,), trained = swept(more, folder, arms())
    assert trained == ["arm 1/1 train"]
    assert first.report is not None
    assert scored.report is not None
    assert "chrf" in scored.report.scores
    assert swept(more, folder, arms()) == ([scored], [])
    assert swept(cfg, folder, arms()) == ([first], [])


def test_real_rows_that_are_repeated_make_another_arm(cfg: Config, folder: Path) -> None:
    swept(cfg, folder, arms())
    often = cfg.model_copy(update={"mixture": cfg.mixture.model_copy(update={"repeat": 3})})
    (found,), trained = swept(often, folder, arms())
    assert trained == ["arm 1/1 train"]
    assert found.mixture["rows"] == 36


def test_the_ledger_says_of_each_arm_what_it_was_and_where_its_time_went(
    cfg: Config, folder: Path
) -> None:
    found, _ = swept(cfg, folder, arms(0.25))
    with Store(folder) as store:
        stages = [stage for stage in store.stages() if stage["stage"].startswith("sweep ")]
    told = [stage["result"] for stage in stages]
    assert [(one["design"], one["share"], one["seed"], one["rows"]) for one in told] == [
        ("fixed-real", 0.0, 0, None),
        ("fixed-real", 0.25, 0, None),
    ]
    assert [one["steps"] for one in told] == [1, 1]
    assert [one["mixture"]["rows"] for one in told] == [12, 16]
    assert {one["digest"] for one in told} == adapters(folder)
    for stage, outcome in zip(stages, found, strict=True):
        seconds = stage["result"]["seconds"]
        assert outcome.seconds == seconds
        assert 0 < seconds["train"] + seconds["evaluate"] < stage["seconds"]


def test_arms_that_share_a_base_are_those_of_a_sweep_of_one(cfg: Config, tmp_path: Path) -> None:
    wanted = arms(0.25, 0.4)
    together, apart = tmp_path / "t", tmp_path / "apart"
    write_frozen_run(together)
    found, _ = swept(cfg, together, wanted)
    for at, arm in enumerate(wanted):
        write_frozen_run(apart / str(at))
        (alone,) = run_sweep(cfg, apart / str(at), [arm]).outcomes
        assert alone.report == found[at].report
    assert adapters(together) == set.union(*(adapters(apart / str(at)) for at in range(3)))


def adapters(folder: Path) -> set[str]:
    return {load_checkpoint(path, "").digest for path in (folder / "sweep").glob("*/adapter")}


def test_an_arm_that_diverges_is_a_gap_without_a_score(cfg: Config, folder: Path) -> None:
    (fine, _), _ = swept(cfg, folder, arms(0.25))
    hot = cfg.model_copy(
        update={"student": cfg.student.model_copy(update={"learning_rate": 1e30, "max_steps": 2})}
    )
    broken, _ = swept(hot, folder, arms(0.25))
    assert [one.report for one in broken] == [None, None]
    assert all("diverged at step 2 of 2" in one.failure for one in broken)
    assert all(not one.mixture for one in broken)
    with Store(folder) as store:
        assert len([s for s in store.stages() if s["stage"].startswith("sweep ")]) == 2
    assert swept(cfg, folder, arms(0.25))[0][0] == fine


def test_an_arm_that_cannot_be_is_a_gap_and_the_others_go_on(cfg: Config, folder: Path) -> None:
    found, _ = swept(cfg, folder, arms(0.25, 0.9))
    assert [one.report is None for one in found] == [False, False, True]
    assert "asks for 108 synthetic rows" in found[2].failure
    assert set(scores_by_share(found, "nll")) == {0.0, 0.25}


def steps_of(cfg: Config, steps: int) -> Config:
    return cfg.model_copy(update={"student": cfg.student.model_copy(update={"max_steps": steps})})


def test_halving_trains_all_shares_short_on_the_first_seed_and_few_in_full(
    cfg: Config, folder: Path
) -> None:
    cfg, seen = steps_of(cfg, 8), list[Progress]()
    wanted = arms(0.2, 0.4, seeds=2)
    found = run_sweep(cfg, folder, wanted, seen.append, "nll")
    assert [(one.arm.steps, one.arm.seed, one.arm.share) for one in found.rungs] == [
        (steps, 0, share) for steps in (2, 4) for share in (0, 0.2, 0.4)
    ]
    trained = {(step.stage, step.total) for step in seen if step.unit == "steps"}
    assert trained > {("arm 1/6 train", 2), ("arm 4/6 train", 4)}
    assert {total for _, total in trained} == {2, 4, 8}
    assert found.halving is not None
    assert [one.arm for one in found.outcomes] == [
        arm for arm in wanted if arm.share not in found.halving.dropped
    ]
    assert all(one.arm.steps is None and one.report for one in found.outcomes)
    again, seen = run_sweep(cfg, folder, wanted, seen.append, "nll"), list[Progress]()
    assert (again, seen) == (found, [])


def test_a_rung_that_was_trained_is_not_trained_again_by_a_sweep_of_as_many_steps(
    cfg: Config, folder: Path
) -> None:
    run_sweep(steps_of(cfg, 8), folder, arms(0.25), halve_by="nll")
    assert swept(steps_of(cfg, 4), folder, arms(0.25))[1] == []


def test_with_nothing_to_rank_halving_trains_all_in_full(cfg: Config, folder: Path) -> None:
    found = run_sweep(steps_of(cfg, 4), folder, arms(0.25, 0.9), halve_by="nll")
    assert [bool(one.failure) for one in found.rungs] == [False, False, True] * 2
    assert found.halving is not None
    assert "2 share(s)" in found.halving.why
    assert [one.arm.share for one in found.outcomes] == [0, 0.25, 0.9]


def test_too_few_steps_to_halve_are_refused_before_any_training(cfg: Config, folder: Path) -> None:
    with pytest.raises(UserError, match="quarter of the steps"):
        run_sweep(cfg, folder, arms(0.25), halve_by="nll")
    assert not (folder / "sweep").exists()


def test_a_metric_that_was_not_scored_is_named(cfg: Config, folder: Path) -> None:
    found, _ = swept(cfg, folder, arms())
    with pytest.raises(UserError, match="not scored on chrf"):
        scores_by_share(found, "chrf")
    assert scores_by_share([replace(found[0], report=None)], "nll") == {}


def test_an_adapter_of_an_arm_is_kept_beside_the_run(cfg: Config, folder: Path) -> None:
    swept(cfg, folder, arms())
    (adapter,) = (folder / "sweep").glob("*/adapter")
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == 2


def test_a_full_disk_is_no_arms_fault_and_ends_the_sweep(cfg: Config, folder: Path) -> None:
    failpoints.arm("adapter.written:2:full")
    with pytest.raises(DiskError, match="No space left"):
        swept(cfg, folder, arms(0.25))
    failpoints.arm("")
    found, trained = swept(cfg, folder, arms(0.25))
    assert trained == ["arm 2/2 train"]
    assert [one.failure for one in found] == ["", ""]
