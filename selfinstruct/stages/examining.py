"""The stages that judge a student: scores, collapse watch, verdict, and `final` at the end.

Each is done once and remembered. A model is opened once for all the rows it still has to answer.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from selfinstruct import rows, stats
from selfinstruct.errors import DivergedError
from selfinstruct.evaluate import evaluate, likelihoods
from selfinstruct.judging import gate
from selfinstruct.judging.gate import Checks
from selfinstruct.judging.guard import hold
from selfinstruct.judging.harness import task_scores
from selfinstruct.judging.judge import Judged, judge_answers, with_judge
from selfinstruct.model import StudentModel
from selfinstruct.models import open_model, open_student
from selfinstruct.progress import Progress
from selfinstruct.purposes import JUDGE_WAVE
from selfinstruct.round import Signals, Standing, State
from selfinstruct.seeds import group_rows
from selfinstruct.setting import Setting
from selfinstruct.summary import looks
from selfinstruct.teacher import ask
from selfinstruct.telling import name_signal
from selfinstruct.types import Checkpoint, Completion, Exam, Mixture, Prompt, Report, Sampling
from selfinstruct.verdict import Exams, Verdict
from selfinstruct.watch import watch_rows, watch_student


def examine(here: Setting, index: int, checkpoint: Checkpoint) -> Exams:
    """Every report that a verdict needs of a student, on real rows and on those that guard.

    Raises `DivergedError` for a student whose scores are no numbers.
    """
    wanted: list[Exam] = ["gate"]
    trained = checkpoint.adapter is not None  # the watch never looks at the base
    looked_at = here.cfg.watch.enabled or here.cfg.generate.focus is not None
    if trained and here.data.dev and looked_at:
        wanted.append("dev")
    if here.guards:
        wanted.append("general")
    began = time.monotonic()
    try:
        found = _reports(here, index, checkpoint, wanted)
    except DivergedError as error:
        here.give_up(index, error, began)
        raise
    guards = [found["general"]] if "general" in found else []
    if here.cfg.guard.lm_eval:
        guards.append(_tasks(here, index, checkpoint))
    return Exams(found["gate"], found.get("dev"), tuple(guards))


def watch(here: Setting, index: int, mixture: Mixture, candidate: Exams, control: Exams) -> Signals:
    """How like the real rows the round's mixture and its synthetic rows are, and its student."""
    if not here.cfg.watch.enabled:
        return ()

    def look() -> rows.Row:
        here.note(index, "watch", "holding the rows beside the real ones")
        cfg, seed, real = here.cfg.watch, here.cfg.seed, here.data.train
        made = [row for row in mixture.rows if row.origin == "synthetic"]
        signals = watch_rows("mixture", mixture.rows, real, cfg, seed)
        signals += watch_rows("synthetic", made, real, cfg, seed)
        if candidate.dev is not None and control.dev is not None:
            signals += watch_student(candidate.dev, control.dev, cfg, seed)
        return {"signals": [rows.from_signal(signal) for signal in signals]}

    return tuple(map(rows.to_signal, here.once(index, "watch", look)["signals"]))


def decide(
    here: Setting, index: int, candidate: Exams, standing: Standing, signals: Signals
) -> Verdict:
    """The gate's verdict on a candidate. It alone goes back into the loop."""

    def judge() -> rows.Row:
        return _judge(here, index, candidate, standing, signals)

    return rows.to_verdict(here.once(index, "gate", judge)["verdict"])


def _judge(
    here: Setting, index: int, candidate: Exams, standing: Standing, signals: Signals
) -> rows.Row:
    cfg = here.cfg
    rounds = cfg.rounds.max if cfg.gate.horizon == "fixed" else None
    alpha = stats.alpha_of_round(cfg.gate.alpha, index, rounds)
    ours, theirs = candidate.gate, standing.champion.gate
    judged = _ask_judge(here, index, ours, theirs)
    checks = Checks(
        hold(candidate.guards, standing.base.guards, cfg.guard, alpha, cfg.seed),
        blocking(signals) if cfg.watch.block else (),
        judged.health if judged and cfg.gate.metric == "judge" else None,
        1 + looks(here.store),
    )
    if judged:
        ours, theirs = with_judge(ours, theirs, judged)
    groups = group_rows(here.data.gate, cfg.seeds.near_duplicate)
    verdict = gate.decide(ours, theirs, cfg.gate, alpha, cfg.seed, groups, checks)
    if judged:  # heard, though another metric may have decided
        verdict = replace(verdict, judge=judged.health)
    return {
        "verdict": rows.from_verdict(verdict),
        "candidate": ours.checkpoint,
        "champion": theirs.checkpoint,
    }


def blocking(signals: Signals) -> tuple[str, ...]:
    """The alarms that keep a winner from being accepted, by name.

    What the student learns from, and the student itself; synthetic rows alone, which stand beside
    real ones in every mixture, are only told of.
    """
    return tuple(
        name_signal(signal.name, signal.of)
        for signal in signals
        if signal.alarm and signal.of != "synthetic"
    )


def finish(here: Setting, state: State) -> None:
    """Open `final` for the first and only time: for the base, the control and the champion."""
    if here.store.stage(0, "finish") is not None:
        return
    if here.data.final:
        students = (here.base, state.control, state.champion)
        for checkpoint in {each.digest: each for each in students}.values():
            _reports(here, 0, checkpoint, ["final"])
    began = time.monotonic()
    result = {"champion": state.champion.digest, "name": state.champion.name}
    here.commit(0, "finish", result, began)


def _reports(
    here: Setting, index: int, checkpoint: Checkpoint, wanted: Sequence[Exam]
) -> dict[Exam, Report]:
    """The student's reports on these rows; those that are missing are made with one open model."""
    known = {exam: here.store.report(checkpoint.digest, exam) for exam in wanted}
    found = {exam: report for exam, report in known.items() if report is not None}
    for exam in found:  # scored under another name, or just before a stop
        _remember(here, index, checkpoint, exam, time.monotonic())
    missing = [exam for exam in wanted if exam not in found]
    if not missing:
        return found
    cfg = here.cfg
    here.note(index, "evaluate", f"loading {checkpoint.name}")
    opened = open_student(checkpoint, cfg.student.device, cfg.evaluate.batch_size)
    with closing(opened) as model:
        for exam in missing:
            began = time.monotonic()
            found[exam] = _score(here, index, checkpoint, model, exam)
            _remember(here, index, checkpoint, exam, began, found[exam])
    return found


def _remember(
    here: Setting,
    index: int,
    checkpoint: Checkpoint,
    exam: Exam,
    began: float,
    report: Report | None = None,
) -> None:
    """The stage is finished, with the report it made if it made one."""
    stage = f"evaluate {checkpoint.name} on {exam}"
    if here.store.stage(index, stage) is None:
        here.commit(index, stage, {"checkpoint": checkpoint.digest}, began, report)
    elif report is not None:
        here.store.commit_report(report)


def _score(
    here: Setting, index: int, checkpoint: Checkpoint, model: StudentModel, exam: Exam
) -> Report:
    cfg, target, system = here.cfg, here.task.target, here.cfg.task.system

    def on_progress(progress: Progress) -> None:
        note = f"{checkpoint.name} on {exam}"
        here.on_progress(replace(progress, round=index, note=note))

    match exam:
        case "gate" | "final":
            examples = here.data.split(exam)
            return evaluate(
                model, checkpoint, examples, exam, cfg.evaluate, target, system, on_progress
            )
        case "general":  # rows of another kind, which have no labels of this task
            examples, target = here.guards, "response"
        case _:
            examples = here.data.dev
    return likelihoods(model, checkpoint, examples, exam, target, system, on_progress)


def _tasks(here: Setting, index: int, checkpoint: Checkpoint) -> Report:
    """The student's scores on the tasks of lm-evaluation-harness that guard."""
    known = here.store.report(checkpoint.digest, "lm_eval")
    if known is not None:
        return known
    cfg = here.cfg
    began = time.monotonic()
    here.note(index, "evaluate", f"{checkpoint.name} on {', '.join(cfg.guard.lm_eval)}")
    report = task_scores(
        checkpoint,
        cfg.guard.lm_eval,
        task_path=here.task_path,
        limit=cfg.guard.rows,
        device=cfg.student.device,
        batch_size=cfg.evaluate.batch_size,
    )
    _remember(here, index, checkpoint, "lm_eval", began, report)
    return report


def _ask_judge(here: Setting, index: int, ours: Report, theirs: Report) -> Judged | None:
    """What the judge makes of both students' answers; None where there is no judge."""
    cfg = here.cfg.judge
    if cfg.model is None:
        return None
    here.note(index, "judge", "opening the judge")
    sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=cfg.max_tokens)
    with closing(open_model(cfg.model)) as model:
        teacher = here.asks(model, cfg.model)

        def answer(prompts: Sequence[Prompt]) -> list[Completion]:
            asked = ask(teacher, index, JUDGE_WAVE, prompts, sampling, 1)
            return [completion for (completion,) in asked]

        asked_of = here.data.gate
        both, seed = (ours.answers, theirs.answers), here.cfg.seed
        return judge_answers(asked_of, *both, answer, cfg, seed, here.prompts)
