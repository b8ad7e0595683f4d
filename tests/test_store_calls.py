from pathlib import Path

from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
)
from tests.ledgers import PROMPT


def test_an_attempt_is_written_before_it_is_answered(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "m", [("k1", PROMPT, 0), ("k2", PROMPT, 1)])
        assert store.spent() == {"calls": 2, "prompt_tokens": 0, "completion_tokens": 0}
        assert store.answer("k1") is None
        store.end_attempts({"k1": Completion("text", "stop", 5, 7)})
        assert store.answer("k1") == Completion("text", "stop", 5, 7, model="m", attempt="k1")
        assert store.spent() == {"calls": 2, "prompt_tokens": 5, "completion_tokens": 7}
        story = store.attempt("k1")
        assert story is not None
        assert (story["template"], story["version"], story["state"]) == ("t/q", "v1", "done")


def test_a_failed_attempt_is_no_answer_and_may_be_asked_again(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.begin_attempts(1, 0, "m", [("k1", PROMPT, 0)])
        store.end_attempts({"k1": Completion("", "error", error="reset")})
        assert store.answer("k1") is None
        store.begin_attempts(1, 0, "m", [("k1", PROMPT, 0)])
        store.end_attempts({"k1": Completion("ok", "stop")})
        assert store.answer("k1") is not None
