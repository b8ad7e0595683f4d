"""Two answers, one key: which is better, at a terminal."""

import time
from uuid import uuid4

from rich.console import Console
from rich.text import Text

from selfinstruct.cli.pairs_text import outcome_lines, print_pair
from selfinstruct.cli.review_terminal import ENDS, Keys
from selfinstruct.cli.text import escape
from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.review.pairs import Choice, Pair, Pick

HELP = "1 or a · 2 or b · 0 or = equal · x both bad · s skip · r the real answer · u undo · q quit"
PICKS: dict[Pick, str] = {"left": "1a", "right": "2b", "equal": "0=", "bad": "x", "skip": "s"}
LEAVES = ("q", *ENDS)
KEYS = {key: pick for pick, keys in PICKS.items() for key in keys}


class PairSeat:
    """One person at the pairs of a contest. What is said of the students is shown at the end alone:
    a count that moved with a key would tell whose answer was on which side.
    """

    def __init__(
        self, desk: PairDesk, contest: str, reviewer: str, keys: Keys, console: Console
    ) -> None:
        self._desk = desk
        self._contest = contest
        self._reviewer = reviewer
        self._keys = keys
        self._console = console

    def sit(self) -> None:
        """Pair after pair until all are judged or somebody leaves; a choice is stored before the
        next pair is shown.
        """
        self._say(HELP)
        while (pair := self._desk.next(self._contest)) is not None:
            now = self._desk.outcome(self._contest)
            place = f"pair {self._desk.place(pair)} of {now.pairs} · {now.done} judged"
            print_pair(self._console, pair, place)
            if not self._answer(pair):
                self._leave()
                return
        for line in outcome_lines(self._desk.outcome(self._contest)):
            self._console.print(Text(line))

    def _answer(self, pair: Pair) -> bool:
        """Keys until the pair is judged or another is to be shown; False to leave."""
        shown = time.monotonic()
        while (key := self._keys()) not in LEAVES:
            if key == "u":
                self._undo()
                return True
            if key == "r":
                example = pair.example
                self._say(f"{example.label or ''}\n{example.response}".strip(), "green")
            elif key not in KEYS:
                self._say(HELP)
            else:
                ms = round(1000 * (time.monotonic() - shown))
                choice = Choice(str(uuid4()), pair.id, pair.hash, KEYS[key], self._reviewer, ms)
                if self._desk.choose(choice).conflict is not None:
                    self._say("the pair has changed; here it is again", "red")
                return True
        return False

    def _undo(self) -> None:
        undone = self._desk.undo(self._contest, self._reviewer, str(uuid4()))
        self._say("nothing to undo" if undone is None else f"{undone.action} taken back", "yellow")

    def _leave(self) -> None:
        now = self._desk.outcome(self._contest)
        self._say(f"{now.done} of {now.pairs} judged; review --status shows what it comes to")

    def _say(self, words: str, style: str = "dim") -> None:
        self._console.print(Text(escape(words), style=style))
