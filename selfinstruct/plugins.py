"""`pkg.mod:function` in, the function out: how users hand over code of their own."""

import difflib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError


def find_function(name: str) -> Callable[..., Any]:
    """The function of that name; modules in the current folder are found too. What a module prints
    while it is imported goes to stderr.

    Raises `UserError` for another form, a module that cannot be imported, and one without it.
    """
    module_name, sign, function_name = name.partition(":")
    if not (module_name and sign and function_name):
        raise UserError(f"{name!r} is not pkg.mod:function", next_step="for example teacher:answer")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with redirect_stdout(sys.stderr):  # stdout is for results
            module = importlib.import_module(module_name)
    except ImportError as error:
        raise UserError(
            f"{module_name} cannot be imported: {error}",
            next_step=f"check the name; looked in {here} and the installed packages",
        ) from error
    except (Exception, SystemExit) as error:  # whatever a user's module does is the user's to mend
        raise UserError(
            f"{module_name} cannot be imported: {told_fault(error)}",
            next_step=f"mend it; python -m {module_name} shows the whole traceback",
        ) from error
    function: Any = getattr(module, function_name, None)
    if not callable(function):
        near = difflib.get_close_matches(function_name, dir(module), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"{module_name} has no function {function_name}{hint}")
    return function  # type: ignore[no-any-return]


def told_fault(error: BaseException) -> str:
    """What a user's code raised and where, such as `KeyError: 'basic' (rules.py, line 12)`: the
    innermost line below the current folder, or where nothing lies there, of all.
    """
    told = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):  # it names file and line itself
        return told
    frames = traceback.extract_tb(error.__traceback__)
    here = str(Path.cwd())
    own = [
        frame
        for frame in frames
        if frame.filename.startswith(here) and "site-packages" not in frame.filename
    ]
    last = (own or frames)[-1]
    return f"{told} ({Path(last.filename).name}, line {last.lineno})"


def source_of(function: Callable[..., Any]) -> str:
    """What identifies a function's doings: its own source, not that of what it calls.

    Empty where there is none: built in, compiled or made at run time.
    """
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def module_source_of(function: Callable[..., Any]) -> str:
    """The source of the module that a function is in, with the helpers and tables beside it; empty
    where there is none.
    """
    module = inspect.getmodule(function)
    try:
        return "" if module is None else inspect.getsource(module)
    except (OSError, TypeError):
        return ""
