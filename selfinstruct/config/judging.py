"""The knobs of what comes out: mixture, student, scores, gate, guards, watch, judge and limits."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from selfinstruct.config.model import ModelConfig
from selfinstruct.config.section import Amount, Count, Positive, Section, Share, operational
from selfinstruct.wheels import WHEELS


class MixtureConfig(Section):
    """How real and synthetic rows are put together."""

    synthetic_share: Share = 0.5
    """Synthetic / total of the final mixture. 0 trains on real rows alone; `sweep` finds the share
    that is worth training at.
    """
    unit: Literal["rows", "tokens"] = "rows"
    """What the share counts."""
    repeat: Positive = 1
    """Copies of the real rows that may be drawn; 1 is without replacement."""
    on_shortage: Literal["error", "shrink"] = "shrink"
    """With too few synthetic rows for the share: stop with the numbers, or use all there are and
    say so.
    """
    max_rows: Positive | None = None
    """The size of the mixture; by default as large as the share allows with every real row in it.
    """


class StudentConfig(Section):
    """The small model and its LoRA fine-tuning; every round trains from the base."""

    name: str = "bundled"
    """`bundled`, a GGUF file, a folder or a hub id."""
    rank: Positive = 16
    """LoRA's rank, of adapters on all linear layers: how much a student can learn."""
    alpha: Positive = 32
    """LoRA's scale: what the adapter says is multiplied by alpha / rank."""
    dropout: Share = 0.0
    """The share of an adapter's inputs that a training step leaves out."""
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """By default from the size of the base: 4e-4 to 3B parameters, 2e-4 to 8B, 1e-4 above ("LoRA
    Without Regret", 2025, scaled to batch 16).
    """
    epochs: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    """Passes over a mixture of the full planned size. They come to a number of steps, which the
    control takes as well: its mixture is smaller, so that it sees its rows more often.
    """
    max_steps: Positive | None = None
    """Optimiser steps, instead of epochs. The real-only control and every candidate take the same
    number.
    """
    batch_size: Positive = 16
    """Effective batch, in rows."""
    micro_batch: Positive = operational(4)
    """Rows on the device at once; the rest of the batch is accumulated."""
    max_tokens: Positive = 512
    """Rows longer than this are refused, never cut: a cut answer teaches stopping early."""
    train_on: Literal["last_turn", "every_assistant_turn"] = "last_turn"
    """What of a conversation is learned: its last answer, or every turn of the assistant, each with
    its end. Of a row without earlier turns both are the same. Scores are those of the last answer
    either way, so that students trained in both ways compare row by row.
    """
    warmup: Share = 0.03
    """The share of the steps over which the learning rate rises to its height."""
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate goes after that: down to 0, or as it is."""
    device: str = operational("auto")
    """`auto`, `cpu`, `cuda` or `mps`; `auto` is the best there is."""
    processes: Positive = operational(1)
    """Above 1, training is started through `accelerate launch train.py`."""
    report_to: tuple[Literal["tensorboard", "mlflow", "wandb", "trackio"], ...] = operational(())
    """Trackers that are sent the losses of every student and the verdict of every round.
    TensorBoard's files go into RUN/trackers; the others go where they are set up to.
    """

    @model_validator(mode="after")
    def _speaks_in_turns(self) -> Self:
        """`name` is no base model of those that come as packages: a student is trained in turns."""
        if self.name in WHEELS and not WHEELS[self.name].turns:
            raise ValueError(
                f"{self.name} is a base model without turns, and a student is trained in turns;"
                " name an instruction-tuned model"
            )
        return self

    @model_validator(mode="after")
    def _one_process_reports(self) -> Self:
        """`report_to` needs `processes: 1`."""
        if self.report_to and self.processes > 1:
            raise ValueError("report_to needs processes: 1")
        return self


class EvaluateConfig(Section):
    """How a student is scored on real rows; answers are greedy."""

    max_new_tokens: Positive = 96
    """Tokens of an answer, at most: a longer one is scored as far as it came."""
    metrics: tuple[str, ...] = ()
    """More scores of an answer, beside accuracy, rouge_l and nll where they fit: exact_match, chrf,
    macro_f1 (of labels), json_schema, or `pkg.mod:function`, which takes an example and a reply and
    gives a number, more is better.
    """
    json_schema: str | None = None
    """A file with a JSON schema, for the metric `json_schema`: 1 where a response is valid, else 0.
    A relative path starts at the config's folder, then here.
    """
    batch_size: Positive = operational(16)
    """Rows on the device at once."""


class GateConfig(Section):
    """When a candidate becomes champion."""

    metric: str = "auto"
    """The primary metric, by the name it is scored under, or `judge` with a `judge.model`; `auto`
    is accuracy where the student writes labels, nll (lower is better) otherwise.
    """
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """The chance of any wrong accept over all rounds."""
    horizon: Literal["fixed", "open"] = "fixed"
    """How rounds share alpha: `fixed` gives each alpha / rounds.max; `open` gives round r
    6 alpha / (pi^2 r^2), so that rounds.max may be raised later.
    """
    min_gain: Amount = 0.01
    """The smallest gain worth having, in units of the metric. A candidate is accepted with no less,
    and rejected where the 95 % interval of its gain ends below.
    """
    min_rows: Annotated[int, Field(ge=2)] = 20
    """With fewer gate rows a verdict can only be inconclusive; 2 forces one all the same."""


class GuardConfig(Section):
    """What a student must not unlearn: scores on rows of another kind, held to the base's.

    The base and not the last champion, so that small losses do not add up over the rounds.
    """

    path: str | None = "auto"
    """A seed file, or `general` for the seeds that ship, less rows that the run's own seeds hold;
    `null` for no guard of this kind. `auto` is general, and `null` where the student writes labels
    alone: what it is for takes nothing else, and real rows alone cost it all else (the bundled
    model 43 % on the general seeds in 120 steps, docs/experiments.md).
    """
    rows: Positive = 100
    """At most so many of them, and of each task of `lm_eval`; the same for every student."""
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The loss that still counts as none: of the rows, as a share of what the base needs for their
    responses in nats; of a task of `lm_eval`, in units of its score. Thirty steps on real tickets
    alone cost the bundled model 5.6 % on the general seeds (docs/experiments.md).
    """
    lm_eval: tuple[str, ...] = ()
    """Tasks of lm-evaluation-harness that guard as well (extra `lm-eval`)."""
    lm_eval_path: str | None = None
    """A folder of task files of your own for it."""


class WatchConfig(Section):
    """The collapse watch: how like the real rows the others are, at equal sample size."""

    enabled: bool = True
    """Whether rows and students are watched at all."""
    band: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """A ratio to the real rows sets off an alarm where its whole 95 % interval is beyond 1 - band,
    or 1 + band where more is worse.
    """
    block: bool = True
    """Whether an alarm keeps the gate from accepting; without, it is only told."""
    draws: Annotated[int, Field(ge=20)] = 100
    """Samples drawn for each interval; another hundred moves a ratio by about .01."""
    max_rows: Annotated[int, Field(ge=20)] = 400
    """Rows of each side that are looked at; self-ROUGE-L takes time with their square."""
    label_rows: Count = 200
    """Labelled rows of a round, and of dev, that the real-only student answers before the round's
    training, to tell how many of the labels are right: with two hundred of each to about an eighth.
    0 for none.
    """


class JudgeConfig(Section):
    """A model that compares the answers of two students, as metric `judge` of the gate."""

    model: ModelConfig | None = None
    """The judge; `null` for none. Better of another family than the teacher."""
    criteria: str = "accuracy, helpfulness and tone, for the person who asked"
    """What the better answer is better at."""
    max_unparsable: Share = 0.1
    """With more answers than this that name no winner, the verdict can only be inconclusive; so it
    is with a judge that goes by an answer's place more often than it decides, and where its liking
    for length cannot be told from its judgement.
    """
    max_tokens: Positive = 16
    """Tokens of its answer, at most; it is asked for a letter."""


class RoundsConfig(Section):
    """How many rounds, and when to give up."""

    max: Positive = 5
    """The most rounds of a run. Under `gate.horizon: fixed` they share `gate.alpha`, so that each
    round decides more strictly the more there may be.
    """
    patience: Positive = 2
    """Stop after so many rounds in a row that were not accepted."""


class PriceConfig(Section):
    """What a model costs, in `budget.currency` per million tokens."""

    input: Amount
    """For tokens that it reads."""
    output: Amount
    """For tokens that it writes."""


class BudgetConfig(Section):
    """Hard limits of the whole run, checked before every call; one that would be broken stops the
    run resumably (exit 3). The teacher's calls and the judge's count, and so do calls that failed.
    """

    max_cost: Amount | None = operational(None)
    """In `currency`; needs a price for every model that is asked."""
    max_calls: Count | None = operational(None)
    """Calls to models."""
    max_tokens: Count | None = operational(None)
    """Tokens read and written together."""
    max_hours: Amount | None = operational(None)
    """Of work of any kind on the run, training included; no call begins after that."""
    prices: dict[str, PriceConfig] = operational({})
    """A model's name, as `teacher.name` says it, to what it costs. None are built in: they go
    stale.
    """
    price_file: str | None = operational(None)
    """A YAML or JSON file of such a table; `prices` goes before it. A relative path starts at the
    config's folder, then here.
    """
    currency: str = operational("USD")
    """What prices and `max_cost` are in; shown, never converted."""
