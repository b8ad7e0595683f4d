import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.account import SpentError
from selfinstruct.config import BudgetConfig, PrivacyConfig
from selfinstruct.errors import UserError
from selfinstruct.model import Answered
from selfinstruct.models.scripted import Scripted
from selfinstruct.privacy import Finder
from selfinstruct.progress import Progress, Used
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, as_sent, ask
from selfinstruct.types import Completion, Message, Prompt, Request, Sampling, digest

DRAWN = Sampling(temperature=0.8)
GREEDY = Sampling(temperature=0.0)


class Echo:
    """Answers the last request first, and can be told to break down or to fail."""

    name = "program:echo"
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


def teacher(model: Echo, store: Store, **budget: object) -> Teacher:
    return Teacher(model, store, BudgetConfig.model_validate(budget))


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
            with pytest.raises(SpentError, match="max_calls"):
                ask(teacher(model, store, max_calls=limit), 1, 0, [prompt("a")], DRAWN, 4)
        else:
            ask(teacher(model, store, max_calls=limit), 1, 0, [prompt("a")], DRAWN, 4)
        assert store.spent()["calls"] == len(model.asked) == paid


SHORT = Sampling(temperature=0.8, max_tokens=5)
PRICED = {"prices": {"echo": {"input": 1000, "output": 10_000}}}
"""One call of `Echo` is 15 tokens and costs 0.06."""


@pytest.mark.parametrize(
    ("limits", "paid"),
    [
        ({"max_tokens": 0}, 0),
        ({"max_tokens": 70}, 0),  # the worst case is 34 characters, 32 for the template, 5 written
        ({"max_tokens": 71}, 2),  # and then 50: the prompt was 10 tokens, and may be a quarter more
        ({"max_tokens": 120}, 5),
        ({"max_tokens": 500}, 8),
        ({"max_cost": 0, **PRICED}, 0),
        ({"max_cost": 0.3, **PRICED}, 4),
        ({"max_hours": 0}, 0),
        ({"max_hours": 9}, 8),
    ],
)
def test_a_limit_is_never_passed_and_all_that_surely_fits_is_asked(
    tmp_path: Path, limits: dict[str, object], paid: int
) -> None:
    model = Echo()
    with Store(tmp_path, write=True) as store:
        if paid < 8:
            with pytest.raises(SpentError, match=next(iter(limits))):
                ask(teacher(model, store, **limits), 1, 0, [prompt("a")], SHORT, 8)
        else:
            ask(teacher(model, store, **limits), 1, 0, [prompt("a")], SHORT, 8)
        assert store.spent()["calls"] == len(model.asked) == paid
        assert paid * 15 <= int(str(limits.get("max_tokens", 10**9)))
        ask(teacher(model, store), 1, 0, [prompt("a")], SHORT, 8)
        assert len(model.asked) == 8  # what was answered is kept


def test_a_run_that_is_killed_again_and_again_does_not_pass_its_limit(tmp_path: Path) -> None:
    """The calls that were out count their worst case, so the account is never below the truth."""
    sent = 0
    with Store(tmp_path, write=True) as store:
        for _ in range(20):
            model = Echo(breaks_after=1)
            budget = {"max_tokens": 1000, "max_calls": 30}
            try:
                ask(teacher(model, store, **budget), 1, 0, [prompt("a")], SHORT, 16)
            except KeyboardInterrupt:
                sent += len(model.asked)
                continue
            except SpentError:
                break
        books = store.books()
        assert sent * 15 < sum(row["prompt_tokens"] for row in books.spent.values()) <= 1000
        assert sent < sum(row["calls"] for row in books.spent.values()) <= 30
        assert books.open == set()


def test_a_call_that_failed_counts_when_it_is_asked_again(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        for _ in range(3):
            ask(teacher(Echo(fails=True), store, max_calls=3), 1, 0, [prompt("a")], DRAWN, 1)
        with pytest.raises(SpentError, match="3 spent, 0 left"):
            ask(teacher(Echo(), store, max_calls=3), 1, 0, [prompt("a")], DRAWN, 1)


def test_a_limit_of_cost_without_a_price_asks_nothing(tmp_path: Path) -> None:
    model = Echo()
    with Store(tmp_path, write=True) as store:
        with pytest.raises(UserError, match=r'prices: \{"echo"'):
            ask(teacher(model, store, max_cost=5), 1, 0, [prompt("a")], DRAWN, 1)
        assert (model.asked, store.spent()["calls"]) == ([], 0)


def test_where_hours_are_limited_the_clock_is_looked_at_between_batches(tmp_path: Path) -> None:
    now = [0.0]
    with Store(tmp_path, write=True, now=lambda: now[0]) as store:

        def on_progress(_: Progress) -> None:
            now[0] += 600.0

        model = Echo()
        limited = Teacher(
            model, store, BudgetConfig(max_hours=0.9), on_progress=on_progress, at_once=1
        )
        with pytest.raises(SpentError, match=r"max_hours = 0\.9"):
            ask(limited, 1, 0, [prompt("a")], DRAWN, 64)
        assert len(model.asked) == 8  # an hour is passed in the second batch of four


def test_progress_tells_what_is_spent_where_it_is_limited(tmp_path: Path) -> None:
    seen: list[Progress] = []
    budget = BudgetConfig.model_validate({"max_calls": 9, **PRICED})
    with Store(tmp_path, write=True) as store:
        ask(Teacher(Echo(), store, budget, on_progress=seen.append), 1, 0, [prompt("a")], DRAWN, 2)
    assert seen[-1].used == (Used("calls", 2.0, 9.0), Used("USD", 0.12))


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


def test_half_a_character_is_kept_as_its_mark_and_is_the_same_on_resume(tmp_path: Path) -> None:
    says = Scripted(lambda _: Completion("a\ud83db\0c", "stop"))
    with Store(tmp_path, write=True) as store:
        for _ in range(2):
            [[found]] = ask(Teacher(says, store, BudgetConfig()), 1, 0, [prompt("a")], GREEDY, 1)
            assert found.text == "a\ufffdb\0c"
        fails = Scripted(lambda _: Completion("", "error", error="no \ud83d"))
        [[found]] = ask(Teacher(fails, store, BudgetConfig()), 1, 0, [prompt("b")], GREEDY, 1)
        assert found.error == "no \ufffd"


def test_a_model_that_answers_under_another_name_is_told_once(tmp_path: Path) -> None:
    heard: list[Progress] = []
    said = [Completion("x", "stop", model=name) for name in ("m-1", "m-1", "m-2", "m-2", "m-1")]
    with Store(tmp_path, write=True) as store:
        for first in (0, 3):
            asked = Teacher(
                Scripted(said[first : first + 3]), store, BudgetConfig(), on_progress=heard.append
            )
            prompts = [prompt(f"{first}/{n}") for n in range(len(said[first : first + 3]))]
            ask(asked, 1, first, prompts, GREEDY, 1)
    notes = [progress.note for progress in heard if progress.note]
    assert notes == ["the teacher answers as m-2 now, not as m-1"]


def test_a_schema_is_handed_on_and_makes_another_call_of_it(tmp_path: Path) -> None:
    model = Echo()
    held = replace(prompt("a"), schema='{"type":"object"}')
    with Store(tmp_path, write=True) as store:
        [[plain]] = ask(teacher(model, store), 1, 0, [prompt("a")], GREEDY, 1)
        [[other]] = ask(teacher(model, store), 1, 0, [held], GREEDY, 1)
    assert [request.schema for request in model.asked] == ["", '{"type":"object"}']
    assert plain.attempt != other.attempt
    messages = [{"role": "user", "content": "a"}]
    how = [GREEDY.temperature, GREEDY.top_p, GREEDY.max_tokens, GREEDY.stop]
    assert plain.attempt == digest([messages, how, 0, 0, model.digest])  # as ledgers have it


def test_personal_data_is_hidden_where_prompts_go_out_and_in_the_ledger(tmp_path: Path) -> None:
    asked = Prompt((Message("user", "Write to anna@web.de"),), "t", "v", ("parent",))
    hidden = Finder.of(PrivacyConfig())
    model = Echo()
    with Store(tmp_path, write=True) as store:
        (found,) = ask(replace(teacher(model, store), hidden=hidden), 1, 0, [asked], DRAWN, 1)
        sent = store.attempt(found[0].attempt or "")
    assert model.asked[0].messages == (Message("user", "Write to [EMAIL_1]"),)
    assert found[0].text == "Write to [EMAIL_1]/0"
    assert "anna" not in json.dumps(sent)
    assert as_sent(asked, hidden).parents == ("parent",)
    assert as_sent(asked, None) is asked


def test_a_call_is_tied_to_every_row_that_it_is_about(tmp_path: Path) -> None:
    model = Echo()
    one, two, three = (replace(prompt("which label?"), about=f"row-{n}") for n in (1, 2, 3))
    with Store(tmp_path, write=True) as store:
        ((answer,), (same,)) = ask(teacher(model, store), 1, 0, [one, two], GREEDY, 1)
        ask(teacher(model, store), 1, 1, [three], GREEDY, 1)
        assert len(model.asked) == 1
        assert answer.attempt == same.attempt
        assert store.rows_of_call(str(answer.attempt)) == ["row-1", "row-2", "row-3"]
        ask(teacher(model, store), 1, 1, [three], DRAWN, 2)
        assert len(store.calls_about("row-3")) == 3


def test_what_a_template_was_told_is_kept_as_it_was_told(tmp_path: Path) -> None:
    hidden = Finder.of(PrivacyConfig())
    told = replace(prompt("write to ann.lee@gmail.com"), values={"to": "ann.lee@gmail.com"})
    with Store(tmp_path, write=True) as store:
        asks = replace(teacher(Echo(), store), hidden=hidden)
        ((answer,),) = ask(asks, 1, 0, [told], GREEDY, 1)
        call = store.attempt(str(answer.attempt))
        assert call is not None
        assert "ann.lee" not in call["messages"]
        # What is shown to a teacher is hidden when it goes out, whichever prompt says it.
        assert store.told(call["key"], ()) == told.values
