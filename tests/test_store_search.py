from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.store import Store
from selfinstruct.store.search import match_words
from selfinstruct.store.where import MOST_LEVELS
from selfinstruct.types import Completion, Example, Message, Prompt, Rejection, Score, Screened
from tests.finished import KEPT, real_data, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    late = Example(
        "Name the intent.",
        "Café 返金 charged late",
        "x" * 100_000,
        label="50% off",
        origin="synthetic",
        source="recipe:few_shot",
        round=2,
    )
    near = Rejection(Example("again", label="a"), "too_similar", 0.9, 0.7, KEPT.id)
    scores = (Score(late.id, "ifd", 0.4, "model"), Score(late.id, "ifd", 0.2, "human"))
    judge = Prompt((Message("user", "gate ticket 3?"),), "judge/pair.j2", "v2")
    with Store(folder, write=True) as store:
        store.commit_wave(2, 0, Screened((late,), (near,), scores))
        store.begin_attempts(2, 0, "openai:m@h", [("judge-1", judge, 0), ("open-1", judge, 1)])
        store.end_attempts({"judge-1": Completion("", "error", error="HTTP 500")})
    return folder


@pytest.mark.parametrize(
    ("where", "text", "total"),
    [
        ("", "", 49),
        ("fate=real", "", 45),
        ("fate=accepted", "", 2),
        ("recipe=few_shot", "", 1),
        ("novelty<.11 and round=2", "", 1),
        ("ifd<.3", "", 1),  # the later score counts, the earlier one stays
        ("ifd=.4", "", 0),
        ("ifd=none", "", 48),
        ("ifd!=.2", "", 48),
        ("not ifd>.1", "", 48),
        ("label='50% off'", "", 1),
        ("split=gate", "", 40),
        ("words>5 and fate=accepted", "", 2),
        ("prompt='label_first/question@v1'", "", 2),
        ("", "charged", 2),
        ("", "cafe", 1),
        ("", '"charged late"', 1),
        ("", '"late charged"', 0),
        ("label='charged twice'", "charged", 1),
        ("text ~ '返金'", "", 1),
        ("not text ~ '返金' and fate=accepted", "", 1),
    ],
)
def test_rows_are_found_by_what_is_known_of_them(
    run: Path, where: str, text: str, total: int
) -> None:
    with Store(run) as store:
        assert store.examples(where, text).total == total


def test_words_of_held_out_rows_neither_show_nor_are_searched(run: Path) -> None:
    with Store(run) as store:
        gate = store.examples("split=gate", limit=50)
        assert {row["row"] for row in gate.rows} == {None}
        assert gate.rows[0]["label"] == "a"
        for question in (("", "ticket"), ("text ~ ticket", "")):
            assert {row["split"] for row in store.examples(*question).rows} == {"train", None}
        shown = store.examples("split=gate", "ticket", held_out=True)
        assert shown.total == 40
        assert shown.rows[0]["row"]["input"] == "gate ticket 0"


def test_rows_are_sorted_and_what_lacks_the_field_comes_last(run: Path) -> None:
    with Store(run) as store:
        values = [row["value"] for row in store.examples("", sort="value", limit=49).rows]
        assert values[:2] == [0.9, 0.9]
        assert set(values[2:]) == {None}
        assert store.examples("", sort="-ifd", limit=1).rows[0]["scores"] == {"ifd": 0.2}
        rounds = [row["round"] for row in store.examples("", sort="-round", limit=4).rows]
        assert rounds == [2, 2, 1, 1]
        for sort, message in (("-labl", "did you mean label"), ("text", "by their words")):
            with pytest.raises(UserError, match=message):
                store.examples("", sort=sort)


def test_the_deepest_expression_is_not_too_deep_for_sqlite(run: Path) -> None:
    deep = "not (label=a or " * (MOST_LEVELS // 2) + "round=1" + ")" * (MOST_LEVELS // 2)
    with Store(run) as store:
        assert store.examples(deep, "charged", "-words").total in (0, 1, 2)
        assert store.log(deep.replace("label=a", "sample=9")).total == 1


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("one two", '"one" AND "two"'),
        ('say "two words" -', '"say" AND "two words"'),
        ("a* OR NOT text:", '"a*" AND "OR" AND "NOT" AND "text:"'),
    ],
)
def test_words_are_words_whatever_they_mean_to_fts5(run: Path, text: str, query: str) -> None:
    assert match_words(text) == query
    with Store(run) as store:
        assert store.examples("", text).total == 0


@pytest.mark.parametrize("text", ["--", '"', "(*"])
def test_signs_alone_are_no_words(text: str) -> None:
    with pytest.raises(UserError, match="no words to look for"):
        match_words(text)


def test_half_of_a_character_is_told_and_not_looked_for() -> None:
    with pytest.raises(UserError, match="half of a character"):
        match_words("lost \ud83d")


def test_calls_are_told_newest_last_and_judges_keep_their_words(run: Path) -> None:
    with Store(run) as store:
        log = store.log("")
        assert [row["id"] for row in log.rows] == ["call-1", "judge-1", "open-1"]
        assert [row["state"] for row in log.rows] == ["done", "failed", "open"]
        assert log.rows[2]["seconds"] is None
        assert log.rows[0]["prompt"] == "label_first/question@v1"
        assert [row["id"] for row in store.log("", limit=1).rows] == ["open-1"]
        assert [row["id"] for row in store.log("state=failed and error~'500'").rows] == ["judge-1"]
        assert [row["id"] for row in store.log("tokens=70 and answer~TWO").rows] == ["call-1"]
        assert store.log("messages~gate").total == 0
        assert store.log("messages~gate", held_out=True).total == 2


def test_a_reader_sees_what_is_committed_while_another_process_writes(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as writer, Store(tmp_path) as reader:
        writer.freeze(real_data())
        assert reader.examples("").total == 45
        writer.commit_wave(1, 0, Screened((KEPT,), ()))
        assert [row["id"] for row in reader.examples("", "charged").rows] == [KEPT.id]
