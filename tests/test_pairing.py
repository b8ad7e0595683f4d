"""Students that answer dev rows once, whatever stops them; and what is queued of it."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.model import Answered
from selfinstruct.pairing import judge_pairs, make_pairs, manner
from selfinstruct.progress import Progress
from selfinstruct.review.desk import Desk
from selfinstruct.review.pairs import Pair
from selfinstruct.store import Store
from selfinstruct.trained import Trained, find_student
from selfinstruct.types import Completion, Message, Request
from tests.frozen_run import rows
from tests.paired import choose, side_of
from tests.taught import SYSTEM, write_taught

DEV = rows("dev", 12)


@dataclass
class Speaker:
    """Says its name and what it was asked, three rows at a time; `stop` ends it after so many."""

    name: str
    stop: int = 1000
    asked: list[Request] = field(default_factory=list)
    closed: bool = False
    digest = "speaker"

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        for start in range(0, len(requests), 3):
            group = requests[start : start + 3]
            if len(self.asked) >= self.stop:
                raise KeyboardInterrupt
            self.asked += group
            yield [
                Answered(start + at, Completion(self.say(request), "stop"))
                for at, request in reversed([*enumerate(group)])
            ]

    def say(self, request: Request) -> str:
        words = request.messages[-1].content
        return "alike" if words.endswith("0") else f"{self.name}: {words}"

    def close(self) -> None:
        self.closed = True


@dataclass
class Opened:
    """Every model that was opened, by the student's name."""

    make: Callable[[str], Speaker] = Speaker
    models: list[Speaker] = field(default_factory=list)

    def __call__(self, student: Trained) -> Speaker:
        self.models.append(self.make(student.name))
        return self.models[-1]

    @property
    def asked(self) -> dict[str, int]:
        return {each.name: len(each.asked) for each in self.models}


@pytest.fixture(scope="module")
def made(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_taught(tmp_path_factory.mktemp("made") / "t", tiny_base, dev=12)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "t"))


@pytest.fixture
def desk(run: Path) -> Iterator[Desk]:
    with Desk.open(run, may_be_empty=True) as desk:
        yield desk


def queued(desk: Desk) -> list[Pair]:
    (contest,) = desk.pairs.contests()
    return desk.pairs.unjudged(contest.id)


def test_both_answer_dev_rows_as_they_are_examined_and_what_differs_is_queued(
    run: Path, desk: Desk
) -> None:
    opened, heard = Opened(), list[Progress]()
    contest = make_pairs(desk.pairs, run, ("champion", "base"), 50, heard.append, opened)
    assert (contest.first, contest.second, contest.rows) == ("round-1", "base", 12)
    assert opened.asked == {"round-1": 12, "base": 12}
    assert all(model.closed for model in opened.models)
    request = opened.models[0].asked[0]
    assert request.messages[0] == Message("system", SYSTEM)
    assert len(request.messages) == 2 and request.sampling.temperature == 0
    pairs = queued(desk)
    differ = {row.id for row in DEV if not row.input.endswith("0")}
    assert {pair.example.id for pair in pairs} == differ and len(differ) < 12
    for pair in pairs:
        first, second = pair.answers
        assert first.startswith("round-1: ") and second.startswith("base: ")
    assert [each.done for each in heard if each.total] == [3, 6, 9, 12, 3, 6, 9, 12]


def test_no_row_of_another_split_is_ever_asked(run: Path, desk: Desk) -> None:
    opened = Opened()
    make_pairs(desk.pairs, run, ("real-only", "base"), 999, open_one=opened)
    with Store(run) as store:
        data = store.real_data()
    assert data is not None
    others = {row.input for row in (*data.train, *data.gate, *data.final)}
    said = [each.messages[-1].content for model in opened.models for each in model.asked]
    assert said and not [words for words in said if any(other in words for other in others)]


def test_nothing_is_answered_twice_whichever_way_they_are_named(run: Path, desk: Desk) -> None:
    make_pairs(desk.pairs, run, ("round-1", "base"), 5, open_one=Opened())
    few = queued(desk)
    again = Opened()
    contest = make_pairs(desk.pairs, run, ("base", "champion"), 12, open_one=again)
    assert again.asked == {"round-1": 7, "base": 7}
    assert (contest.first, contest.rows) == ("round-1", 12)
    pairs = queued(desk)
    assert pairs[: len(few)] == few and len(pairs) > len(few)
    assert all(pair.answers[0].startswith("round-1") for pair in pairs)
    idle = Opened()
    make_pairs(desk.pairs, run, ("base", "round-1"), 12, open_one=idle)
    make_pairs(desk.pairs, run, ("base", "round-1"), 3, open_one=idle)
    assert (idle.models, queued(desk)) == ([], pairs)
    third = Opened()
    make_pairs(desk.pairs, run, ("real-only", "base"), 12, open_one=third)
    assert third.asked == {"real-only": 12}


def test_a_stop_in_the_middle_keeps_what_was_answered(run: Path) -> None:
    def stopping(name: str) -> Speaker:
        return Speaker(name, stop=6 if name == "base" else 1000)

    with Desk.open(run, may_be_empty=True) as desk, pytest.raises(KeyboardInterrupt):
        make_pairs(desk.pairs, run, ("round-1", "base"), 12, open_one=Opened(stopping))
    with Desk.open(run, may_be_empty=True) as desk:
        assert desk.pairs.contests() == []
        opened = Opened()
        make_pairs(desk.pairs, run, ("round-1", "base"), 12, open_one=opened)
        assert opened.asked == {"base": 6}
        stopped = queued(desk)
    (run / "reviews.db").unlink()
    with Desk.open(run, may_be_empty=True) as desk:
        make_pairs(desk.pairs, run, ("round-1", "base"), 12, open_one=Opened())
        assert queued(desk) == stopped


def test_a_student_that_fails_on_a_row_says_which(run: Path, desk: Desk) -> None:
    class Failing(Speaker):
        def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
            for at in range(len(requests)):
                yield [Answered(at, Completion("", "error", error="too long"))]

    with pytest.raises(IncompleteError, match=r"round-1 failed on row [0-9a-f]{16}: too long"):
        make_pairs(desk.pairs, run, ("champion", "base"), 3, open_one=Opened(Failing))
    assert desk.pairs.contests() == []


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("champion", "round-1"), "are one student"),
        (("round-7", "base"), "no trained student round-7"),
    ],
)
def test_what_is_no_two_students_is_told(
    run: Path, desk: Desk, names: tuple[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        make_pairs(desk.pairs, run, names, 5, open_one=Opened())


def test_a_run_without_dev_rows_is_told(tiny_base: Path, tmp_path: Path) -> None:
    run = write_taught(tmp_path / "none", tiny_base)
    with (
        Desk.open(run, may_be_empty=True) as desk,
        pytest.raises(UserError, match=r"no dev rows(.|\n)*seeds.split.dev"),
    ):
        make_pairs(desk.pairs, run, ("champion", "base"), 5, open_one=Opened())


def test_a_manner_is_that_of_the_student_and_of_the_asking(run: Path) -> None:
    student = find_student(run)
    cfg = student.cfg
    longer = cfg.model_copy(
        update={"evaluate": cfg.evaluate.model_copy(update={"max_new_tokens": 9})}
    )
    others = [
        find_student(run, "base"),
        find_student(run, "real-only"),
        Trained(run, student.checkpoint, longer, student.target, (), None),
        Trained(run, student.checkpoint, cfg, "label", (), None),
    ]
    assert len({manner(each) for each in (student, *others)}) == 5
    assert manner(find_student(run, "round-1")) == manner(student)


def with_judge(run: Path, name: str | None) -> None:
    """Let the run have this program for its judge."""
    with Store(run, write=True) as store:
        config = store.meta("config")
        model = name and {"backend": "program", "name": name}
        store.set_meta("config", {**config, "judge": {"model": model}})


def test_the_runs_judge_says_of_each_pair_what_it_says_in_both_orders_once(
    run: Path, desk: Desk
) -> None:
    with_judge(run, "tests.judges:prefers_round_1")
    contest = make_pairs(desk.pairs, run, ("base", "round-1"), 12, open_one=Opened())
    pairs = queued(desk)
    judge_pairs(desk.pairs, run, contest)
    assert queued(desk) == []
    for number, pair in enumerate(pairs):
        choose(desk.pairs, pair, side_of(pair, first=number == 0), f"c{number}")
    found = desk.pairs.outcome(contest.id).judge
    assert (found.n, found.share) == (len(pairs), (len(pairs) - 1) / len(pairs))
    with Store(run) as store:
        assert store.spent()["calls"] == 2 * len(pairs)
    judge_pairs(desk.pairs, run, contest)
    with Store(run) as store:
        assert store.spent()["calls"] == 2 * len(pairs)


def test_a_run_without_a_judge_says_so(run: Path, desk: Desk) -> None:
    with_judge(run, None)
    contest = make_pairs(desk.pairs, run, ("base", "round-1"), 4, open_one=Opened())
    with pytest.raises(UserError, match=r"has no judge(.|\n)*leave --judge out"):
        judge_pairs(desk.pairs, run, contest)


@pytest.mark.usefixtures("one_thread")
def test_true_students_answer(run: Path, desk: Desk) -> None:
    contest = make_pairs(desk.pairs, run, ("champion", "base"), 4)
    assert contest.rows == 4
    for name in ("round-1", "base"):
        found = desk.pairs.answers(manner(find_student(run, name)), {row.id for row in DEV})
        assert len(found) == 4
