"""Places to be killed in: named once, where anything is written; and what a kill there leaves."""

import ast
import errno
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct import failpoints
from selfinstruct.failpoints import POINTS, VARIABLE, arm, called, failpoint, named_in, names, watch

PACKAGE = Path(failpoints.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
PASSING_ON = ("store/database.py", "disk/files.py", "store/ledger.py")

# -- what they do -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def test_nothing_happens_until_a_place_is_armed() -> None:
    failpoint("file.written")
    arm("file.written:1:full")
    failpoint("file.renamed")
    arm("")
    failpoint("file.written")


def test_a_full_disk_is_found_at_the_chosen_time_and_once() -> None:
    arm("file.written:2:full")
    failpoint("file.written")
    with pytest.raises(OSError, match="No space left on device") as caught:
        failpoint("file.written")
    assert caught.value.errno == errno.ENOSPC
    failpoint("file.written")


def test_a_process_kills_itself_where_it_was_told_to() -> None:
    code = (
        "import os; from selfinstruct.failpoints import VARIABLE, arm, failpoint\n"
        "arm(os.environ[VARIABLE])\n"
        "for n in range(5):\n    print(n, flush=True); failpoint('file.written')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={VARIABLE: "file.written:3"},
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parent,
    )
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["0", "1", "2"])


def test_who_watches_hears_of_every_place() -> None:
    heard: list[str] = []
    watch(heard.append)
    failpoint("a")
    failpoint("b")
    watch(None)
    failpoint("c")
    assert heard == ["a", "b"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("file.written", "it is NAME:COUNT"),
        ("file.written:", "it is NAME:COUNT"),
        ("file.written:0", "it is NAME:COUNT"),
        ("file.written:-1", "it is NAME:COUNT"),
        ("file.written:²", "it is NAME:COUNT"),
        ("file.written:1:slow", "it is NAME:COUNT"),
        ("file.writen:1", "there are .*file.written"),
        (":1", "there are"),
    ],
)
def test_what_names_no_place_is_refused(wanted: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        arm(wanted)


def test_the_command_line_refuses_it_before_it_does_anything() -> None:
    code = "from selfinstruct.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        env={VARIABLE: "nowhere:1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parent,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {VARIABLE} names 'nowhere'; there are adapter.")


# -- where they stand ---------------------------------------------------------------------------


def test_every_name_is_given_once() -> None:
    assert {name: count for name, count in Counter(names()).items() if count > 1} == {}
    assert {"wave.uncommitted", "wave.committed", "adapter.aside", "file.written"} <= {*names()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_name_is_a_word_at_its_place(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    calls = [
        call
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and called(call) in POINTS
    ]
    # `transaction` and `replacing` alone pass a name on: they make two of the one they are given.
    passed_on = 2 if str(path.relative_to(PACKAGE)) in PASSING_ON else 0
    named = sum(len(POINTS[called(call)]) for call in calls) - passed_on
    assert len([*named_in(source)]) == named


WRITES = {
    *("mkdir", "write", "write_text", "write_bytes", "touch", "truncate", "ftruncate", "rename"),
    *("symlink_to", "hardlink_to", "copy", "copy2", "copyfile", "copytree", "move", "backup"),
    *("executescript", "save_pretrained", "save_file", "savefig", "mkdtemp", "mkstemp"),
}
STATEMENTS = ("INSERT", "UPDATE", "REPLACE", "DELETE", "BEGIN", "COMMIT", "PRAGMA user_version =")
ALLOWED = {
    "cli/review_terminal.edit_in_editor": "writes a file that ends with the call",
    "cli/stopping._end_at_the_second": "writes to the terminal",
    "cli/stopping.silence": "opens the null device",
    "filters/boxed.tell": "writes to its parent's pipe",
    "merging/merge.finish": "`publish` calls it by another name, and has the points",
    "merging/merge.merge": "the same",
    "filters/sandbox.run_python": "writes into a folder that ends with the call",
    "disk/files.open_private": "makes an empty file; who fills it has the point",
    "registry/journal.alone": "makes an empty folder and waits in it; entries have the point",
    "cli/prompts.label_prompt": "moves a label, no file",
    "review/health.review_findings": "begins a transaction that only reads",
    "review/lines.settle": "is part of the transaction of whoever adds a line",
    "review/pair_desk._insert": "is part of a transaction, that of `Desk.take` among them",
    "review/hearing.hear": "begins a transaction that only reads",
    "store/ledger.snapshot": "the same",
    "store/searchable.search_faults": "the same",
    "store/searchable._of_facts": "fills a table that ends with its connection",
    "store/searchable._of_texts": "the same",
    "report/canvas.draw_svg": "draws into memory",
    "checkpoints/weights.write_safetensors": "`convert` calls it by another name, with the points",
}


def writes(call: ast.Call) -> bool:
    """Whether a call writes to the disk, as far as its own words tell."""
    name, words = called(call), ast.unparse(call)
    if name in ("execute", "executemany"):
        return any(_text(word).startswith(STATEMENTS) for word in call.args[:1])
    if name in ("open", "fdopen"):
        flags = ("O_WRONLY", "O_RDWR", "O_CREAT")
        given = [*call.args, *(each.value for each in call.keywords if each.arg == "mode")]
        modes = [_text(word) for word in given if len(_text(word)) in (1, 2, 3)]
        return any(flag in words for flag in flags) or any({*mode} & {*"wax+"} for mode in modes)
    if name == "replace":  # of a path: a text's takes two words, a dataclass's is no method
        return words.startswith("os.") or (
            isinstance(call.func, ast.Attribute) and len(call.args) == 1
        )
    return name in WRITES


def _text(word: ast.expr) -> str:
    """The text that a word begins with, "" where it is none."""
    if isinstance(word, ast.JoinedStr) and word.values:
        return _text(word.values[0])
    return word.value if isinstance(word, ast.Constant) and isinstance(word.value, str) else ""


def unguarded(source: str) -> set[str]:
    """The functions of a module that write, with no failpoint in them nor in all that call them."""
    functions = {
        node.name: [call for call in ast.walk(node) if isinstance(call, ast.Call)]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }
    guarded = {name for name, calls in functions.items() if {*map(called, calls)} & {*POINTS}}

    def is_safe(name: str, seen: frozenset[str] = frozenset()) -> bool:
        callers = {each for each, calls in functions.items() if name in map(called, calls)} - seen
        above = seen | {name}
        return name in guarded or (bool(callers) and all(is_safe(each, above) for each in callers))

    return {
        name for name, calls in functions.items() if any(map(writes, calls)) and not is_safe(name)
    }


def test_whatever_writes_can_be_killed_there() -> None:
    found = {
        f"{path.relative_to(PACKAGE).with_suffix('').as_posix()}.{name}"
        for path in SOURCES
        for name in unguarded(path.read_text(encoding="utf-8"))
    }
    assert found == {*ALLOWED}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(p): p.write_text('x')", {"f"}),
        ("def f(p): p.write_text('x'); failpoint('a')", set()),
        ("def f(p): p.mkdir()\ndef g(p): f(p); failpoint('a')", set()),
        ("def f(p): p.mkdir()\ndef g(p): f(p); failpoint('a')\ndef h(p): f(p)", {"f"}),
        ("def f(p): p.touch(); f(p)", {"f"}),
        ("def f(d):\n    with transaction(d, 'a'): d.execute('INSERT INTO a')", set()),
        ("def f(p):\n    with replacing(p, 'a') as part: part.write_text('x')", set()),
        ("def f(d): d.execute('UPDATE a SET b = 1')", {"f"}),
        ("def f(d): d.execute(f'PRAGMA user_version = {d}')", {"f"}),
        ("def f(d): d.execute('SELECT 1')", set()),
        ("def f(p): p.open('wb')", {"f"}),
        ("def f(p): open(p, mode='a')", {"f"}),
        ("def f(p): p.open(); p.open('rb'); open(p)", set()),
        ("def f(p): os.open(p, os.O_WRONLY | os.O_APPEND)", {"f"}),
        ("def f(p): os.open(p, os.O_RDONLY)", set()),
        ("def f(p, q): p.replace(q)", {"f"}),
        ("def f(p, q): os.replace(p, q)", {"f"}),
        ("def f(t): t.replace('a', 'b'); replace(t, a=1)", set()),
        ("class A:\n    def f(self, m): m.save_pretrained('x')", {"f"}),
    ],
)
def test_the_check_sees_what_it_is_for(source: str, found: set[str]) -> None:
    assert unguarded(source) == found


# -- what a kill leaves -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_work_that_was_killed_at_any_place_goes_on_as_if_nothing_had_happened(
    tmp_path: Path,
) -> None:
    """The short form of `benchmarks/faults.py`, with its oracle."""
    from tests.kills import build, once_each

    stage = build(tmp_path, rounds=1)
    trials = list(once_each(stage.wholes))
    assert {str(trial.blows[-1]).partition(":")[0] for trial in trials} == {*names()}
    for number, trial in enumerate(trials):
        result = stage.play(trial, f"trial-{number}")
        assert result.holds, result
        assert result.kills == len(trial.blows)
