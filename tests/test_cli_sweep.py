import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from selfinstruct.cli.sweep import print_sweep, read_arguments, sweep_command, write_share
from selfinstruct.config import load_config
from selfinstruct.errors import UserError
from selfinstruct.store import Store
from tests.frozen_run import tiny_config, write_frozen_run

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    ("given", "shares", "settings"),
    [
        ([], [], []),
        ([".25", "0.5", "seed=3"], [0.25, 0.5], ["seed=3"]),
        (["student.max_steps=9", "1"], [1.0], ["student.max_steps=9"]),
        (["oops"], [], ["oops"]),
    ],
)
def test_a_bare_number_is_a_share(
    given: list[str], shares: list[float], settings: list[str]
) -> None:
    assert read_arguments(given) == (shares, settings)


def found() -> dict[str, Any]:
    def point(share: float, value: float, gain: float) -> dict[str, Any]:
        interval = {"value": gain, "low": gain - 0.1, "high": gain + 0.1}
        return {
            "share": share,
            "seeds": [0, 1],
            "value": value,
            "gain": interval,
            "adjusted": 0.02,
            "behind": 0.4 - gain,
            "behind_error": 0.05,
        }

    def arm(share: float, seed: int, synthetic: int, failure: str | None = None) -> dict[str, Any]:
        counts = {} if failure else {"rows": 100 + synthetic, "synthetic": synthetic}
        more = {"steps": None, "score": None if failure else 1.6, "failure": failure}
        return {"share": share, "seed": seed, **counts, **more}

    return {
        "run": "runs/t",
        "design": "fixed-real",
        "metric": "nll",
        "dev_rows": 30,
        "arms": [arm(0.0, 0, 0), arm(0.5, 0, 100), arm(0.9, 0, 0, "asks for 900 rows")],
        "shares": [point(0.0, 2.0, 0.0), point(0.5, 1.6, 0.4)],
        "best": 0.5,
        "chosen": 0.5,
        "differs": True,
        "detectable": 0.034,
        "why": "0.5 scores best.",
        "warning": "",
        "halving": None,
    }


def printed(found: dict[str, Any]) -> str:
    out = io.StringIO()
    print_sweep(Console(file=out, width=150, highlight=False), found)
    return out.getvalue()


def test_people_read_the_curve_the_gaps_and_the_choice() -> None:
    text = printed(found())
    for words in (
        "fixed-real sweep of runs/t on 30 dev rows",
        "100 + 100",
        "+0.400 [+0.300, +0.500]",
        "0.400 ± 0.050",
        "◀ chosen",
        "gap: share 0.9, seed 0: asks for 900 rows",
        "0.5 scores best.",
        "chosen share: 0.5",
    ):
        assert words in text
    assert text.count("◀") == 1
    assert "four times in five" not in text


def test_where_nothing_differs_people_read_what_would_have_been_seen() -> None:
    text = printed({**found(), "differs": False})
    assert "A difference of 0.034 in nll would be found four times in five." in text


def test_a_warning_stands_above_the_choice() -> None:
    text = printed({**found(), "differs": False, "warning": "only 6 dev rows"})
    assert text.index("warning: only 6 dev rows") < text.index("0.5 scores best.")
    assert "four times in five" not in text


def test_people_read_which_short_trainings_there_were_and_what_they_dropped() -> None:
    def arm(share: float, steps: int, score: float | None) -> dict[str, Any]:
        failure = None if score else "it diverged"
        return {"share": share, "seed": 0, "steps": steps, "score": score, "failure": failure}

    scores = [(0.0, 2.0), (0.5, 1.7), (0.75, 1.9), (0.9, None)]
    halving = {
        "correlation": 1.0,
        "stable": True,
        "dropped": [0.75],
        "why": "Spearman's correlation of the two rungs is 1.00; dropped: 0.75.",
        "arms": [arm(share, steps, score) for steps in (10, 20) for share, score in scores],
    }
    text = printed({**found(), "halving": halving})
    for words in (
        "rung of 10 steps, one seed: 0: 2.000, 0.5: 1.700, 0.75: 1.900, 0.9: gap",
        "rung of 20 steps",
        "gap: share 0.9, seed 0, 20 steps: it diverged",
        "correlation of the two rungs is 1.00",
        "not trained in full, so not in the table: share 0.75",
    ):
        assert words in text
    halving |= {"dropped": [], "stable": False, "why": "so all are trained in full."}
    assert "not in the table" not in printed({**found(), "halving": halving})


@pytest.fixture
def config(tiny_base: Path, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(f"# mine\n{json.dumps(tiny_config(tiny_base, tmp_path))}\n")
    return path


def sweep(config: Path, *settings: str, **how: bool) -> dict[str, Any]:
    quiet = Console(file=io.StringIO())
    return sweep_command(config, settings, [0.25], 1, "fixed-real", "nll", quiet, **how)


def test_a_sweep_ends_in_one_object_that_the_ledger_keeps(config: Path, tmp_path: Path) -> None:
    write_frozen_run(tmp_path / "t")
    err = io.StringIO()
    found = sweep_command(config, [], [0.25], 1, "fixed-real", "nll", Console(file=err))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    with Store(tmp_path / "t") as store:
        assert store.meta("sweep") == found
    assert [(arm["share"], arm["rows"]) for arm in found["arms"]] == [(0.0, 12), (0.25, 16)]
    assert found["arms"][1]["seconds"].keys() == {"train", "evaluate"}
    assert "arm 2/2 train" in err.getvalue()
    # Three dev rows of each label: the means of both make the score of the arm.
    assert found["labels"].keys() == {"fee", "refund"}
    for at, share in enumerate(("0", "0.25")):
        means = [found["labels"][label][share] for label in ("fee", "refund")]
        assert sum(means) / 2 == pytest.approx(found["arms"][at]["score"])
    print_sweep(Console(file=io.StringIO()), found)


def test_few_dev_rows_choose_nothing_unless_forced(config: Path, tmp_path: Path) -> None:
    write_frozen_run(tmp_path / "t")
    found = sweep(config)
    assert (found["chosen"], found["differs"]) == (0.0, False)
    assert found["warning"].startswith("only 6 dev rows: a difference of less than ")
    assert f"{found['detectable']:.2g} in nll" in found["warning"]
    forced = sweep(config, force=True)
    assert "fewer than" not in forced["why"]
    assert forced["warning"] == found["warning"]


def test_twenty_dev_rows_choose_by_themselves(config: Path, tmp_path: Path) -> None:
    write_frozen_run(tmp_path / "t", dev=20)
    found = sweep(config)
    assert (found["warning"], found["dev_rows"]) == ("", 20)


@pytest.mark.parametrize("dev", [0, 1])
def test_without_two_dev_rows_nothing_is_trained(config: Path, tmp_path: Path, dev: int) -> None:
    write_frozen_run(tmp_path / "t", dev=dev)
    with pytest.raises(UserError, match=f"there is {dev} dev row, too few"):
        sweep(config)
    assert not (tmp_path / "t" / "sweep").exists()


def test_where_every_student_fails_the_reason_is_told_and_nothing_is_kept(
    config: Path, tmp_path: Path
) -> None:
    write_frozen_run(tmp_path / "t")
    with pytest.raises(UserError, match="real rows alone") as raised:
        sweep(config, "student.learning_rate=1e30", "student.max_steps=2")
    assert raised.value.why.count("diverged at step 2 of 2") == 1  # of two students
    with Store(tmp_path / "t") as store:
        assert store.meta("sweep") is None


def test_a_share_the_pool_cannot_give_is_a_gap_in_the_object(config: Path, tmp_path: Path) -> None:
    write_frozen_run(tmp_path / "t")
    quiet = Console(file=io.StringIO())
    found = sweep_command(config, [], [0.9], 1, "fixed-real", "nll", quiet)
    control, gap = found["arms"]
    assert (gap["score"], control["failure"]) == (None, None)
    assert "asks for 108 synthetic rows" in gap["failure"]
    assert [point["share"] for point in found["shares"]] == [0.0]
    assert found["chosen"] == 0.0
    assert "nothing to choose from" in found["why"]
    text = printed(found)
    assert "gap: share 0.9, seed 0: mixture.synthetic_share is 0.9" in text


def test_halving_is_told_in_the_object(config: Path, tmp_path: Path) -> None:
    write_frozen_run(tmp_path / "t")
    found = sweep(config, "student.max_steps=4", halving=True)
    halving = found["halving"]
    assert [(arm["share"], arm["steps"]) for arm in halving["arms"]] == [
        (share, steps) for steps in (1, 2) for share in (0.0, 0.25)
    ]
    assert all(arm["score"] for arm in halving["arms"])
    assert (halving["stable"], halving["dropped"]) == (False, [])
    assert "rung of 2 steps" in printed(found)


def test_a_share_can_be_written_and_comments_stay(config: Path) -> None:
    write_share(config, 0.25)
    assert config.read_text().startswith("# mine\n")
    assert load_config(config).mixture.synthetic_share == 0.25


def test_a_metric_that_no_arm_can_have_is_refused_before_any_training(
    config: Path, tmp_path: Path
) -> None:
    write_frozen_run(tmp_path / "t")
    err = io.StringIO()
    with pytest.raises(UserError, match="chrf is not a score of these students"):
        sweep_command(config, [], [0.25], 1, "fixed-real", "chrf", Console(file=err))
    assert err.getvalue() == ""
