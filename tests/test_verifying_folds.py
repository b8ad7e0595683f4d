import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from selfinstruct.audit import audit
from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from selfinstruct.verifying.folds import fold_students, folds_of, train_fold
from tests.asked import witnesses
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")

K = 3


def test_folds_are_trained_once_kept_and_asked_about_the_rows_they_have_not_seen(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        with ExitStack() as opened:
            asked = witnesses(here, opened)
            students = fold_students(asked, K)
            assert fold_students(asked, K) is students
        names = [stage["stage"] for stage in store.stages()]
        assert names == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3", "suspects of 3"]
        digests = [store.stage(0, name)["digest"] for name in names[:K]]
        assert len(set(digests)) == K
        assert sum(store.stage(0, name)["rows"] for name in names[:K]) == 2 * len(here.data.train)
        assert store.stage(0, "suspects of 3")["rows"] == len(here.data.train)
        kept = [here.folder(0) / "folds" / f"{at + 1}-of-3" for at in range(K)]
        assert all(folder.is_dir() for folder in kept)
        shutil.rmtree(kept[1])
        with ExitStack() as opened:  # a later round
            fold_students(witnesses(here, opened), K)
        assert kept[1].is_dir()
        assert [stage["stage"] for stage in store.stages()] == names
    found = [finding.what for finding in audit(tmp_path / "t") if finding.ok]
    assert "fold 2 of 3: the adapter is as it was trained" in found


def test_an_adapter_that_is_another_one_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store)
        folds = folds_of(here, K)
        for at in range(2):
            train_fold(here, folds, at, K)
        first, second = (here.folder(0) / "folds" / f"{at}-of-3" for at in (1, 2))
        shutil.rmtree(first)
        shutil.copytree(second, first)
        with pytest.raises(StoreError, match="not the adapter of fold 1 of 3"):
            train_fold(here, folds, 0, K)
    wrong = [finding.what for finding in audit(tmp_path / "t") if not finding.ok]
    assert any(what.startswith("fold 1 of 3: the adapter in") for what in wrong)
