import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfinstruct.filters import boxed


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("open", ("{home}/notes", "r", os.O_RDONLY)),
        ("open", ("{home}/notes", "w", os.O_WRONLY | os.O_CREAT)),
        ("open", (os.__file__, "r", os.O_RDONLY)),
        ("open", (3, "w", os.O_WRONLY)),  # a descriptor, opened before
        ("os.mkdir", ("{home}/a", 0o777, -1)),
        ("os.rename", ("{home}/a", "{home}/b", -1, -1)),
        ("os.listdir", ("{home}",)),
        ("sqlite3.connect", (":memory:",)),
        ("socket.__new__", (None, 1, 1, 0)),  # asyncio makes a pair of its own
        ("compile", (None, None)),
        ("import", ("json", None, None, None, None)),
    ],
)
def test_what_an_honest_answer_does_is_let_through(
    tmp_path: Path, event: str, args: tuple[object, ...]
) -> None:
    boxed.guard(str(tmp_path))(event, _in(tmp_path, args))


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("open", ("/etc/passwd", "r", os.O_RDONLY)),
        ("open", ("/proc/1/environ", "r", os.O_RDONLY)),
        ("open", (os.__file__, "a", os.O_WRONLY | os.O_APPEND)),
        ("open", ("{home}/../notes", "w", os.O_WRONLY | os.O_CREAT)),
        ("open", ("{home}2/notes", "r", os.O_RDONLY)),
        ("open", (b"/etc/passwd", "r", os.O_RDONLY)),
        ("os.rename", ("{home}/a", "/tmp/b", -1, -1)),
        ("os.remove", ("/tmp/b", -1)),
        ("os.listdir", ("/",)),
        ("sqlite3.connect", ("/tmp/some.db",)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("socket.getaddrinfo", ("a.test", 80, 0, 0, 0)),
        ("socket.sendto", (None, ("127.0.0.1", 80))),
        ("subprocess.Popen", ("ls", [], None, None)),
        ("os.fork", ()),
        ("os.forkpty", ()),
        ("os.exec", ("/bin/ls", [], None)),
        ("os.posix_spawn", ("/bin/ls", [], {})),
        ("os.system", (b"ls",)),
        ("os.kill", (1, 9)),
        ("os.killpg", (1, 9)),
        ("ctypes.dlopen", (None,)),
        ("resource.setrlimit", (7, (1, 1))),
    ],
)
def test_what_reaches_out_of_the_box_is_refused(
    tmp_path: Path, event: str, args: tuple[object, ...]
) -> None:
    with pytest.raises(PermissionError, match=f"{event} is not allowed here"):
        boxed.guard(str(tmp_path))(event, _in(tmp_path, args))


def test_a_link_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(PermissionError):
        boxed.guard(str(tmp_path))("open", (tmp_path / "link", "r", os.O_RDONLY))


def test_only_so_many_files_are_written(tmp_path: Path) -> None:
    hook = boxed.guard(str(tmp_path))
    for number in range(boxed.FILES):
        hook("open", (tmp_path / str(number), "w", os.O_WRONLY | os.O_CREAT))
    hook("open", (tmp_path / "0", "r", os.O_RDONLY))
    with pytest.raises(PermissionError):
        hook("open", (tmp_path / "one more", "w", os.O_WRONLY | os.O_CREAT))


def test_its_limits_are_set_before_anything_is_run(tmp_path: Path) -> None:
    """In another process, since nobody can take them back."""
    code = (
        "import resource, sys; from selfinstruct.filters import boxed; boxed.limit(1.5, 1 << 28);"
        "kinds = ('AS', 'CPU', 'FSIZE', 'NPROC', 'CORE');"
        "print([resource.getrlimit(getattr(resource, f'RLIMIT_{kind}')) for kind in kinds],"
        " 'ctypes' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    told, left = done.stdout.strip().rsplit(" ", 1)
    assert ast.literal_eval(told) == [
        (1 << 28, 1 << 28),
        (2, 3),
        (boxed.FILE_BYTES, boxed.FILE_BYTES),
        (0, 0),
        (0, 0),
    ]
    assert left == "False"


def _in(home: Path, args: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(arg.format(home=home) if isinstance(arg, str) else arg for arg in args)
