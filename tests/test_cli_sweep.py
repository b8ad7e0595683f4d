import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from selfinstruct.cli.sweep import print_sweep, read_arguments, sweep_command, write_share
from selfinstruct.config import load_config
from selfinstruct.errors import UserError
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
        return {"share": share, "seed": seed, "failure": failure, **counts}

    return {
        "run": "runs/t",
        "design": "fixed-real",
        "metric": "nll",
        "dev_rows": 30,
        "arms": [arm(0.0, 0, 0), arm(0.5, 0, 100), arm(0.9, 0, 0, "asks for 900 rows")],
        "shares": [point(0.0, 2.0, 0.0), point(0.5, 1.6, 0.4)],
        "best": 0.5,
        "chosen": 0.5,
        "why": "0.5 scores best.",
    }


def test_people_read_the_curve_the_gaps_and_the_choice() -> None:
    out = io.StringIO()
    print_sweep(Console(file=out, width=150, highlight=False), found())
    text = out.getvalue()
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


def test_a_sweep_ends_in_one_object_and_a_share_that_can_be_written(
    tiny_base: Path, tmp_path: Path
) -> None:
    write_frozen_run(tmp_path / "t")
    config = tmp_path / "config.yaml"
    config.write_text(f"# mine\n{json.dumps(tiny_config(tiny_base, tmp_path))}\n")
    err = io.StringIO()
    result = sweep_command(config, [], [0.25], 1, "fixed-real", "nll", Console(file=err))
    assert json.loads(json.dumps(result))["design"] == "fixed-real"
    assert [(arm["share"], arm["rows"]) for arm in result["arms"]] == [(0.0, 12), (0.25, 16)]
    assert result["chosen"] in (0.0, 0.25)
    assert "arm 2/2 train" in err.getvalue()
    print_sweep(Console(file=io.StringIO()), result)
    write_share(config, 0.25)
    assert config.read_text().startswith("# mine\n")
    assert load_config(config).mixture.synthetic_share == 0.25


def test_a_metric_that_no_arm_can_have_is_refused_before_any_training(
    tiny_base: Path, tmp_path: Path
) -> None:
    write_frozen_run(tmp_path / "t")
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps(tiny_config(tiny_base, tmp_path)))
    err = io.StringIO()
    with pytest.raises(UserError, match="chrf is not a score of these students"):
        sweep_command(config, [], [0.25], 1, "fixed-real", "chrf", Console(file=err))
    assert err.getvalue() == ""
