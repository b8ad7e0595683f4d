"""A round read again with other answers, held against a run whose teacher gave those answers."""

from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.replay.rereading import Reread, reread
from selfinstruct.store import Store
from selfinstruct.types import Completion, Message, Prompt
from tests.recorded import real_rows, recorded_config, unanswered, write_recorded

REFUSAL = "As an AI language model, I cannot help with that request."


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose questions get no answer, so that all of a candidate comes from one call."""
    cfg = recorded_config(tmp_path_factory.mktemp("runs"), "label_first")
    return write_recorded(cfg, ["accept", "reject"], data=real_rows(unanswered))


def answers(store: Store, index: int, text: str | None = None) -> list[Completion]:
    """What a round's calls brought, with this text in the place of their own."""
    said = [store.reply(key) for key in store.answered(index)]
    return [each if text is None else replace(each, text=text) for each in said]


def known(found: tuple[Reread, Reread] | None) -> tuple[Reread, Reread]:
    assert found is not None
    return found


@pytest.mark.parametrize("index", [1, 2])
def test_the_same_answers_come_to_the_same(silent: Path, index: int) -> None:
    with Store(silent) as store:
        before, after = known(reread(store, index, answers(store, index)))
        assert before == after
        screened = store.screened(index)
        full = sum(item.reason == "round_full" for item in screened.rejected)
        assert before.kept == len(screened.accepted) + full
        assert before.candidates == len(screened.accepted) + len(screened.rejected)
        assert before.asked == before.read == len(store.answered(index))


def test_answers_of_which_nothing_can_be_kept_leave_nothing(silent: Path) -> None:
    with Store(silent) as store:
        before, after = known(reread(store, 1, answers(store, 1, REFUSAL)))
        _, empty = known(reread(store, 1, answers(store, 1, " ")))
    assert before.kept > 0
    assert (after.kept, after.unknown) == (0, 0)
    assert after.reasons["refusal"] == after.read == after.asked
    assert (empty.read, empty.asked) == (0, before.asked)


def test_another_question_would_need_an_answer_that_was_never_asked_for(tmp_path: Path) -> None:
    folder = write_recorded(recorded_config(tmp_path, "label_first"), ["accept"])
    with Store(folder) as store:
        keys = store.answered(1, 4, "label_first/question.j2")
        new = [
            replace(store.reply(key), text=f"a wholly other question, number {n} of mine")
            for n, key in enumerate(keys)
        ]
        before, after = known(reread(store, 1, new))
    assert (before.unknown, after.unknown) == (0, 4)
    assert after.candidates + after.unknown == before.candidates


def test_what_no_recipe_reads_comes_to_nothing(silent: Path) -> None:
    label = Prompt((Message("user", "which?"),), "quality/label.j2", "v1")
    question = Prompt((Message("user", "one more"),), "label_first/question.j2", "v1")
    with Store(silent, write=True) as store:
        store.begin_attempts(1, 0, "m", [("label-1", label, 0)])
        store.begin_attempts(1, 99, "m", [("open-1", question, 0)])  # its wave never ended
        said = [Completion("a", "stop", attempt=key) for key in ("label-1", "open-1")]
        assert reread(store, 1, said) is None
