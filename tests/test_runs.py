import importlib.util
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfinstruct import failpoints
from selfinstruct.audit import audit
from selfinstruct.errors import DivergedError, IncompleteError, StoreError, UserError
from selfinstruct.progress import Progress
from selfinstruct.report.gather import gather
from selfinstruct.report.run import run_page
from selfinstruct.rows import from_example
from selfinstruct.runs import Run
from selfinstruct.store import Store
from selfinstruct.summary import read_summary
from selfinstruct.tracking import SENDERS
from tests.small_run import Bench, write_seeds


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_seeds(tmp_path_factory.mktemp("seeds") / "seeds.jsonl")


@pytest.fixture
def bench(tiny_base: Path, seeds: Path, tmp_path: Path) -> Bench:
    return Bench(tiny_base, seeds, tmp_path)


@pytest.fixture(scope="session")
def whole(
    tiny_base: Path, seeds: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Bench, list[Progress]]:
    """One run to the end, and every step of progress it made."""
    bench = Bench(tiny_base, seeds, tmp_path_factory.mktemp("whole"))
    steps: list[Progress] = []
    Run(bench.config(), on_progress=steps.append).execute()
    return bench, steps


def test_a_run_ends_with_a_verdict_a_champion_and_final_opened_once(
    whole: tuple[Bench, list[Progress]],
) -> None:
    found = read_summary(whole[0].out / "t")
    assert found["state"] == "finished"
    assert [entry["index"] for entry in found["rounds"]] == [1, 2]
    assert {entry["verdict"] for entry in found["rounds"]} <= {"accept", "reject", "inconclusive"}
    assert [student["name"] for student in found["students"]] == [
        "base",
        "real-only",
        "round-1",
        "round-2",
    ]
    assert [student["name"] for student in found["final"]] == ["base", found["champion"]]
    for entry in found["rounds"]:
        assert (entry["accepted"], entry["ending"], entry["target"]) == (8, "full", 8)
        assert set(entry["metrics"]) == {"accuracy", "rouge_l", "nll"}
        assert entry["personal_data"]["total"] == found["data"]["train"]
        assert entry["overlap"]["synthetic"]["rows"] == 8
        assert entry["overlap"]["control"]["rows"] == found["data"]["dev"]
        assert sum(entry["licenses"].values()) == 8


def test_a_round_leaves_its_rows_its_mixture_and_its_adapter(
    whole: tuple[Bench, list[Progress]],
) -> None:
    folder = whole[0].out / "t" / "rounds"
    assert {path.name for path in (folder / "0").iterdir()} == {"mixture.jsonl", "adapter"}
    names = {path.name for path in (folder / "1").iterdir()}
    assert names == {"accepted.jsonl", "rejected.jsonl", "mixture.jsonl", "adapter"}
    mixture = [json.loads(line) for line in (folder / "1" / "mixture.jsonl").open()]
    synthetic = [row for row in mixture if row["origin"] == "synthetic"]
    assert len(synthetic) / len(mixture) == pytest.approx(0.25, abs=0.03)
    accepted = {json.loads(line)["id"] for line in (folder / "1" / "accepted.jsonl").open()}
    assert {row["id"] for row in synthetic} <= accepted


def test_a_run_that_nobody_touched_has_no_faults(whole: tuple[Bench, list[Progress]]) -> None:
    found = audit(whole[0].out / "t")
    assert [finding for finding in found if not finding.ok] == []
    assert sum("as it was trained" in finding.what for finding in found) == 3


def test_the_control_learns_from_real_rows_alone(whole: tuple[Bench, list[Progress]]) -> None:
    path = whole[0].out / "t" / "rounds" / "0" / "mixture.jsonl"
    assert {json.loads(line)["origin"] for line in path.open()} == {"real"}


def test_starting_a_finished_run_again_does_nothing(bench: Bench) -> None:
    Run(bench.config(rounds={"max": 1})).execute()
    before = bench.outcome()
    steps: list[Progress] = []
    Run(bench.config(rounds={"max": 1}), on_progress=steps.append).execute()
    assert bench.outcome() == before
    assert [step for step in steps if step.stage != "base"] == []


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.85])
def test_a_run_stopped_anywhere_and_resumed_equals_an_uninterrupted_one(
    whole: tuple[Bench, list[Progress]], bench: Bench, share: float
) -> None:
    stop_at = round(share * len(whole[1]))
    count = 0

    def stop(_: Progress) -> None:
        nonlocal count
        count += 1
        if count == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run(bench.config(), on_progress=stop).execute()
    Run(bench.config()).execute()
    assert bench.outcome() == whole[0].outcome()


AIMED = {
    "accept": 10,
    "prompts_per_wave": 2,
    "samples_per_prompt": 3,
    "quotas": {"fee": 4},
    "requests": [{"ask": "in march", "count": 2}],
    "personas": ["a child", "a clerk"],
    "focus": "weak",
    "adapt": 0.25,
}


def test_a_run_that_aims_goes_by_dev_and_resumes_as_any_other(bench: Bench) -> None:
    sections = {"generate": AIMED, "watch": {"enabled": False}, "rounds": {"max": 1}}

    def stop(progress: Progress) -> None:
        if progress.stage == "generate" and progress.note == "wave 2":
            raise KeyboardInterrupt

    Run(bench.config(name="whole", **sections)).execute()
    with pytest.raises(KeyboardInterrupt):
        Run(bench.config(name="t", **sections), on_progress=stop).execute()
    Run(bench.config(name="t", **sections)).execute()
    assert bench.outcome("t") == bench.outcome("whole")
    with Store(bench.out / "t") as store:
        rows = store.screened(1).accepted
    assert len(rows) == 10
    assert sum(row.request == "in march" for row in rows) == 2
    assert sum(row.label == "fee" and not row.request for row in rows) == 4


def test_rounds_can_be_taken_one_at_a_time(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    states = []
    for _ in range(3):
        Run(bench.config()).execute(rounds=1)
        found = read_summary(bench.out / "t")
        states.append((len(found["rounds"]), found["state"]))
    assert states == [(1, "incomplete"), (2, "finished"), (2, "finished")]
    assert bench.outcome() == whole[0].outcome()


def test_a_run_cannot_change_its_identity_but_may_change_how_it_works(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    shutil.copytree(whole[0].out / "t", bench.out / "t")
    with pytest.raises(UserError, match=r"gate\.alpha: 0\.05 -> 0\.2 \(again: verd") as refused:
        Run(bench.config(gate={"alpha": 0.2})).execute()
    assert "--fork OTHER" in str(refused.value)
    Run(bench.config(budget={"max_calls": 0})).execute()


def test_a_mistyped_address_costs_a_run_nothing_but_the_call(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    nobody = {"backend": "openai", "base_url": "http://127.0.0.1:9/v1", "name": "m", "attempts": 1}
    with pytest.raises(IncompleteError):
        Run(bench.config(teacher=nobody, gate={"alpha": 0.2})).pilot(2)
    Run(bench.config()).execute()
    assert bench.outcome()["students"] == whole[0].outcome()["students"]


def test_a_run_begun_before_a_setting_existed_goes_on_with_its_default(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    shutil.copytree(whole[0].out / "t", bench.out / "t")
    with Store(bench.out / "t", write=True) as store:
        identity = store.meta("identity")
        old = {key: value for key, value in identity.items() if not key.startswith("watch.")}
        store.set_meta("identity", old)
        store.set_meta("guard", None)
    with pytest.raises(UserError, match=r"watch\.enabled: True -> False"):
        Run(bench.config(watch={"enabled": False})).execute()
    Run(bench.config()).execute()
    with Store(bench.out / "t") as store:
        assert store.meta("identity") == identity
        assert len(store.meta("guard")) == 10
    assert bench.outcome() == whole[0].outcome()


def test_a_run_notes_of_an_older_stress_set_from_which_round_on_nobody_is_shown_it(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    shutil.copytree(whole[0].out / "t", bench.out / "t")
    with Store(bench.out / "t", write=True) as store:
        row = from_example(store.screened(1).accepted[0])
        store.set_meta("stress", {"rows": [row], "contamination": {}})
    Run(bench.config()).execute()
    with Store(bench.out / "t") as store:
        assert store.meta("stress")["since"] == [3]


def test_a_base_exchanged_under_its_name_is_noticed_and_an_older_run_learns_its_own(
    whole: tuple[Bench, list[Progress]], bench: Bench, tmp_path: Path
) -> None:
    shutil.copytree(whole[0].out / "t", tmp_path / "t")
    with Store(tmp_path / "t", write=True) as store:
        held = store.meta("contents")
        prompts = {f"prompts.label_first/{name}" for name in ("question", "answer")}
        assert held.keys() == {"student.name", "teacher.name", *prompts}
        store.set_meta("contents", None)  # as a version wrote it that knew of none
    Run(bench.config()).execute()
    with Store(tmp_path / "t", write=True) as store:
        assert store.meta("contents") == held
        store.set_meta("contents", {**held, "student.name": "0123456789"})  # it was another
    with pytest.raises(UserError, match=r"student\.name: what it names has changed \(01234567 ->"):
        Run(bench.config()).execute()


def test_bad_seeds_stop_before_anything_is_spent(bench: Bench) -> None:
    bench.seeds = bench.out / "bad.jsonl"
    bench.seeds.write_text('{"instruction": "x"}\nnot json\n')
    with pytest.raises(UserError, match=r"bad\.jsonl:2"):
        Run(bench.config()).execute()


def test_a_ledger_changed_behind_our_back_is_noticed(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    shutil.copytree(whole[0].out / "t", bench.out / "t")
    db = sqlite3.connect(bench.out / "t" / "run.db")
    db.execute(
        "DELETE FROM candidates WHERE reason IS NULL AND round = 1 AND id IN"
        " (SELECT id FROM candidates WHERE reason IS NULL AND round = 1 LIMIT 7)"
    )
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="mixture of round 1"):
        Run(bench.config()).execute()


def test_an_adapter_changed_behind_our_back_is_noticed(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    shutil.copytree(whole[0].out / "t", bench.out / "t")
    weights = bench.out / "t" / "rounds" / "1" / "adapter" / "adapter_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(StoreError):
        Run(bench.config()).execute()


def test_a_share_can_be_counted_in_tokens(bench: Bench) -> None:
    cfg = bench.config(mixture={"synthetic_share": 0.3, "unit": "tokens"}, rounds={"max": 1})
    Run(cfg).execute()
    mixture = read_summary(bench.out / "t")["rounds"][0]["mixture"]
    assert mixture["unit"] == "tokens"
    assert mixture["achieved_share"] == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize(
    ("teacher", "share", "synthetic"),
    [("refuse", 0.25, 0), ("answer", 0.0, 0), ("answer", 1.0, None)],
    ids=["nothing kept", "share 0", "share 1"],
)
def test_a_round_at_the_edge_has_a_verdict_and_never_a_wrong_winner(
    bench: Bench, teacher: str, share: float, synthetic: int | None
) -> None:
    cfg = bench.config(
        teacher={"backend": "program", "name": f"tests.scripted_teacher:{teacher}"},
        generate={"accept": 8, "max_candidates": 12, "prompts_per_wave": 2},
        mixture={"synthetic_share": share},
        rounds={"max": 1},
    )
    Run(cfg).execute()
    found = read_summary(bench.out / "t")
    (entry,) = found["rounds"]
    assert entry["verdict"] in ("reject", "inconclusive")
    assert (found["state"], found["champion"]) == ("finished", "real-only")
    names = [student["name"] for student in found["students"]]
    assert names == ["base", "real-only", "round-1"]
    if synthetic == 0:  # the candidate is the control by another name
        assert entry["mixture"]["synthetic"] == 0
        assert entry["gate"]["gain"]["value"] == 0
        assert (entry["gate"]["wins"], entry["gate"]["losses"]) == (0, 0)
    else:
        assert entry["mixture"]["achieved_share"] == 1


def test_a_run_can_be_closed_early_and_has_no_rounds_after_its_final_rows_were_opened(
    bench: Bench,
) -> None:
    Run(bench.config()).execute(rounds=1)
    assert read_summary(bench.out / "t")["final"] == []
    Run(bench.config()).execute(rounds=0, close=True)
    closed = bench.outcome()
    assert closed["final"]
    assert [entry["index"] for entry in closed["rounds"]] == [1]
    Run(bench.config()).execute()
    assert bench.outcome() == closed


def test_a_verdict_tells_of_its_guards_its_watch_and_its_look(
    whole: tuple[Bench, list[Progress]],
) -> None:
    found = read_summary(whole[0].out / "t")
    assert found["looks"] == 2
    for look, entry in enumerate(found["rounds"], start=1):
        assert entry["gate"]["look"] == look
        assert [guard["name"] for guard in entry["gate"]["guards"]] == ["general"]
        assert {signal["of"] for signal in entry["signals"]} == {"mixture", "student"}


def test_a_round_that_is_not_full_stops_before_training_if_it_was_told_to(bench: Bench) -> None:
    few = {"accept": 50, "max_candidates": 6, "prompts_per_wave": 2, "samples_per_prompt": 3}
    stop, go_on = {**few, "on_exhausted": "stop"}, {**few, "on_exhausted": "go_on"}
    for _ in range(2):  # starting it again changes nothing
        with pytest.raises(IncompleteError, match="of 50 rows accepted"):
            Run(bench.config(generate=stop, rounds={"max": 1})).execute()
        with Store(bench.out / "t") as store:
            assert store.stage(1, "generate") is None
            paid = store.spent()
    Run(bench.config(generate=go_on, rounds={"max": 1})).execute()
    (entry,) = read_summary(bench.out / "t")["rounds"]
    assert (entry["ending"], entry["target"]) == ("candidates", 50)
    assert 0 < entry["accepted"] < 50
    assert entry["verdict"] is not None
    assert read_summary(bench.out / "t")["spent"] == paid


def test_a_limit_of_cost_without_a_price_is_refused_before_the_run_begins(bench: Bench) -> None:
    with pytest.raises(UserError, match="has no price"):
        Run(bench.config(budget={"max_cost": 1})).execute()
    with Store(bench.out / "t") as store:
        assert store.real_data() is None


def test_the_money_of_a_run_is_told_from_the_prices_it_was_last_started_with(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    shutil.copytree(whole[0].out / "t", bench.out / "t")
    before = read_summary(bench.out / "t")
    assert before["account"]["cost"] is None
    assert before["account"]["hours"] * 3600 >= before["seconds"] - 1
    price = {"tests.scripted_teacher:answer": {"input": 1, "output": 4}}
    Run(bench.config(budget={"prices": price, "currency": "EUR"})).execute()
    found = read_summary(bench.out / "t")
    tokens = found["spent"]["prompt_tokens"] + 4 * found["spent"]["completion_tokens"]
    assert found["account"]["cost"] == pytest.approx(tokens / 1e6)
    assert found["account"]["currency"] == "EUR"


def stop_before_training(index: int) -> Callable[[Progress], None]:
    def stop(progress: Progress) -> None:
        if (progress.round, progress.stage) == (index, "train"):
            raise KeyboardInterrupt

    return stop


def test_a_round_whose_student_is_no_numbers_is_rejected_and_the_run_goes_on(
    whole: tuple[Bench, list[Progress]], bench: Bench
) -> None:
    with pytest.raises(KeyboardInterrupt):
        Run(bench.config(), on_progress=stop_before_training(1)).execute()
    with Store(bench.out / "t", write=True) as store:  # as `making.train` leaves it
        diverged = {"why": "training diverged at step 2 of 2: loss nan", "losses": [2.5, None]}
        store.commit_stage(1, "diverged", diverged, 1.0)
    Run(bench.config()).execute(rounds=0)  # no round is left to begin: the first is decided
    assert read_summary(bench.out / "t")["state"] == "incomplete"
    Run(bench.config()).execute()
    found = read_summary(bench.out / "t")
    first, second = found["rounds"]
    assert (first["verdict"], first["gate"], first["metrics"]) == ("reject", None, {})
    assert first["why"] == f"Rejected, and not judged: {diverged['why']}."
    assert (found["state"], found["looks"], second["gate"]["look"]) == ("finished", 1, 1)
    names = [student["name"] for student in found["students"]]
    assert names == ["base", "real-only", "round-2"]
    assert found["students"][:2] == whole[0].outcome()["students"][:2]
    assert not (bench.out / "t" / "rounds" / "1" / "adapter").exists()
    assert [finding.what for finding in audit(bench.out / "t") if not finding.ok] == []
    before, steps = bench.outcome(), list[Progress]()
    Run(bench.config(), on_progress=steps.append).execute()
    assert (bench.outcome(), [step for step in steps if step.stage != "base"]) == (before, [])
    page = run_page(gather(bench.out / "t"), [])
    assert "rejected: the student came to no numbers" in page
    assert "diverged at step 2 of 2" in page


def test_rounds_that_come_to_no_numbers_count_as_rounds_in_vain(bench: Bench) -> None:
    one = bench.config(rounds={"max": 2, "patience": 1})
    with pytest.raises(KeyboardInterrupt):
        Run(one, on_progress=stop_before_training(1)).execute()
    with Store(bench.out / "t", write=True) as store:
        store.commit_stage(1, "diverged", {"why": "it diverged", "losses": []}, 1.0)
    Run(one).execute()
    found = read_summary(bench.out / "t")
    assert (found["state"], found["champion"], found["looks"]) == ("finished", "real-only", 0)
    assert [entry["index"] for entry in found["rounds"]] == [1]
    assert found["final"]


def test_a_control_that_is_no_numbers_ends_the_run_with_what_to_set(bench: Bench) -> None:
    hot = {"name": str(bench.model), "max_steps": 2, "batch_size": 4, "learning_rate": 1e30}
    with pytest.raises(DivergedError, match="diverged at step 2 of 2") as caught:
        Run(bench.config(student=hot)).execute()
    assert "student.learning_rate=3e+29" in caught.value.next_step
    assert "name=OTHER" in caught.value.next_step
    assert read_summary(bench.out / "t")["champion"] is None


@pytest.mark.slow
@pytest.mark.parametrize("by", ["champion", "k_fold"])
def test_a_run_whose_candidates_models_chose_resumes_and_forks_as_any_other(
    bench: Bench, by: str
) -> None:
    quality = {
        "label_agreement": {"by": by, "k": 2, "least": None},
        "rubric": {"rows": 8, "on_failure": "go_on"},
    }
    sections: dict[str, Any] = {
        "filters": {"quality": quality},
        "generate": {
            "accept": 6,
            "prompts_per_wave": 2,
            "samples_per_prompt": 3,
            "max_candidates": 60,
        },
        "rounds": {"max": 1},
    }
    steps: list[Progress] = []
    Run(bench.config(name="whole", **sections), on_progress=steps.append).execute()
    count = 0

    def stop(step: Progress) -> None:
        nonlocal count
        count += "to verify" in step.note or step.note.startswith("wave")
        if count == 2:
            raise KeyboardInterrupt

    run = Run(bench.config(name="halved", **sections), on_progress=stop)
    with pytest.raises(KeyboardInterrupt):
        run.execute()
    Run(bench.config(name="halved", **sections)).execute()
    assert bench.outcome("halved") == bench.outcome("whole")
    with Store(bench.out / "whole") as store:
        found = store.screened(1)
        told = read_summary(bench.out / "whole")
    scored = {one.id for one in found.scores if one.name == "label_agreement"}
    late = {item.what.id for item in found.rejected if item.reason == "round_full"}
    assert {row.id for row in found.accepted} | late <= scored
    assert told["quality"]["rubric"]["doubt"]
    assert (told["quality"]["suspects"] is None) == (by == "champion")
    assert [finding for finding in audit(bench.out / "whole") if not finding.ok] == []
    student = {"name": str(bench.model), "max_steps": 2, "batch_size": 4, "rank": 4}
    fork, about = Run(bench.config(name="whole", **sections, student=student)).fork("forked")
    assert about is not None
    assert any(line.startswith("candidates") for line in about["again"])
    fork.execute()
    looser = {**sections, "gate": {"alpha": 0.2}}
    kept, about = Run(bench.config(name="whole", **looser)).fork("kept")
    assert about is not None
    assert any(line.startswith("candidates") for line in about["reused"])
    assert read_summary(bench.out / "kept")["quality"] == told["quality"]
    assert (bench.out / "kept/rounds/0/folds").exists() == (by == "k_fold")
    kept.execute()
    assert [finding for finding in audit(bench.out / "kept") if not finding.ok] == []


def test_a_tracker_that_is_not_here_stops_a_run_before_it_begins(bench: Bench) -> None:
    missing = [name for name in SENDERS if importlib.util.find_spec(name) is None]
    if not missing:
        pytest.skip("every tracker is installed")
    cfg = bench.config()
    student = cfg.student.model_copy(update={"report_to": (missing[0],)})
    with pytest.raises(UserError, match=f"names {missing[0]}, which is not installed"):
        Run(cfg.model_copy(update={"student": student})).execute()
    with Store(bench.out / "t") as store:
        assert store.real_data() is None


def test_tensorboard_holds_every_training_and_verdict(bench: Bench) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    reader = importlib.import_module(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator
    cfg = bench.config()
    student = cfg.student.model_copy(update={"report_to": ("tensorboard",)})
    run = Run(cfg.model_copy(update={"student": student}))
    run.execute(1)
    board = bench.out / "t" / "trackers" / "tensorboard"
    told = ["t real-only seed 0", "t round-1 gate seed 0", "t round-1 seed 0"]
    assert sorted(path.name for path in board.iterdir()) == told
    gained = reader(str(board / "t round-1 gate seed 0")).Reload().Scalars("gate/gain")
    [judged] = read_summary(bench.out / "t")["rounds"]
    assert [(each.step, each.value) for each in gained] == [
        (1, pytest.approx(judged["gate"]["gain"]["value"]))
    ]
    files = sorted(board.rglob("*"))
    run.execute(0)  # a verdict that is remembered is not told again
    assert sorted(board.rglob("*")) == files


TRACKER = """
from pathlib import Path

names = []


def init(**about):
    names.append(about["name"])


def log(values, step):
    with Path(__file__).with_name("heard").open("a") as file:
        file.write(f"{names[-1]}, step {step}: {values['verdict'][:9]}\\n")


def finish():
    pass
"""


def test_a_verdict_that_a_stop_kept_from_a_tracker_is_sent_at_the_next_start_once(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trackio.py").write_text(TRACKER)
    monkeypatch.syspath_prepend(tmp_path)
    cfg = bench.config()
    student = cfg.student.model_copy(update={"report_to": ("trackio",)})
    run = Run(cfg.model_copy(update={"student": student}))

    def heard() -> list[str]:
        told = tmp_path / "heard"
        return told.read_text().splitlines() if told.exists() else []

    def stop(place: str) -> None:
        if place == "stage.committed":
            with Store(run.folder) as store:
                if store.stage(1, "gate") is not None:
                    raise KeyboardInterrupt

    failpoints.watch(stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            run.execute(1)
        failpoints.watch(None)
        assert heard() == []
        run.execute(0)
        (told,) = heard()
        assert told.startswith("t round-1 gate seed 0, step 1: ")
        run.execute(0)
        assert heard() == [told]
    finally:
        failpoints.watch(None)
        sys.modules.pop("trackio", None)


def test_a_tracker_that_would_take_nothing_stops_a_run_before_it_begins(bench: Bench) -> None:
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("mlflow is not installed")
    cfg = bench.config()
    student = cfg.student.model_copy(update={"report_to": ("mlflow",)})
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(UserError, match="names mlflow, which would take nothing"),
    ):
        patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        Run(cfg.model_copy(update={"student": student})).execute()
    with Store(bench.out / "t") as store:
        assert store.real_data() is None


def test_a_tracker_that_fails_on_the_way_costs_a_run_nothing(bench: Bench) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    (bench.out / "t").mkdir(parents=True)
    (bench.out / "t" / "trackers").write_text("no folder: nothing can be written below it")
    cfg = bench.config()
    student = cfg.student.model_copy(update={"report_to": ("tensorboard",)})
    Run(cfg.model_copy(update={"student": student})).execute(1)
    found = read_summary(bench.out / "t")
    assert [entry["index"] for entry in found["rounds"]] == [1]
    assert [fault["at"] for fault in found["tracker_faults"]] == [
        "the beginning of t real-only seed 0",
        "the beginning of t round-1 seed 0",
        "the end of t round-1 gate seed 0",
    ]
