from contextlib import ExitStack
from pathlib import Path

import pytest

from selfinstruct.purposes import CALIBRATE_WAVE, VERIFY_WAVE
from selfinstruct.store import Store
from selfinstruct.types import Message, Prompt, Sampling
from tests.asked import witnesses
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")

HI = [Prompt((Message("user", "number 3"),), "t", "v")]


def test_calls_stand_behind_the_waves_of_teacher_and_gate(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        asked = witnesses(setting(tiny_base, store), opened)
        how = Sampling(max_tokens=4)
        asked.ask_in(2)(HI, how, 2)
        asked.ask_of_real(asked.teacher)(HI, how, 1)
        found = [(call["round"], call["wave"]) for call in store.calls()]
        assert found == [(1, VERIFY_WAVE + 2)] * 2 + [(0, CALIBRATE_WAVE)]


def test_students_share_a_base_and_are_closed_with_the_round(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store:
        with ExitStack() as opened:
            asked = witnesses(setting(tiny_base, store), opened)
            one, other = asked.champion, asked.untuned
            assert asked.champion is one and one is not other
            (first,), (second,) = (
                student.choose([(Message("user", "hi"),)], ["a", "b"]) for student in (one, other)
            )
            assert first == second
        with pytest.raises(AttributeError):
            one.choose([(Message("user", "hi"),)], ["a", "b"])
