import os
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from selfinstruct.config import ExecutableConfig
from selfinstruct.filters.sandbox import run_python

CFG = ExecutableConfig(timeout_s=20, memory_mib=256)
BRIEF = ExecutableConfig(timeout_s=1, memory_mib=256)

pytestmark = pytest.mark.slow  # each case starts an interpreter


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        ("def double(x):\n    return 2 * x", "assert double(4) == 8"),
        ("import json, re, math, heapq, dataclasses, collections, datetime, random", ""),
        ("import asyncio\nasync def f():\n    return 3", "assert asyncio.run(f()) == 3"),
        ("open('notes', 'w').write('1')", "assert open('notes').read() == '1'"),
        ("import sqlite3\ndb = sqlite3.connect(':memory:')", "db.execute('select 1')"),
        ("import tempfile", "tempfile.TemporaryFile(dir='.').write(b'x')"),
        ("if __name__ == '__main__':\n    input()", ""),  # a demonstration is not run
        ("s = 'é 日本 \U0001f389'", "assert len(s) == 6"),
        ("print('x' * 10_000_000)", ""),
        ("exec('x = 1')", "assert eval('x') == 1"),
        ("", ""),
    ],
)
def test_a_sound_answer_passes(answer: str, test: str) -> None:
    assert run_python(answer, test, CFG) is None


@pytest.mark.parametrize(
    ("answer", "test", "told"),
    [
        ("def double(x):\n    return x", "assert double(4) == 8, 'not 8'", "AssertionError: not 8"),
        ("def f(:", "", "SyntaxError: invalid syntax (answer.py, line 1)"),
        ("x = input()", "", "EOFError: EOF when reading a line"),
        ("import numpy", "", "ModuleNotFoundError: No module named 'numpy'"),
        ("import selfinstruct", "", "ModuleNotFoundError: No module named 'selfinstruct'"),
        ("def f():\n    f()\nf()", "", "RecursionError: maximum recursion depth exceeded"),
        ("raise SystemExit", "assert False", "RuntimeError: it left before its tests had ended"),
        ("import os\nos._exit(0)", "assert False", "exit status 0"),
        ("import os\nos.abort()", "", "killed by signal 6"),
        ("import signal\nsignal.raise_signal(40)", "", "killed by signal 40"),
        ("raise ValueError('a\\n\\n  b')", "", "ValueError: a b"),
        ("assert False", "", "AssertionError"),
        (f"x = '{'x' * (1 << 21)}', 1 / 0", "", "ZeroDivisionError: division by zero"),
        ("raise ValueError('x' * 10_000)", "", f"ValueError: {'x' * 188}"),
    ],
)
def test_what_went_wrong_is_told_in_a_line(answer: str, test: str, told: str) -> None:
    assert run_python(answer, test, CFG) == told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("import os\nfor _ in range(6):\n    os.fork()", "PermissionError: os.fork"),
        ("import multiprocessing as m\nm.Process(target=print).start()", "PermissionError: os"),
        ("import subprocess\nsubprocess.run(['sleep', '99'])", "PermissionError: subprocess.Popen"),
        ("import os\nos.system('sleep 99 &')", "PermissionError: os.system"),
        ("import os\nos.kill(os.getppid(), 9)", "PermissionError: os.kill"),
        ("x = [bytearray(1 << 24) for _ in range(40)]", "MemoryError"),
        ("x = 'a' * (1 << 40)", "MemoryError"),
        ("open('big', 'wb').write(b'x' * (1 << 21))", "OSError: [Errno 27]"),
        ("for n in range(999):\n    open(str(n), 'w')", "PermissionError: open"),
        ("import sys\nfor _ in range(999):\n    sys.stderr.write('x' * 4096)", "x"),
        ("open('/etc/passwd').read()", "PermissionError: open"),
        ("import os\nopen(f'/proc/{os.getppid()}/environ').read()", "PermissionError: open"),
        ("import ctypes\nctypes.CDLL(None).getpid()", "PermissionError: ctypes.dlopen"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 1))", "PermissionError: socket"),
        ("import urllib.request as r\nr.urlopen('http://a.test')", "URLError"),
        ("import resource as r\nr.setrlimit(r.RLIMIT_CPU, (99, 99))", "PermissionError: resource"),
    ],
)
def test_a_hostile_program_is_stopped(answer: str, told: str) -> None:
    """Each is one that does little harm on the day it is not stopped."""
    found = run_python(answer, "", CFG)
    assert found is not None and found.startswith(told)


@pytest.mark.parametrize(
    "answer",
    [
        "while True:\n    pass",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    pass",
        "import sys\nwhile True:\n    sys.stdout.write('x' * 4096)",
        "import re\nre.match('(a+)+b', 'a' * 40)",
    ],
)
def test_a_loop_ends_with_its_time(answer: str) -> None:
    assert run_python(answer, "", BRIEF) == "timeout"


def test_a_loop_that_will_not_hear_of_its_limit_is_killed() -> None:
    answer = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True:\n    pass"
    assert run_python(answer, "", BRIEF) in ("killed by signal 9", "timeout")


@pytest.mark.parametrize("path", ["test.py", "../test.py", "../answer.py", "../errors"])
def test_an_answer_cannot_write_its_own_test(path: str) -> None:
    told = run_python(f"open({path!r}, 'w').write('')", "assert False, 'wrong'", CFG)
    assert told in ("AssertionError: wrong", "PermissionError: open is not allowed here")


def test_one_that_only_waits_ends_by_the_clock() -> None:
    assert run_python("import time\ntime.sleep(600)", "", BRIEF) == "timeout"


def test_it_sees_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary0123456789")
    code = "import os\nassert 'canary' not in repr(os.environ) and 'HOME' not in os.environ"
    assert run_python(code, "", CFG) is None
    assert os.environ["OPENAI_API_KEY"] == "sk-canary0123456789"


def test_it_reaches_no_server_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        met: list[object] = []

        def serve() -> None:
            try:
                met.append(server.accept())
            except TimeoutError:
                met.append(None)

        listener = threading.Thread(target=serve)
        listener.start()
        code = f"import socket\nsocket.socket().connect(('127.0.0.1', {port}))"
        assert run_python(code, "", CFG) is not None
        listener.join()
        assert met == [None]


def test_what_it_writes_is_gone_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run_python("open('notes', 'w').write('x')", "", CFG) is None
    assert list(tmp_path.iterdir()) == []
    kept = tmp_path / "kept"
    kept.write_text("ours")
    for code in ("open({!r}, 'w')", "import os\nos.remove({!r})", "import os\nos.chmod({!r}, 0)"):
        told = run_python(code.format(str(kept)), "", CFG)
        assert told is not None and told.startswith("PermissionError")
    assert kept.read_text() == "ours"
