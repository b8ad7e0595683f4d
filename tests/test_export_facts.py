from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.export.facts import Asked, read_facts
from selfinstruct.store import Store
from selfinstruct.types import Mixture
from tests.exported import made, write_exported
from tests.finished import write_run


def test_the_facts_are_those_of_the_ledger(tmp_path: Path) -> None:
    with Store(write_exported(tmp_path / "t", ("accept", None))) as store:
        facts = read_facts(store)
    assert (facts.name, facts.target) == ("t", "label_and_response")
    assert facts.gates == {1: "accept", 2: "none"}
    assert facts.asked == (Asked("label_first/question.j2", "v1", 2),)
    assert facts.kept == (*made(1), *made(2))


def test_a_run_that_does_not_hold_its_settings_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "old")
    with Store(tmp_path / "old") as store, pytest.raises(StoreError, match="its own settings"):
        read_facts(store)


class Busy(Store):
    """A ledger whose run goes on between two questions: another round has its mixture."""

    def prompts_of_calls(self) -> Iterator[tuple[str, str, str]]:
        with Store(self.folder, write=True) as writer:
            writer.commit_mixture(3, Mixture(made(2), 0.5, 0.5), 1.0)
        return super().prompts_of_calls()


def test_the_facts_are_of_one_moment_while_the_run_goes_on(tmp_path: Path) -> None:
    with Busy(write_exported(tmp_path / "t")) as store:
        facts = read_facts(store)
        assert store.stage(3, "mix") is not None
    assert set(facts.mixed) == {0, *facts.gates}
