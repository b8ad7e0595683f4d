"""`pkg.mod:function` in, the function out: how users hand over code of their own."""

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError


def find_function(name: str) -> Callable[..., Any]:
    """The function of that name; modules in the current folder are found too.

    Raises `UserError` for another form, a module that cannot be imported, and one without it.
    """
    module_name, sign, function_name = name.partition(":")
    if not (module_name and sign and function_name):
        raise UserError(f"{name!r} is not pkg.mod:function", next_step="for example teacher:answer")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise UserError(
            f"{module_name} cannot be imported: {error}",
            next_step=f"check the name; looked in {here} and the installed packages",
        ) from error
    function: Any = getattr(module, function_name, None)
    if not callable(function):
        near = difflib.get_close_matches(function_name, dir(module), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"{module_name} has no function {function_name}{hint}")
    return function  # type: ignore[no-any-return]


def source_of(function: Callable[..., Any]) -> str:
    """What identifies a function's doings: its own source, not that of what it calls.

    Empty where there is none: built in, compiled or made at run time.
    """
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""
