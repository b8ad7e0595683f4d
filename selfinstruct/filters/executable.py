"""Python answers that are run before they are kept: the one check that knows whether code works."""

from collections.abc import Callable, Mapping
from typing import Self

from selfinstruct.config import ExecutableConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.blocks import fenced_blocks
from selfinstruct.filters.sandbox import run_python
from selfinstruct.plugins import find_function
from selfinstruct.types import Example, Rejection

REASON = "fails_when_run"
NO_CODE = "no_code"

MakeTest = Callable[[Example], str | None]
"""An example in; Python that raises where its answer is wrong, or None to leave it unchecked."""

TESTS: Mapping[str, MakeTest] = {
    "run": lambda _: "",
    "input": lambda example: example.input,
}
"""What `filters.executable.check` may name beside a function."""


def code_of(response: str) -> str:
    """The Python of a response: its Python blocks, or else those without a language, one after the
    other; the whole of a response without any fence. Empty where all blocks are in other languages.
    """
    blocks = fenced_blocks(response)
    if not blocks:
        return response
    for language in ("python", ""):
        texts = [block.text for block in blocks if block.language == language]
        if texts:
            return "\n\n".join(texts)
    return ""


class Executables:
    """What an answer has to survive; without a `check` none is run."""

    def __init__(self, cfg: ExecutableConfig, make_test: MakeTest | None) -> None:
        self._cfg = cfg
        self._make_test = make_test

    @classmethod
    def of(cls, cfg: ExecutableConfig) -> Self:
        """Raises `UserError` for a function that cannot be found, and for a machine on which not
        even a sound program passes.
        """
        if cfg.check is None:
            return cls(cfg, None)
        make_test = TESTS.get(cfg.check) or find_function(cfg.check)
        fault = run_python("import json", "assert json.loads('1') == 1", cfg)
        if fault is not None:
            raise UserError(
                f"filters.executable: a sound program failed here: {fault}",
                why="answers are run under limits that this machine cannot set or cannot work in",
                next_step="raise filters.executable.memory_mib or timeout_s, or set check=null",
            )
        return cls(cfg, make_test)

    def fault(self, example: Example) -> Rejection | None:
        """What went wrong when the answer was run with its test, in a few words."""
        test = None if self._make_test is None else self._make_test(example)
        if test is None:
            return None
        code = code_of(example.response)
        if not code.strip():
            return Rejection(example, NO_CODE)
        fault = run_python(code, test, self._cfg)
        return None if fault is None else Rejection(example, REASON, fault, self._cfg.check)
