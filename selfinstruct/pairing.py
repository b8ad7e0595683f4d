"""Two students of a run answer the same dev rows; where they differ, people may choose, and the
run's judge beside them.

The rows of `gate` and `final` are never asked: whoever reads answers to them has looked at them.
An answer is stored when it is there, so that a stop loses at most what was under way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from selfinstruct.config import BudgetConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.evaluate import question
from selfinstruct.judging.judge import judge_answers
from selfinstruct.model import Model
from selfinstruct.models import open_model, open_student
from selfinstruct.privacy import Finder
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.purposes import PAIRS_WAVE
from selfinstruct.registry import of_rows
from selfinstruct.review.filling import begun
from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.review.pairs import Contest, Pair, Word, contest_of, drawn, pairs_of
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, ask
from selfinstruct.trained import Trained, find_student
from selfinstruct.types import Completion, Example, Prompt, Sampling, digest

WORDS: Mapping[int, Word] = {1: "first", -1: "second", 0: "equal"}
Open = Callable[[Trained], Model]
"""A student in, its model out, ready to answer; the caller closes it."""


def open_trained(student: Trained) -> Model:
    """The model of a student, on the device of its run."""
    cfg = student.cfg
    return open_student(student.checkpoint, cfg.student.device, cfg.evaluate.batch_size)


def make_pairs(
    desk: PairDesk,
    run: Path,
    names: tuple[str, str],
    count: int,
    on_progress: OnProgress = silent,
    open_one: Open = open_trained,
) -> Contest:
    """The contest of the two students named, over `count` dev rows, or all where there are fewer.

    What was answered or queued before stays, and is not asked again. Raises as `find_student`, and
    `UserError` for a run without dev rows and for one student named twice; `IncompleteError` where
    a student fails on a row.
    """
    first, second = (find_student(run, name) for name in names)
    with Store(run) as store:
        data = store.real_data()
    if data is None or not data.dev:
        raise UserError(
            f"{run} has no dev rows to answer",
            why="people look at dev rows alone: gate and final rows must stay unseen",
            next_step="raise seeds.split.dev in a new run",
        )
    contest = contest_of((first.name, second.name), (manner(first), manner(second)))
    if manner(first) == manner(second):
        raise UserError(
            f"{names[0]} and {names[1]} are one student, so there is nothing to compare",
            next_step=f"selfinstruct status {run} names them all",
        )
    known = {each.id: each for each in desk.contests()}.get(contest.id)
    if known is not None and known.first == second.name:
        first, second = second, first  # whose answers are the first's stays as it was
    cfg = first.cfg
    rows = drawn(data.dev, count, cfg.seed)
    ours, theirs = (
        _answers(desk, student, rows, on_progress, open_one) for student in (first, second)
    )

    def make(before: int, start: int) -> Iterable[Pair]:
        return pairs_of(contest, rows[before:], ours, theirs, cfg.seed, start)

    return desk.extend(replace(contest, rows=len(rows)), make)


def judge_pairs(
    desk: PairDesk, run: Path, contest: Contest, on_progress: OnProgress = silent
) -> None:
    """Ask the run's judge of every pair that it has not judged, in both orders as the gate does.

    Its calls are rows of the run's ledger and come out of its budget, so that none is paid twice.
    Raises `UserError` for a run without a judge, `StoreError` where another process writes to it,
    and as `teacher.ask` and `judge_answers`.
    """
    pairs = desk.unjudged(contest.id)
    if not pairs:
        return
    with Store(run, write=True) as store:
        cfg, _ = begun(store)
        if cfg.judge.model is None:
            raise UserError(
                f"{run} has no judge",
                next_step="name one in judge.model, or leave --judge out",
            )
        budget = BudgetConfig.model_validate(store.meta("budget") or {})
        hidden = Finder.of(cfg.privacy) if cfg.privacy.hides_from(cfg.judge.model) else None
        sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=cfg.judge.max_tokens)
        with closing(open_model(cfg.judge.model)) as model:
            at_once = cfg.judge.model.parallel
            teacher = Teacher(model, store, budget, cfg.seed, on_progress, at_once, hidden)

            def answer(prompts: Sequence[Prompt]) -> list[Completion]:
                asked = ask(teacher, 0, PAIRS_WAVE, prompts, sampling, 1)
                return [completion for (completion,) in asked]

            first, second = zip(*(pair.answers for pair in pairs), strict=True)
            rows = [pair.example for pair in pairs]
            wording = of_rows(store.meta("prompts")).prompts
            said = judge_answers(rows, first, second, answer, cfg.judge, cfg.seed, wording).said
    desk.hear_judge({pair.id: WORDS[word] for pair, word in zip(pairs, said, strict=True)})


def manner(student: Trained) -> str:
    """Changes with whatever changes a student's answers: what it is, and how it is asked."""
    made, cfg = student.checkpoint, student.cfg
    asked = [student.target, cfg.task.system, cfg.evaluate.max_new_tokens]
    return digest([made.base, made.digest, asked])


def _answers(
    desk: PairDesk,
    student: Trained,
    rows: Sequence[Example],
    on_progress: OnProgress,
    open_one: Open,
) -> Mapping[str, str]:
    """Row to answer; a model is opened where one is missing, and for those that are."""
    key, ids = manner(student), {row.id for row in rows}
    known = desk.answers(key, ids)
    missing = [row for row in rows if row.id not in known]
    if not missing:
        return known
    cfg = student.cfg
    on_progress(Progress(0, "answer", note=f"loading {student.name}"))
    requests = [question(row, cfg.task.system, cfg.evaluate) for row in missing]
    done = len(known)
    with closing(open_one(student)) as model:
        for group in model.generate(requests):
            found = {}
            for answered in group:
                row, completion = missing[answered.index], answered.completion
                if completion.finish_reason == "error":
                    raise IncompleteError(
                        f"{student.name} failed on row {row.id}: {completion.error}",
                        next_step="mend that, and start the same command again",
                    )
                found[row.id] = completion.text
            desk.keep(key, found)
            done += len(found)
            on_progress(Progress(0, "answer", done, len(rows), f"rows by {student.name}"))
    return desk.answers(key, ids)
