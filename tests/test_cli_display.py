import io

from rich.console import Console

from selfinstruct.cli.display import Display
from selfinstruct.progress import Progress, Used


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(console_is_terminal: bool, *steps: tuple[float, Progress]) -> str:
    clock = Clock()
    out = io.StringIO()
    console = Console(file=out, force_terminal=console_is_terminal, width=100)
    with Display(console, rounds=3, clock=clock) as display:
        for at, progress in steps:
            clock.now = at
            display(progress)
    return out.getvalue()


def test_a_stage_speaks_at_once_and_then_every_ten_seconds() -> None:
    steps = [(float(at), Progress(1, "train", at, 40, "steps")) for at in range(1, 25)]
    lines = shown(False, *steps).splitlines()
    assert [line.split(" · ")[2] for line in lines] == ["1/40 steps", "11/40 steps", "21/40 steps"]


def test_a_line_tells_round_stage_count_rate_and_time_left() -> None:
    begin = Progress(1, "generate", 0, 80, "calls")
    later = Progress(1, "generate", 20, 80, "calls", tokens=400)
    line = shown(False, (0, begin), (20, later)).splitlines()[-1]
    assert line == "round 1/3 · generate · 20/80 calls · 20 tokens/s · 1 min 0 s left"


def test_what_was_loaded_before_the_first_count_is_no_part_of_the_time_left() -> None:
    steps = [
        (0.0, Progress(0, "evaluate", note="loading base")),
        (50.0, Progress(0, "evaluate", 10, 40, "rows answered")),
        (60.0, Progress(0, "evaluate", 20, 40, "rows answered")),
        (80.0, Progress(0, "evaluate", 10, 40, "rows scored")),
        (95.0, Progress(0, "evaluate", 20, 40, "rows scored")),
    ]
    lines = shown(False, *steps).splitlines()
    ends = [line.split(" · ")[-1] for line in lines]
    assert ends == [
        "loading base",
        "10/40 rows answered",
        "20 s left",
        "10/40 rows scored",
        "30 s left",
    ]


def test_what_was_kept_and_dropped_stays_in_sight_during_the_next_wave() -> None:
    tally = Progress(
        1, "generate", accepted=3, target=10, rejected={"too_similar": 5, "echo": 2}, note="wave 1"
    )
    text = shown(False, (0, tally), (11, Progress(1, "generate", 1, 80, "calls")))
    last = text.splitlines()[-1]
    assert "accepted 3/10 · kept 30% · dropped: too_similar 5, echo 2" in last


def test_a_new_round_starts_a_new_tally() -> None:
    tally = Progress(1, "generate", accepted=3, target=10, note="wave 1")
    text = shown(False, (0, tally), (1, Progress(2, "generate", note="opening the teacher")))
    assert "accepted 3" not in text.splitlines()[-1]


def test_no_control_character_reaches_a_pipe() -> None:
    text = shown(False, (0, Progress(1, "train", note="bad \x1b[2J note")))
    assert "\x1b" not in text


def test_a_terminal_gets_a_live_panel_that_is_gone_at_the_end() -> None:
    text = shown(True, (0, Progress(1, "train", 1, 40, "steps", note="loss 2.1")))
    assert "loss 2.1" in text
    assert text.rstrip().endswith("\x1b[?25h") or "\x1b[2K" in text


def test_on_a_terminal_a_line_stays_of_every_stage_that_took_a_while() -> None:
    steps = [
        (0.0, Progress(0, "mix", note="mixing")),
        (1.0, Progress(0, "train", note="training real-only on 9 rows")),
        (4.0, Progress(0, "train", 1, 2, "steps", note="loss 2.5")),
        (60.0, Progress(0, "train", 2, 2, "steps", note="loss 1.5")),
        (63.0, Progress(0, "evaluate", note="loading real-only")),
    ]
    text = shown(True, *steps)
    assert "round 0/3 · train · 2/2 steps · loss 1.5 · 1 min 2 s" in text
    assert "round 0/3 · mix" not in text


def test_what_a_stage_came_to_is_printed_where_there_is_no_terminal() -> None:
    steps = [
        (0.0, Progress(1, "labels", 0, 4, "rows answered", note="real-only looks")),
        (1.0, Progress(1, "labels", 3, 4, "rows answered", note="real-only looks")),
        (2.0, Progress(1, "labels", 4, 4, "rows answered", note="real-only looks")),
        (2.1, Progress(1, "labels", 4, 4, "rows answered", note="half of them are right")),
    ]
    lines = shown(False, *steps).splitlines()
    assert len(lines) == 2
    assert "4/4 rows answered" in lines[1]
    assert "half of them are right" in lines[1]


def calls(spent: float, limit: float | None = 100) -> tuple[Used, ...]:
    return (Used("calls", spent, limit),)


def test_what_is_spent_and_left_is_shown_where_it_is_limited_or_priced() -> None:
    used = (Used("calls", 7, 40), Used("EUR", 0.01234), Used("h", 2.5, 2.0))
    line = shown(False, (0, Progress(1, "generate", 7, 9, "calls", used=used)))
    assert "spent 7 of 40 calls, 33 left; 0.0123 EUR; 2.5 of 2 h, 0 left" in line
    assert "spent" not in shown(False, (0, Progress(1, "generate", 7, 9, "calls")))
    panel = shown(True, (0, Progress(1, "generate", 7, 9, "calls", used=used)))
    assert "spent 7 of 40 calls, 33 left" in panel


def test_what_a_full_round_will_take_is_told_from_what_its_rows_took() -> None:
    """A resumed round: 5 rows were there, and 20 of the 30 calls were another round's."""
    steps = [
        (0.0, Progress(1, "generate", accepted=5, target=20, note="wave 1")),
        (1.0, Progress(1, "generate", 1, 10, "calls", used=calls(30))),
        (2.0, Progress(1, "generate", 10, 10, "calls", used=calls(40))),
        (3.0, Progress(1, "generate", accepted=10, target=20, note="wave 2")),
        (20.0, Progress(1, "generate", 4, 10, "calls", used=calls(44))),
    ]
    before, after = shown(False, *steps[:3]), shown(False, *steps)
    assert "when the round is full" not in before
    assert "spent 44 of 100 calls, 56 left (about 60 when the round is full)" in after


def test_a_new_round_has_a_bill_of_its_own() -> None:
    steps = [
        (0.0, Progress(1, "generate", 1, 10, "calls", used=calls(30))),
        (1.0, Progress(1, "generate", accepted=10, target=20, note="wave 1")),
        (2.0, Progress(2, "generate", note="opening the teacher")),
        (3.0, Progress(2, "generate", 1, 10, "calls", used=calls(31))),
    ]
    assert "spent 31 of 100 calls, 69 left\n" in shown(False, *steps[:3], (20.0, steps[3][1]))


VERIFYING = (
    (0.0, Progress(1, "generate", accepted=3, target=10, rejected={"echo": 3}, note="wave 1")),
    (1.0, Progress(1, "generate", note="verifying 4 candidates")),
    (2.0, Progress(1, "generate", note="loading base to verify")),
    (3.0, Progress(1, "generate", note="calibrating the judge on 12 real rows")),
    (14.0, Progress(1, "generate", 2, 8, "calls", used=calls(12))),
    (15.0, Progress(1, "generate", 8, 8, "calls", used=calls(18))),
    (26.0, Progress(1, "generate", accepted=5, target=10, rejected={"low_grade": 2})),
)


def test_while_models_look_at_candidates_it_is_said_who_and_what_was_kept_stays() -> None:
    lines = shown(False, *VERIFYING).splitlines()
    kept = "round 1/3 · generate · accepted 3/10 · kept 50% · dropped: echo 3"
    assert lines[1:4] == [
        f"{kept} · verifying 4 candidates",
        f"{kept} · loading base to verify",
        f"{kept} · calibrating the judge on 12 real rows",
    ]
    assert lines[4].startswith("round 1/3 · generate · 2/8 calls · accepted 3/10")
    assert "spent 12 of 100 calls" in lines[4]
    assert "accepted 5/10" in lines[-1]
    assert "low_grade 2" in lines[-1]


def test_on_a_terminal_the_panel_says_who_looks_at_candidates() -> None:
    text = shown(True, *VERIFYING[:3])
    assert "loading base to verify" in text
    assert "dropped: echo 3" in text
