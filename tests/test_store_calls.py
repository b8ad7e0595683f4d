import json
from pathlib import Path

from selfinstruct.rows import from_messages
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Prompt,
)
from tests.ledgers import PROMPT

SEED = Example("Name a colour.", "x" * 80, "Blue.", (Message("user", "hello"),))
TOLD = Prompt(PROMPT.messages, "t/q", "v1", values={"demos": (SEED,), "count": 3})


def test_an_attempt_is_written_before_it_is_answered(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "m", [("k1", PROMPT, 0), ("k2", PROMPT, 1)])
        assert store.spent() == {"calls": 2, "prompt_tokens": 0, "completion_tokens": 0}
        assert store.answers(["k1"]) == {}
        store.end_attempts({"k1": Completion("text", "stop", 5, 7)})
        answer = Completion("text", "stop", 5, 7, model="m", attempt="k1")
        assert store.answers(["k1", "k2", "k9"]) == {"k1": answer}
        assert store.spent() == {"calls": 2, "prompt_tokens": 5, "completion_tokens": 7}
        story = store.attempt("k1")
        assert story is not None
        assert (story["template"], story["version"], story["state"]) == ("t/q", "v1", "done")


def test_a_failed_attempt_is_no_answer_and_may_be_asked_again(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "m", [("k1", PROMPT, 0)])
        store.end_attempts({"k1": Completion("", "error", error="reset")})
        assert store.answers(["k1"]) == {}
        store.begin_attempts(1, 0, "m", [("k1", PROMPT, 0)])
        store.end_attempts({"k1": Completion("ok", "stop")})
        assert set(store.answers(["k1", "other"])) == {"k1"}


def test_the_names_that_a_model_answers_under_are_counted(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "openai:m", [(f"k{n}", PROMPT, n) for n in range(5)])
        said = ("m-2", "m-1", "m-2", "", "m-1")
        store.end_attempts({f"k{n}": Completion("x", "stop", model=m) for n, m in enumerate(said)})
        store.end_attempts({"k4": Completion("", "error", model="m-3")})
        assert store.served() == {"openai:m": {"m-2": 2, "m-1": 1}}
        assert store.answers(["k0"])["k0"].model == "m-2"


def test_calls_that_came_back_are_told_in_the_order_asked_failures_as_well(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        asked = [(f"k{n}", PROMPT, n) for n in range(3)]
        store.begin_attempts(2, 1, "m", asked)
        store.end_attempts({"k2": Completion("", "error", error="reset")})
        store.end_attempts({"k0": Completion("text", "stop", 5, 7)})
        told = [(row["round"], row["wave"], row["key"], row["sample"]) for row in store.replies()]
        assert told == [(2, 1, "k0", 0), (2, 1, "k2", 2)]
        (messages, *_) = {row["messages"] for row in store.replies()}
        assert json.loads(messages) == from_messages(PROMPT.messages)
        assert {"k0": store.reply("k0")} == store.answers(["k0"])
        failed = Completion("", "error", model="m", error="reset", attempt="k2")
        assert store.reply("k2") == failed


def test_what_a_template_was_told_is_kept_with_the_call_and_once(tmp_path: Path) -> None:
    other = Prompt(PROMPT.messages, "t/q", "v1", values={"demos": (SEED,), "count": 4})
    with Store(tmp_path, write=True) as store:
        samples = [(f"k{n}", TOLD, n) for n in range(8)]
        store.begin_attempts(1, 0, "m", [*samples, ("other", other, 0), ("none", PROMPT, 0)])
        assert store.told("k0", (Example, Message)) == TOLD.values
        # The same words to the teacher, from other values.
        assert store.told("other", (Example, Message)) == other.values
        assert store.told("none", ()) is None
        parts = [body for table, body, _ in store.ids() if table == "value"]
        assert len(parts) == 4  # the row, the tuple with it, and one of either prompt
        assert all(stored == found for _, stored, found in store.ids())


def test_a_call_is_linked_to_each_row_it_is_about_once(tmp_path: Path) -> None:
    asked = Prompt(PROMPT.messages, "t/q", "v1", about="row-1")
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "m", [("k1", asked, 0)])
        store.link([("row-1", "k1"), ("row-2", "k1"), ("row-2", "k1")])
        assert store.rows_of_call("k1") == ["row-1", "row-2"]
        before = store.meta("worked_s")
        store.link([("row-1", "k1"), ("row-2", "k1")])
        assert store.meta("worked_s") == before  # nothing was written
