"""A review by single keys at a terminal, as over ssh; nothing to install and no port to open."""

import codecs
import os
import shlex
import subprocess
import sys
import tempfile
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import yaml
from rich.console import Console
from rich.text import Text

from selfinstruct.cli.review_text import print_item, print_progress
from selfinstruct.cli.text import escape
from selfinstruct.errors import UserError
from selfinstruct.review.desk import Desk
from selfinstruct.review.edits import words_of
from selfinstruct.review.nouns import (
    EVERYTHING,
    REASONS,
    Action,
    Asked,
    Decision,
    Edited,
    Filters,
    Item,
)
from selfinstruct.review.tables import to_edited

DECIDING: tuple[Action, ...] = ("accept", "edit", "reject", "skip", "flag")
HELD = (*DECIDING, "undo", "progress", "quit")
"""What keys do here, in the order in which the help tells them."""
ENDS = ("\x03", "\x04", "")
"""Ctrl-C, Ctrl-D and the end of the input leave, whatever the key for it is."""

Keys = Callable[[], str]
"""The next key; "" when there are no more."""


@contextmanager
def keys_of(source: IO[str]) -> Iterator[Keys]:
    """Single keys of a terminal, or the characters of any other input, line breaks aside."""
    if not source.isatty():
        letters = (char for line in source for char in line if not char.isspace())
        yield lambda: next(letters, "")
        return
    handle = source.fileno()
    before = termios.tcgetattr(handle)

    def key() -> str:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        tty.setcbreak(handle)
        try:
            while (read := os.read(handle, 1)) and not (char := decoder.decode(read)):
                pass  # a letter beyond ASCII comes in several bytes
            return char if read else ""
        finally:
            termios.tcsetattr(handle, termios.TCSADRAIN, before)

    yield key


def edit_in_editor(text: str) -> str | None:
    """The text as somebody left it in $VISUAL, $EDITOR or vi; None where it was left as it was.

    Raises `UserError` where there is no terminal, or the editor does not start or fails.
    """
    if not sys.stdin.isatty():
        raise UserError("there is no terminal to edit in", next_step="accept, reject or skip it")
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "row.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(command), str(path)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UserError(f"the editor {command!r} failed: {error}") from None
        after = path.read_text(encoding="utf-8")
    return None if after == text else after


class Seat:
    """One person at a desk: what is shown and what each key does."""

    def __init__(
        self,
        desk: Desk,
        reviewer: str,
        keys: Keys,
        console: Console,
        edit: Callable[[str], str | None] = edit_in_editor,
    ) -> None:
        named = dict(desk.cfg.keys)
        self._ends = (named["quit"], *ENDS)
        self._undo_key, self._progress_key = named["undo"], named["progress"]
        self._actions = {named[action]: action for action in DECIDING}
        self._help = " · ".join(f"{named[what]} {what}" for what in HELD)
        self._desk = desk
        self._reviewer = reviewer
        self._keys = keys
        self._console = console
        self._edit = edit

    def sit(self) -> None:
        """Item after item until all are decided or somebody leaves; a decision is stored before the
        next item is shown.
        """
        self._say(self._help)
        while (asked := self._asked()) is not None:
            print_item(self._console, asked.item, self._desk.progress(EVERYTHING))
            if not self._answer(asked):
                break
        print_progress(self._console, self._desk.progress(EVERYTHING))

    def _asked(self) -> Asked | None:
        """What comes next: an item that comes again, or one that is open; None at the end."""
        again = self._desk.again(self._reviewer, Filters())
        if again is not None:
            return again
        item = self._desk.next(Filters())
        return None if item is None else Asked(item)

    def _answer(self, asked: Asked) -> bool:
        """Keys until the item is decided or another is to be shown; False to leave."""
        shown = time.monotonic()
        while (key := self._keys()) not in self._ends:
            if key == self._progress_key:
                print_progress(self._console, self._desk.progress(EVERYTHING))
            elif key == self._undo_key:
                self._undo()
                return True
            elif key not in self._actions:
                self._say(self._help)
            elif (chosen := self._chosen(asked, key)) is not None:
                ms = round(1000 * (time.monotonic() - shown))
                if self._decide(replace(chosen, ms=ms)):
                    return True
        return False

    def _chosen(self, asked: Asked, key: str) -> Decision | None:
        """The decision that a key makes; None where somebody thought better of it."""
        item, action = asked.item, self._actions[key]
        decision = Decision(
            str(uuid4()), item.id, item.hash, action, reviewer=self._reviewer, again=asked.again
        )
        if action == "reject":
            reason = self._reason()
            return None if reason is None else replace(decision, reason=reason)
        if action == "edit":
            edited = self._edited(item)
            return None if edited is None else replace(decision, edited=edited)
        return decision

    def _decide(self, decision: Decision) -> bool:
        """Whether to go on to another item: not where an edit did not pass."""
        try:
            found = self._desk.decide(decision)
        except UserError as error:
            self._say(str(error), "red")
            return False
        if found.refused is not None:
            self._say(f"not taken: the text is dropped as {found.refused.reason}", "red")
            return False
        if found.conflict is not None:
            self._say("the item has changed; here it is again", "red")
        return True

    def _undo(self) -> None:
        undone = self._desk.undo(self._reviewer, str(uuid4()))
        self._say("nothing to undo" if undone is None else f"{undone.action} taken back", "yellow")

    def _reason(self) -> str | None:
        """The reason that the next key chooses; another key takes the rejection back."""
        self._say("why? " + " · ".join(f"{n} {why}" for n, why in enumerate(REASONS, start=1)))
        key = self._keys()
        if key in "123456789" and key:
            return REASONS[int(key) - 1]
        self._say("not rejected")
        return None

    def _edited(self, item: Item) -> Edited | None:
        """The words as somebody left them, None where nothing was."""
        before: dict[str, Any] = asdict(words_of(item.example))
        before["turns"] = [dict(turn) for turn in before["turns"]]
        try:
            text = self._edit(yaml.safe_dump(before, allow_unicode=True, sort_keys=False))
            return None if text is None else to_edited(yaml.safe_load(text))
        except UserError as error:
            self._say(str(error), "red")
        except (yaml.YAMLError, TypeError, AttributeError, ValueError) as error:
            self._say(f"the edited text cannot be read: {error}", "red")
        return None

    def _say(self, words: str, style: str = "dim") -> None:
        self._console.print(Text(escape(words), style=style))
