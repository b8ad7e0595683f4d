"""Who may be asked about a candidate: each model opened once a round, when it is first needed."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import cached_property, partial
from typing import TYPE_CHECKING

from selfinstruct.config import RubricConfig
from selfinstruct.models import open_model, open_student
from selfinstruct.purposes import CALIBRATE_WAVE, VERIFY_WAVE
from selfinstruct.quality.students import Student
from selfinstruct.recipes import Ask
from selfinstruct.setting import Setting
from selfinstruct.student import load
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import Checkpoint

if TYPE_CHECKING:
    from selfinstruct.checkpoints.base import Base


class Witnesses:
    """The models of one round; what is opened here is closed with the stack."""

    def __init__(
        self,
        here: Setting,
        index: int,
        champion: Checkpoint,
        teacher: Teacher,
        opened: ExitStack,
    ) -> None:
        self.here = here
        self.index = index
        self.teacher = teacher
        self.folds: dict[int, list[Student]] = {}
        self._champion = champion
        self._opened = opened

    def ask_in(self, wave: int, asked: Teacher | None = None) -> Ask:
        """Calls that verify this wave, of the teacher or of another model in its role."""
        return partial(ask, asked or self.teacher, self.index, VERIFY_WAVE + wave)

    def ask_of_real(self, asked: Teacher) -> Ask:
        """Calls about real rows: they stand in round 0, whichever round first needs them."""
        return partial(ask, asked, 0, CALIBRATE_WAVE)

    def judge(self, cfg: RubricConfig) -> Teacher:
        """The rubric's judge, which is the teacher where the config names none."""
        return self.teacher if cfg.model is None else self._judge

    @cached_property
    def champion(self) -> Student:
        """The best student so far."""
        return self.open(self._champion)

    @cached_property
    def untuned(self) -> Student:
        """The base, which has seen neither real rows nor candidates."""
        return self.open(self.here.base)

    def open(self, checkpoint: Checkpoint) -> Student:
        """A student of the run's base."""
        cfg = self.here.cfg
        self.here.note(self.index, "generate", f"loading {checkpoint.name} to verify")
        student = open_student(checkpoint, cfg.student.device, cfg.evaluate.batch_size, self._base)
        self._opened.enter_context(closing(student))
        return student

    def open_all(self, checkpoints: Sequence[Checkpoint]) -> list[Student]:
        """Several students around one base."""
        return [self.open(checkpoint) for checkpoint in checkpoints]

    @cached_property
    def _base(self) -> "Base":
        return load(self.here.base.base, self.here.cfg.student.device)

    @cached_property
    def _judge(self) -> Teacher:
        rubric = self.here.cfg.filters.quality.rubric
        if rubric is None or rubric.model is None:
            raise ValueError("no judge is configured")
        self.here.note(self.index, "generate", "opening the judge")
        model = self._opened.enter_context(closing(open_model(rubric.model)))
        return self.here.asks(model, rubric.model)
