import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.store import Store
from selfinstruct.store.scoring import Taken, take_scores
from selfinstruct.types import Score
from tests.finished import KEPT, SURE, real_data, write_run

GATE_ROW = real_data().gate[9].id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    write_run(tmp_path / "run")
    with Store(tmp_path / "run", write=True) as store:
        yield store


def line(**more: object) -> str:
    return json.dumps({"id": KEPT.id, "name": "toxicity", "value": 0.25, **more})


def take(store: Store, *lines: str) -> Taken:
    path = store.folder.parent / "scores.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return take_scores(store, path)


def test_scores_are_found_like_the_runs_own(store: Store) -> None:
    said = line(source="human", detail="rude,\u2028twice")
    assert take(store, line(), "", said, line(id=GATE_ROW, value=True)) == Taken(3, 0)
    assert store.scores_of(KEPT.id)[1:] == [
        Score(KEPT.id, "toxicity", 0.25, "code"),
        Score(KEPT.id, "toxicity", 0.25, "human", "rude,\u2028twice"),
    ]
    assert store.examples("toxicity>.5").total == 1  # the row of gate
    assert store.examples("toxicity<.5 and label_agreement>.5").total == 1
    assert store.screened(1).scores == (SURE,)


def test_nothing_is_overwritten_and_the_last_counts(store: Store) -> None:
    take(store, line(value=0.9), line(value=0.1))
    assert [each.value for each in store.scores_of(KEPT.id)[1:]] == [0.9, 0.1]
    assert store.examples("toxicity<.2").total == 1
    assert take(store, line(value=0.1)) == Taken(0, 1)
    assert take(store, line(value=0.9), line(value=0.9)) == Taken(1, 1)
    assert store.examples("toxicity<.2").total == 0


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (line(id="nobody"), "no row 'nobody'"),
        (line(name="novelty"), "'novelty' is what the run itself says"),
        (line(name="label_agreement"), "'label_agreement' is what the run itself says"),
        (line(name="review_flag"), "'review_flag' is what the run itself says"),
        (line(name="two words"), "name: String should match"),
        (line(value="NaN"), "value: Input should be a finite number"),
        (line(value=None), "value: Input should be a valid number"),
        (line(source="model"), "source: Input should be 'code', 'judge' or 'human'"),
        (line(more=1), "more: Extra inputs"),
        ("{", "the line: Invalid JSON"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_taken(store: Store, bad: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        take(store, line(), bad)
    assert "scores.jsonl: 1 of 2 lines cannot be taken" in caught.value.what
    assert f"scores.jsonl:2: {words}" in caught.value.what
    assert store.scores_of(KEPT.id) == [SURE]


def test_a_file_that_is_none_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        take_scores(store, tmp_path / "none")
    (tmp_path / "latin").write_bytes(b'{"id": "\xff"}')
    with pytest.raises(UserError, match="cannot be read"):
        take_scores(store, tmp_path / "latin")
