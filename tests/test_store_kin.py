import json
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.rows import from_example
from selfinstruct.store import Store
from selfinstruct.store.lookup import REVIEWED
from selfinstruct.types import Completion, Example, Message, Mixture, Prompt, Screened
from tests.finished import KEPT, real_data, write_run

CHILD = Example(
    "n",
    "my question",
    "r",
    origin="synthetic",
    round=2,
    parents=(real_data().train[0].id,),
    attempt="answer-1",
)
EDITED = replace(CHILD, input="their question", parents=(CHILD.id,), depth=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    seed = real_data().train[0]
    question = Prompt((Message("user", "ask"),), "label_first/question", "v1b", (seed.id,))
    with Store(folder, write=True) as store:
        answer = replace(question, about="ask-1")
        store.begin_attempts(2, 0, "m", [("ask-1", question, 0), ("answer-1", answer, 1)])
        store.end_attempts({"ask-1": Completion("so: my question", "stop", 3, 4)})
        store.end_attempts({"answer-1": Completion("an answer", "stop", 3, 4)})
        store.commit_wave(2, 0, Screened((CHILD,), ()))
        store.commit_mixture(2, Mixture((seed, seed, CHILD), 0.5, 0.5), 1.0)
        edited = {"edited": [{"id": CHILD.id, "row": from_example(EDITED)}]}
        store.commit_stage(2, "review", edited, 1.0)
        which = Prompt((Message("user", "which label?"),), "quality/label", "v1", about=KEPT.id)
        store.begin_attempts(9, 0, "m", [("label-1", which, 0), ("label-2", which, 1)])
    return folder


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("call-", [("call", "call-1")]),
        (KEPT.id[:5], [("row", KEPT.id)]),
        ("v1", [("prompt", "label_first/question@v1")]),
        ("v1b", [("prompt", "label_first/question@v1b")]),
        ("label_first/question@v1b", [("prompt", "label_first/question@v1b")]),
        ("other@v1b", []),
        ("zz", []),
        ("%", []),
        ("' OR 1=1 --", []),
    ],
)
def test_an_id_is_known_by_its_beginning(
    run: Path, prefix: str, found: list[tuple[str, str]]
) -> None:
    with Store(run) as store:
        got = store.named(prefix)
    if prefix == "v1":  # of a whole version that alone, but this is one of two that begin so
        assert found[0] in got
    else:
        assert got == found


def test_a_whole_id_is_not_ambiguous_though_others_begin_with_it(run: Path) -> None:
    with Store(run) as store:
        assert store.named("d") != []
        assert ("student", "d") in store.named("d")
        assert all(id_ == "d" for _, id_ in store.named("d"))


def test_children_are_those_that_were_shown_the_row(run: Path) -> None:
    with Store(run) as store:
        seed = real_data().train[0].id
        found = store.children_of(seed, 5)
        assert (found.total, [row["attempt"] for row in found.rows]) == (1, ["answer-1"])
        assert store.fates_of_children(seed) == {"accepted": 1}
        assert store.children_of('x" OR "y', 5).total == 0


def test_calls_are_tied_to_what_they_go_on_from_and_ask_about(run: Path) -> None:
    with Store(run) as store:
        assert [call["key"] for call in store.calls_before("answer-1")] == ["ask-1"]
        assert [call["key"] for call in store.calls_about("ask-1")] == ["answer-1"]
        assert [call["key"] for call in store.calls_about(KEPT.id)] == ["label-1", "label-2"]
        assert store.rows_of_call("label-1") == [KEPT.id]
        assert store.rows_of_call("answer-1") == []
        assert store.calls_before("ask-1") == store.calls_about("nobody") == []


def test_an_edited_row_is_found_and_counts_as_a_persons(run: Path) -> None:
    with Store(run) as store:
        assert store.named(EDITED.id[:9]) == [("row", EDITED.id)]
        (fact,) = store.facts_of(EDITED.id)
        assert (fact["wave"], fact["prompt"]) == (REVIEWED, "label_first/question@v1b")
        assert store.words_of(fact) == json.loads(json.dumps(from_example(EDITED)))
        assert store.fates_of_children(CHILD.id) == {"edited": 1}
        assert store.use_of("label_first/question@v1b")["rounds"][2] == {"accepted": 1, "edited": 1}
        writers = {row["origin"]: row["n"] for row in store.writers_of([EDITED.id, CHILD.id])}
        assert writers == {"synthetic": 1, "edited": 1}


def test_a_prompts_version_tells_what_it_took_and_brought(run: Path) -> None:
    with Store(run) as store:
        assert store.use_of("label_first/question@v1b") == {
            "calls": 2,
            "prompt_tokens": 6,
            "completion_tokens": 8,
            "rounds": {2: {"accepted": 1, "edited": 1}},
        }
        assert store.kept_by("label_first/question@v1b") == [CHILD.id, EDITED.id]
        assert store.use_of("nope@v9")["calls"] == 0


@pytest.mark.parametrize("prompt", ["label_first/question@v1b", "label_first/question@v1", "no@v9"])
def test_the_rows_of_a_prompt_are_counted_in_mixtures_as_if_each_were_asked_for(
    run: Path, prompt: str
) -> None:
    with Store(run) as store:
        kept = store.kept_by(prompt)
        times = {index: store.times_mixed(index, kept) for index in range(4)}
        assert store.times_mixed_of(prompt) == {index: n for index, n in times.items() if n}
        assert store.times_mixed_of("label_first/question@v1b") == {2: 1}


def test_a_mixture_knows_its_rows_and_who_wrote_them(run: Path) -> None:
    with Store(run) as store:
        seed = real_data().train[0].id
        assert (store.mixed(1), store.mixed(2)) == (False, True)
        assert store.times_mixed(2, [seed]) == 2
        assert store.times_mixed(2, [KEPT.id]) == 0
        writers = {row["prompt"]: row["n"] for row in store.writers_of(store.mixture(2))}
        assert writers == {None: 1, "label_first/question@v1b": 1}


def test_answered_calls_of_a_round_are_listed_in_order(run: Path) -> None:
    with Store(run) as store:
        assert store.answered(2) == ["ask-1", "answer-1"]
        assert store.answered(2, 1) == ["ask-1"]
        assert store.answered(7) == []


def test_a_row_tells_where_it_stands(run: Path) -> None:
    with Store(run) as store:
        (fact,) = store.facts_of(KEPT.id)
        assert store.words_of(fact)["input"] == "charged two times"
        assert store.rejection_of(fact) == {}
        _, dropped = store.facts_from("call-1")
        assert store.rejection_of(dropped)["threshold"] == 0.7
        both = store.facts_of(real_data().gate[0].id)
        assert sorted(one["split"] for one in both) == ["final", "gate"]
