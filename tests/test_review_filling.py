"""From the ledger to the queue."""

from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.review.desk import Desk
from selfinstruct.review.filling import begun, candidates_digest, generated, known_of
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.store import Store
from selfinstruct.types import Screened
from tests.reviewed import made, screened, write_reviewable


def test_what_a_queue_is_made_with_is_read_from_the_ledger(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", rounds={1: screened(), 2: screened(index=2)})
    with Store(tmp_path / "run") as store:
        run, data = begun(store)
        known = known_of(store, run.filters, data, 2, frozenset({"x"}))
        assert generated(store) == [1, 2]
    assert known.train == data.train
    assert known.synthetic == (*screened().accepted, *screened(index=2).accepted)
    assert (known.novelty, known.least_grade, known.taken) == (0.7, 4, frozenset({"x"}))
    assert known.calls == {"call-1": ("label_first", "label_first/question v1")}


def test_the_digest_of_candidates_follows_rows_and_fates(tmp_path: Path) -> None:
    digests = set()
    for name, found in (
        ("a", screened()),
        ("b", screened(accepted=19)),
        ("c", screened(near=5)),
    ):
        write_reviewable(tmp_path / name, rounds={1: found})
        with Store(tmp_path / name) as store:
            digests.add(candidates_digest(store, 1))
    assert len(digests) == 3


def test_a_row_that_an_earlier_queue_has_is_not_asked_about_again(tmp_path: Path) -> None:
    again = Screened((made(100), made(999)))
    write_reviewable(tmp_path / "run", {"fraction": 1.0}, {1: screened(), 2: again})
    with Desk.open(tmp_path / "run") as desk:
        lines = desk.listed(EVERYTHING, 0, 99)
    assert [line.id for line in lines if line.round == 2] == [made(999).id]


def test_a_run_that_has_not_begun_is_told(tmp_path: Path) -> None:
    Store(tmp_path / "run", write=True).close()
    with Store(tmp_path / "run") as store, pytest.raises(StoreError, match="has not begun"):
        begun(store)
