"""`chat`: students of a run answer side by side, in a terminal, from a pipe, or once as JSON."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TextIO

from rich.text import Text

from selfinstruct import chat
from selfinstruct.checkpoints.base import load_base
from selfinstruct.cli.stopping import interruptible
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import Output, escape
from selfinstruct.errors import UserError
from selfinstruct.models import open_student
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.talk import Manner, Talk, changed, shared_instruction
from selfinstruct.trained import BASE, CHAMPION, Trained, find_student
from selfinstruct.types import Completion

COMMANDS = """/reset           forget what was said
/system TEXT     another system message, none without TEXT; forgets what was said
/instruction TEXT  what stands before each message, nothing without TEXT
/set NAME=VALUE  temperature, top_p, max_tokens or seed
/quit            leave, as Ctrl-D does; Ctrl-C breaks an answer off"""

Ask = Callable[[], str | None]
"""The next line, without its end; None where there are no more."""


def chat_command(run: Path, names: Sequence[str], *, as_json: bool) -> dict[str, Any] | None:
    """Talk until there is nothing more to read; with `as_json`, answer all of stdin once.

    Raises as `find_student`, and `UserError` for a model that cannot be loaded.
    """
    students = {each.name: each for each in (find_student(run, name) for name in _asked(names))}
    first = next(iter(students.values()))
    manner = Manner(first.cfg.task.system, shared_instruction(first.rows))
    words = sys.stdin.read().strip() if as_json else ""
    if as_json and not words:
        raise UserError(
            "there is nothing to answer", next_step="echo 'my words' | selfinstruct chat RUN --json"
        )
    err = Output(file=sys.stderr)
    err.print(f"loading {first.checkpoint.base}", style="dim", markup=False)
    with opened(students) as models:
        talk = Talk(models, manner)
        if as_json:
            return once(talk, words, first)
        terminal = sys.stdin.isatty()
        if terminal and importlib.util.find_spec("readline") is not None:
            importlib.import_module("readline")  # loaded, it lets lines be edited and recalled
        _tell(err, first, list(students), manner, commands=terminal)
        converse(talk, _prompt if terminal else _lines(sys.stdin), stdout(), err)
    return None


def converse(talk: Talk, ask: Ask, out: Any, err: Any) -> None:
    """Line by line: commands are done, all else is answered by everybody."""
    while True:
        try:
            line = ask()
        except KeyboardInterrupt:
            err.print("\n(/quit or Ctrl-D leaves)", style="dim", markup=False)
            continue
        if line is None or line.strip() in ("/quit", "/exit"):
            return
        if line.startswith("/"):
            _obey(talk, line.strip(), err)
        elif line.strip():
            _answer(talk, line.strip(), out, err)


def once(talk: Talk, words: str, student: Trained) -> dict[str, Any]:
    """One message answered by everybody, as one object."""
    manner = talk.manner
    return {
        "schema_version": SCHEMA_VERSION,
        "run": str(student.run),
        "message": words,
        "system": manner.system,
        "instruction": manner.instruction,
        "sampling": asdict(manner.sampling),
        "seed": manner.seed,
        "target": student.target,
        "answers": [_told(name, answer, student.target) for name, answer in talk.ask(words)],
    }


@contextmanager
def opened(students: Mapping[str, Trained]) -> Iterator[dict[str, Any]]:
    """Students of one run as models around one base, closed on leaving."""
    first = next(iter(students.values()))
    base = load_base(first.checkpoint.base, first.cfg.student.device)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                closing(open_student(each.checkpoint, first.cfg.student.device, 1, base))
            )
            for name, each in students.items()
        }


def _asked(names: Sequence[str]) -> Sequence[str]:
    return names or (CHAMPION, BASE)


def _answer(talk: Talk, words: str, out: Any, err: Any) -> None:
    """Print each answer when it is there; Ctrl-C gives up those that are not."""
    try:
        with interruptible():
            for name, answer in talk.ask(words):
                out.print(
                    Text.assemble((f"{escape(name)}: ", "bold cyan"), _shown(answer)),
                    soft_wrap=True,
                )
    except KeyboardInterrupt:
        err.print("\n(broken off)", style="dim", markup=False)


def _shown(answer: Completion) -> str:
    if answer.finish_reason == "error":
        return f"(no answer: {escape(answer.error)})"
    cut = " …" if answer.finish_reason == "length" else ""
    return f"{escape(answer.text)}{cut}"


def _obey(talk: Talk, line: str, err: Any) -> None:
    """Do what a line with a slash says; a fault in it is told, and the talk goes on."""
    command, _, rest = line.partition(" ")
    match command:
        case "/reset":
            talk.reset()
        case "/system":
            talk.manner = replace(talk.manner, system=rest.strip())
            talk.reset()
        case "/instruction":
            talk.manner = replace(talk.manner, instruction=rest.strip())
        case "/set":
            try:
                talk.manner = changed(talk.manner, rest)
            except UserError as fault:
                err.print(escape(str(fault)), style="red", markup=False, highlight=False)
        case _:
            err.print(COMMANDS, style="dim", markup=False, highlight=False)
            return
    err.print(_of(talk.manner), style="dim", markup=False, highlight=False)


def _tell(err: Any, first: Trained, names: list[str], manner: Manner, *, commands: bool) -> None:
    target = first.target.replace("_", " ")
    told = [f"{' and '.join(names)} of {first.run}; students learned to write: {target}"]
    told += [f"system: {manner.system}"] if manner.system else []
    told += [f"before each message: {manner.instruction}"] if manner.instruction else []
    told += [_of(manner), *([COMMANDS] if commands else [])]
    err.print(escape("\n".join(told)), style="dim", markup=False, highlight=False, soft_wrap=True)


def _of(manner: Manner) -> str:
    how = manner.sampling
    return escape(
        f"temperature {how.temperature:g}, top_p {how.top_p:g}, max_tokens {how.max_tokens}, "
        f"seed {manner.seed}"
    )


def _told(name: str, answer: Completion, target: chat.Target) -> dict[str, Any]:
    reply = chat.read_answer(answer.text, target)
    return {
        "student": name,
        "text": answer.text,
        "label": reply.label,
        "finish_reason": answer.finish_reason,
        "tokens": answer.completion_tokens,
        "error": answer.error,
    }


def _prompt() -> str | None:
    """A line typed at the terminal."""
    try:
        with interruptible():
            return input("you: ")
    except EOFError:
        return None


def _lines(source: TextIO) -> Ask:
    def ask() -> str | None:
        line = source.readline()
        return line.rstrip("\n") if line else None

    return ask
