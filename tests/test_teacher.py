from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from selfinstruct.config import BudgetConfig
from selfinstruct.errors import IncompleteError
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import Answered, Completion, Message, Progress, Prompt, Request, Sampling

DRAWN = Sampling(temperature=0.8)
GREEDY = Sampling(temperature=0.0)


class Echo:
    """Answers the last request first, and can be told to break down or to fail."""

    name = "echo"
    digest = "echo-1"

    def __init__(
        self, breaks_after: int | None = None, fails: bool = False, error: str = "reset"
    ) -> None:
        self.asked: list[Request] = []
        self.breaks_after = breaks_after
        self.fails = fails
        self.error = error

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        for index, request in reversed(list(enumerate(requests))):
            if self.breaks_after is not None and len(self.asked) >= self.breaks_after:
                raise KeyboardInterrupt
            self.asked.append(request)
            text = f"{request.messages[-1].content}/{request.sample}"
            if self.fails:
                yield [Answered(index, Completion("", "error", error=self.error))]
            else:
                yield [Answered(index, Completion(text, "stop", 10, 5))]

    def close(self) -> None:
        pass


def prompt(words: str) -> Prompt:
    return Prompt((Message("user", words),), "t", "v")


def teacher(model: Echo, store: Store, **budget: int) -> Teacher:
    return Teacher(model, store, BudgetConfig(**budget))


def texts(answers: Sequence[Sequence[Completion]]) -> list[list[str]]:
    return [[completion.text for completion in row] for row in answers]


def test_answers_come_back_in_order_whatever_order_they_arrive_in(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        found = ask(teacher(Echo(), store), 1, 0, [prompt("a"), prompt("b")], DRAWN, 2)
    assert texts(found) == [["a/0", "a/1"], ["b/0", "b/1"]]
    assert len({completion.attempt for row in found for completion in row}) == 4


def test_nothing_is_paid_twice(tmp_path: Path) -> None:
    model = Echo()
    with Store(tmp_path, write=True) as store:
        first = ask(teacher(model, store), 1, 0, [prompt("a")], DRAWN, 3)
        again = ask(teacher(model, store), 1, 0, [prompt("a")], DRAWN, 3)
        assert len(model.asked) == 3
        assert texts(first) == texts(again)


def test_a_run_killed_among_calls_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        whole = texts(ask(teacher(Echo(), store), 2, 0, [prompt("a"), prompt("b")], DRAWN, 4))
    with Store(tmp_path / "killed", write=True) as store:
        with pytest.raises(KeyboardInterrupt):
            ask(teacher(Echo(breaks_after=3), store), 2, 0, [prompt("a"), prompt("b")], DRAWN, 4)
        model = Echo()
        resumed = ask(teacher(model, store), 2, 0, [prompt("a"), prompt("b")], DRAWN, 4)
        assert len(model.asked) == 5
        assert texts(resumed) == whole


def test_a_drawn_answer_belongs_to_its_place_and_a_greedy_one_to_its_question(
    tmp_path: Path,
) -> None:
    model = Echo()
    with Store(tmp_path, write=True) as store:
        for wave in (0, 1):
            ask(teacher(model, store), 1, wave, [prompt("a")], DRAWN, 1)
        assert len(model.asked) == 2
        assert model.asked[0].seed != model.asked[1].seed
        for wave in (0, 1):
            ask(teacher(model, store), 1, wave, [prompt("a")], GREEDY, 1)
        assert len(model.asked) == 3


def test_one_answer_serves_equal_questions_of_one_batch(tmp_path: Path) -> None:
    model = Echo()
    with Store(tmp_path, write=True) as store:
        found = ask(teacher(model, store), 1, 0, [prompt("a"), prompt("a")], GREEDY, 1)
    assert texts(found) == [["a/0"], ["a/0"]]
    assert len(model.asked) == 1


def test_a_failed_call_comes_back_as_failed_and_is_asked_again(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        failed = ask(teacher(Echo(fails=True), store), 1, 0, [prompt("a")], DRAWN, 1)
        assert failed[0][0].finish_reason == "error"
        assert texts(ask(teacher(Echo(), store), 1, 0, [prompt("a")], DRAWN, 1)) == [["a/0"]]


@pytest.mark.parametrize(("limit", "paid"), [(0, 0), (3, 3), (4, 4)])
def test_the_budget_of_calls_is_kept_to_the_call(tmp_path: Path, limit: int, paid: int) -> None:
    model = Echo()
    with Store(tmp_path, write=True) as store:
        if limit < 4:
            with pytest.raises(IncompleteError, match="max_calls"):
                ask(teacher(model, store, max_calls=limit), 1, 0, [prompt("a")], DRAWN, 4)
        else:
            ask(teacher(model, store, max_calls=limit), 1, 0, [prompt("a")], DRAWN, 4)
        assert store.spent()["calls"] == len(model.asked) == paid


def test_the_budget_of_tokens_stops_the_run_and_keeps_what_was_answered(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        with pytest.raises(IncompleteError, match="max_tokens"):
            ask(teacher(Echo(), store, max_tokens=30), 1, 0, [prompt("a")], DRAWN, 8)
        model = Echo()
        ask(teacher(model, store), 1, 0, [prompt("a")], DRAWN, 8)
        assert len(model.asked) == 6


def test_progress_counts_what_was_known_and_what_is_new(tmp_path: Path) -> None:
    seen: list[Progress] = []
    with Store(tmp_path, write=True) as store:
        watched = Teacher(Echo(), store, BudgetConfig(), on_progress=seen.append)
        ask(watched, 1, 0, [prompt("a")], DRAWN, 2)
    assert [(step.done, step.total, step.tokens) for step in seen] == [(1, 2, 5), (2, 2, 10)]


def test_an_error_that_tells_a_key_is_kept_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_API_KEY", "canary-0123456789")
    leaking = Echo(fails=True, error="no canary-0123456789, no Bearer abcdefghij")
    with Store(tmp_path, write=True) as store:
        [[completion]] = ask(teacher(leaking, store), 1, 0, [prompt("a")], GREEDY, 1)
        kept = store.attempt(str(completion.attempt))
    assert kept is not None
    assert (completion.error, kept["error"]) == ("no [redacted], no Bearer [redacted]",) * 2
    assert not [path for path in tmp_path.iterdir() if b"canary" in path.read_bytes()]
