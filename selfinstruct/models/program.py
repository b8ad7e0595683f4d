"""A user's own function as a model, named `pkg.mod:function`.

The function takes a sequence of requests and gives one text or `Completion` for each, in order.
"""

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.models.scripted import Answer, complete
from selfinstruct.types import Answered, Request, digest

Program = Callable[[Sequence[Request]], Iterable[Answer]]


class ProgramModel:
    """What a function answers. Raises `UserError` where it cannot be found."""

    def __init__(self, name: str) -> None:
        self.name = f"program:{name}"
        self._program = find_program(name)
        self.digest = digest([name, _source(self._program)])

    def generate(self, requests: Sequence[Request]) -> Iterator[Answered]:
        """Hand all requests over and yield answers as they come.

        Raises `UserError` when there are fewer or more answers than requests.
        """
        given = 0
        for answer in self._program(requests):
            if given < len(requests):
                yield Answered(given, complete(answer, requests[given], self.name))
            given += 1
        if given != len(requests):
            raise UserError(
                f"{self.name} gave {given} answers to {len(requests)} requests",
                next_step="yield one text for each request, in order",
            )

    def close(self) -> None:
        """Nothing to free."""


def find_program(name: str) -> Program:
    """`pkg.mod:function` in, the function out; modules in the current folder are found too."""
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
    program: Any = getattr(module, function_name, None)
    if not callable(program):
        near = difflib.get_close_matches(function_name, dir(module), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"{module_name} has no function {function_name}{hint}")
    return program  # type: ignore[no-any-return]


def _source(program: Program) -> str:
    try:
        return inspect.getsource(program)
    except (OSError, TypeError):  # built in, compiled or made at run time
        return ""
