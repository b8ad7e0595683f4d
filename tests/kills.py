"""Kill a piece of work, go on with it, and hold what it came to against one that nobody touched.

A process is killed as often as a trial says, each time in a child that is forked from one which has
loaded everything: SIGKILL leaves nothing to either. `kill_scenes` says what the work is.
"""

import gc
import json
import os
import signal
import sqlite3
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import failpoints
from selfinstruct.audit import audit
from selfinstruct.disk.files import digest_file
from selfinstruct.errors import UserError
from selfinstruct.summary import read_summary
from tests.kill_scenes import SCENES, Props, Scene

CLOCKS = ("started", "ended", "seconds", "at")
DATABASES = ("run.db", "reviews.db")
KEPT_OF_KILLS = ("worked_s", "lost")
"""What a ledger says of itself that tells of the kills: the time worked, the calls lost."""
LIMIT = 120.0
"""Seconds after which a child is taken to hang."""

Facts = dict[str, str]
"""What is known at a place: table and key, or a file's name, to the content."""


@dataclass(frozen=True)
class Trial:
    """A scene, and how its process ends before it may go on.

    A blow is `NAME:COUNT` as in `failpoints`, or seconds after which it is killed from outside.
    """

    scene: str
    blows: tuple[str | float, ...]


@dataclass(frozen=True)
class Result:
    """What became of a trial; of one that held, `lost` and `twice` are 0 and `faults` is empty.

    `kills` are those that came before the work was done, `refused` the disks that were found full.
    `twice` counts calls that were paid for more than once beyond the one in flight at each blow.
    """

    trial: Trial
    kills: int
    refused: int
    lost: int
    twice: int
    equal: bool
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, paid twice beyond those in flight, or different."""
        return self.equal and not (self.lost or self.twice or self.faults)


@dataclass(frozen=True)
class Whole:
    """The same work when nobody touches it."""

    facts: Facts
    calls: int
    hits: Counter[str]
    seconds: float


Start = Callable[[Props, Path, str | float], int]
"""Starts the work at a place with one blow ("" for none): the exit code, negative for a signal."""


def watch_whole(scene: Scene, props: Props, place: Path) -> Whole:
    """The work done in one go, in a child, with how often each failpoint was reached."""
    place.mkdir()
    scene.prepare(props, place)
    told = place / "hits"

    def work() -> None:
        hits: Counter[str] = Counter()
        failpoints.watch(lambda name: hits.update([name]))
        scene.start(props, place)
        told.write_text(json.dumps(hits))

    began = time.monotonic()
    code = _wait(_fork(work, place), None)
    seconds = time.monotonic() - began
    if code != 0:
        raise AssertionError(f"the work failed with {code}: {said(place)}")
    hits = Counter(json.loads(told.read_text()))
    return Whole(facts(scene, place), len(calls(place)), hits, seconds)


def start_forked(work: Callable[[Props, Path], object]) -> Start:
    """Start a scene's work in a child of this process."""

    def start(props: Props, place: Path, blow: str | float) -> int:
        def armed() -> None:
            failpoints.arm(blow if isinstance(blow, str) else "")
            work(props, place)

        return _wait(_fork(armed, place), None if isinstance(blow, str) else blow)

    return start


def attempt(trial: Trial, props: Props, whole: Whole, place: Path, start: Start) -> Result:
    """Blow after blow, then to the end; after each, everything that was there must still be."""
    scene = SCENES[trial.scene]
    work = scene.work(place)
    place.mkdir()
    scene.prepare(props, place)
    kills, refused, lost, faults = 0, 0, 0, []
    before: Facts = {}
    for blow in (*trial.blows, ""):
        code = start(props, place, blow)
        kills += code == -signal.SIGKILL
        refused += code > 0
        if code not in _expected(blow):
            faults.append(f"{blow or 'going on'} ended with {code}: {said(place)}")
        now = facts(scene, place)
        lost += sum(now.get(key) != value for key, value in before.items() if _is_kept(key))
        lost += max(0, len(calls(place)) - kills - refused - answered(now)) if scene.is_run else 0
        if scene.is_run and not (scene.had_lost and blow):
            faults += doctored(work, now)
        before = now
    asked = calls(place)
    twice = max(0, len(asked) - len(set(asked)) - kills - refused)
    faults += [f"{name} differs" for name in differing(before, whole.facts)][:5]
    if len(set(asked)) != whole.calls:
        faults.append(f"{len(set(asked))} calls, not {whole.calls}")
    return Result(trial, kills, refused, lost, twice, before == whole.facts, tuple(faults))


def _expected(blow: str | float) -> tuple[int, ...]:
    if isinstance(blow, float):
        return (0, -signal.SIGKILL)  # it may come too late
    if not blow:
        return (0,)
    return (3, 4) if blow.endswith(":full") else (-signal.SIGKILL,)


@dataclass(frozen=True)
class Stage:
    """Everything that trials need: what they share, and each scene's work done by nobody disturbed;
    trials take place in `places`.
    """

    props: Props
    wholes: Mapping[str, Whole]
    places: Path

    def play(self, trial: Trial, name: str, start: Start | None = None) -> Result:
        """What becomes of a trial, at a place of that name."""
        begin = start or start_forked(SCENES[trial.scene].start)
        return attempt(trial, self.props, self.wholes[trial.scene], self.places / name, begin)


def build(folder: Path, rounds: int, scenes: Iterable[str] = SCENES) -> Stage:
    """The stage for these scenes, `run` among them, with so many rounds, in an empty folder."""
    props = Props(folder, rounds)
    props.make()
    (folder / "warm").mkdir()
    SCENES["run"].start(props, folder / "warm")  # loads what its children then need not
    wholes = {"run": watch_whole(SCENES["run"], props, props.finished)}
    for name in sorted({*scenes} - {"run"}):
        wholes[name] = watch_whole(SCENES[name], props, folder / f"whole-{name}")
    return Stage(props, wholes, folder)


def once_each(wholes: Mapping[str, Whole]) -> Iterator[Trial]:
    """Every failpoint once, at the middle of its hits: in the run where it gets there."""
    yield Trial("run", ("adapter.renamed:1", "adapter.aside:1"))  # an adapter is replaced
    seen = {"adapter.aside"}
    for scene, whole in sorted(wholes.items(), key=lambda each: each[0] != "run"):
        for name in sorted(whole.hits.keys() - seen):
            seen.add(name)
            yield Trial(scene, (f"{name}:{(whole.hits[name] + 1) // 2}",))


# -- children -----------------------------------------------------------------------------------


def _fork(work: Callable[[], None], place: Path) -> int:
    """A child that does the work, and writes what it has to say into a file."""
    child = os.fork()
    if child:
        return child
    gc.freeze()  # what the parent holds is not looked through again and again
    code = 70
    try:
        mouth = os.open(place / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(mouth, 1)
        os.dup2(mouth, 2)
        work()
        code = 0
    except UserError as error:
        os.write(2, str(error).encode())
        code = error.exit_code
    finally:
        if code == 70:
            os.write(2, traceback.format_exc().encode())
        os._exit(code)


def _wait(child: int, kill_after: float | None) -> int:
    """Its exit code, negative for a signal; one that hangs is killed and gives -SIGALRM."""
    began = time.monotonic()
    limit, answer = (LIMIT, -signal.SIGALRM) if kill_after is None else (kill_after, None)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() - began > limit:
            os.kill(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return code if answer is None else answer
        time.sleep(0.002)


def said(place: Path) -> str:
    """The end of what the last child at a place said."""
    path = place / "said"
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""


# -- the oracle ---------------------------------------------------------------------------------


def calls(place: Path) -> list[str]:
    """Every call that the teacher got, as it wrote them down itself."""
    path = place / "calls"
    return path.read_text().splitlines() if path.exists() else []


def facts(scene: Scene, place: Path) -> Facts:
    """Every row of the ledger but for its clocks and open calls, and every file's digest."""
    work = scene.work(place)
    there = [work / name for name in DATABASES if (work / name).exists()]
    found = dict(row for path in there for row in _rows(path))
    for path in sorted(each for each in work.rglob("*") if each.is_file()):
        name = str(path.relative_to(work))
        # A lock names its process, and a copy from before a migration is another file each time.
        if not path.name.startswith(("run.", "reviews.")) and not (
            scene.litters and ".part" in name
        ):
            found[f"file {name}"] = digest_file(path)
    return found


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        tables = [
            row[0]
            for row in db.execute(
                # What full-text search keeps of the texts is laid out as it happened to grow.
                "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%'"
                " AND name NOT LIKE 'texts@_%' ESCAPE '@' ORDER BY name"
            )
        ]
        for table in tables:
            columns = list(db.execute(f"PRAGMA table_info({table})"))
            names = [column[1] for column in columns]
            key = [column[1] for column in columns if column[5]]
            place = "*" if key else "rowid AS place, *"
            for values in db.execute(f"SELECT {place} FROM {table}"):
                row = dict(zip(names if key else ["place", *names], values, strict=True))
                if row.get("state") != "open" and row.get("key") not in KEPT_OF_KILLS:
                    # What a migration adds is empty at first: no value, and so no difference.
                    told_of = [name for name in names if name not in CLOCKS]
                    what = {n: _timeless(row[n]) for n in told_of if row[n] is not None}
                    told = json.dumps(what).replace(str(path.parents[1]), "PLACE")
                    yield f"{table} {[row[name] for name in key or ['place']]}", told


def _timeless(value: Any) -> Any:
    """A JSON text without the seconds that it tells."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    read = json.loads(value)
    return {name: content for name, content in read.items() if name not in CLOCKS}


def _is_kept(key: str) -> bool:
    """Rows stay for good; a file may be taken away to be made again, meta is brought up to date,
    and so is what an item or a pair of a review says of its decisions.
    """
    return not key.startswith(("file ", "meta ", "items ", "pairs ", "sqlite_sequence "))


def answered(found: Facts) -> int:
    """How many calls the ledger has the answers of."""
    return sum(key.startswith("attempts ") for key in found)


def differing(one: Facts, other: Facts) -> list[str]:
    """The names of what is not the same in both."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def doctored(work: Path, known: Facts) -> list[str]:
    """What `doctor` finds wrong, and accepted rows that are there twice; `status` has to work."""
    if not (work / "run.db").exists():
        return []
    try:
        found = [finding.what for finding in audit(work) if not finding.ok]
        if any(key.startswith("real ") for key in known):
            read_summary(work)
    except UserError as error:
        return [str(error)]
    with closing(sqlite3.connect(f"{(work / 'run.db').as_uri()}?mode=ro", uri=True)) as db:
        twice = db.execute(
            "SELECT id FROM candidates WHERE reason IS NULL GROUP BY round, id HAVING count(*) > 1"
        ).fetchall()
    return found + [f"row {row[0]} was accepted twice in one round" for row in twice]
