"""A disk that fills up under a run: told with exit 3, and resumed as if nothing had happened.

The oracle is that of `kills`: every row of the ledger and every file. What a single writer does on
a full disk is in the tests of `files`, `database`, `store`, `lock` and `adapters`.
"""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kill_scenes import RUN, SCENES, Props
from tests.kills import Stage, Start, Trial, build, facts, said, start_forked

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

KIB = 1024


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return build(tmp_path_factory.mktemp("stage"), rounds=1, scenes=["run"])


def start_below(change: Callable[[Path, int], object]) -> Start:
    """Start the run in a child after `change` has left it so many bytes; "" lifts the limit."""

    def start(props: Props, place: Path, blow: str | float) -> int:
        size = int(str(blow).partition(":")[0]) if blow else 0
        work = SCENES["run"].start

        def limited(props: Props, place: Path) -> None:
            change(place, size)
            work(props, place)

        return start_forked(limited)(props, place, "")

    return start


def limit_files(_: Path, size: int) -> None:
    """No file of this process may be longer: a short count, then an error."""
    most = size or resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


# The lock file, the schema, the splits, the first calls, an adapter's weights, the log in mid-run.
@pytest.mark.parametrize("size", [10, 8 * KIB, 30 * KIB, 60 * KIB, 120 * KIB, 200 * KIB])
def test_a_file_that_may_not_grow_stops_the_run_and_it_goes_on(stage: Stage, size: int) -> None:
    trial = Trial("run", (f"{size}:full",))
    result = stage.play(trial, f"limit-{size}", start_below(limit_files))
    assert result.refused == 1
    assert result.holds, result


def can_mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        return False
    subprocess.run(["umount", str(folder)], check=True)
    return True


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a small disk of its own."""
    folder = tmp_path / "mount"
    folder.mkdir()
    if not can_mount(folder):
        pytest.skip("only root can mount a small disk, and not everywhere")
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    subprocess.run(command, check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_small_disk_stops_the_run_until_there_is_room(stage: Stage, mounted: Path) -> None:
    def resize(_: Path, size: int) -> None:
        options = f"remount,size={size or 64 * KIB * KIB}"
        subprocess.run(["mount", "-o", options, str(mounted)], check=True)

    start = start_below(resize)
    place = stage.places / "tmpfs"
    place.mkdir()
    (place / RUN).symlink_to(mounted, target_is_directory=True)
    told = []
    for size in (8 * KIB, 100 * KIB, 250 * KIB, 400 * KIB):
        code = start(stage.props, place, f"{size}:full")
        told.append(said(place))
        assert code in (3, 4), told[-1]
        assert "No space left" in told[-1] or "disk is full" in told[-1] or "disk I/O" in told[-1]
    assert any("bytes are free there" in words for words in told)
    assert start(stage.props, place, "") == 0, said(place)
    assert facts(SCENES["run"], place) == stage.wholes["run"].facts
