"""Every knob and every default: YAML plus `key.path=value` overrides in, a checked `Config` out.

An unknown key is an error that suggests the nearest one. `None` means off; 0 is a limit, the
strictest one. Fields marked `operational()` may change between two starts of one run (they do not
change what comes out); all others are the run's identity and are compared on resume.
"""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from selfinstruct.errors import UserError
from selfinstruct.types import SPLITS, Sampling, Split, digest

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]

SECRET_HINTS = ("sk-", "Bearer ")


def operational(default: Any) -> Any:
    """A field that does not change what comes out, so that a resumed run may change it."""
    return Field(default=default, json_schema_extra={"operational": True})


class Section(BaseModel):
    """The base of every section: frozen, no unknown keys, documented by the strings under its
    fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SeedsConfig(Section):
    """Where the real examples are and how they are split."""

    path: str
    """A file (.jsonl, .json, .csv) or `hf:NAME[:SPLIT]`; a relative path starts at the config's
    folder, then here.
    """
    columns: dict[Literal["instruction", "input", "response", "label", "group", "kind"], str] = {}
    """Our field name to the column of the file, for files with names of their own (CSV, `hf:`)."""
    instruction: str | None = None
    """The instruction of every row that has none, for files that hold only texts and labels."""
    license: str = ""
    """The licence of the rows, carried along to everything made from them."""
    labels: tuple[str, ...] = ()
    """Keep only the rows with these labels; empty keeps all."""
    skip_bad: bool = False
    """Skip and count bad lines instead of stopping at them."""
    near_duplicate: Share | None = 0.7
    """Rows whose words have a ROUGE-L F1 above this stay in one split (the paper's novelty
    threshold).
    """
    split: dict[Split, Share] = {"train": 0.45, "dev": 0.10, "gate": 0.35, "final": 0.10}
    """The share of each split; the four must sum to 1."""
    max_per_label: dict[Split, Positive] = {}
    """At most so many rows of each label (of each kind, where there are no labels) in a split."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.split) != set(SPLITS) or abs(sum(self.split.values()) - 1) > 1e-6:
            raise ValueError(f"split needs {', '.join(SPLITS)} that sum to 1; it is {self.split}")
        if not self.split["train"] or not self.split["gate"]:
            raise ValueError(
                "split.train and split.gate must be above 0: one is learned from, the other decides"
            )
        return self


class TaskConfig(Section):
    """What the student is asked to write."""

    target: Literal["auto", "response", "label", "label_and_response"] = "auto"
    """`label_and_response` writes the label on the first line, then the reply. `auto` goes by what
    the seeds hold.
    """
    system: str = "You are a helpful assistant."
    """The system message of every conversation, in training, generation and evaluation alike; empty
    for none.
    """


class ModelConfig(Section):
    """One model: the backend that runs it and the name that backend knows it by."""

    backend: Literal["llamacpp", "transformers", "openai", "program", "scripted"]
    name: str
    """`bundled`, a GGUF file, a folder, a hub id, a served model's name, or `pkg.mod:function`."""
    base_url: str | None = None
    """The endpoint of an OpenAI-compatible server (backend `openai`)."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key. A key never stands in a config."""
    context: Positive = operational(4096)
    """Tokens of context for one request (backend `llamacpp`)."""
    parallel: Positive = operational(8)
    """Requests under way at once."""
    device: str = operational("auto")
    """`auto`, `cpu`, `cuda`, `mps` (backend `transformers`)."""
    timeout_s: float = operational(120.0)
    """Seconds one request may take (backend `openai`)."""
    attempts: Positive = operational(5)
    """Tries of one request before it counts as failed (backend `openai`)."""

    @model_validator(mode="after")
    def _keys_stay_outside(self) -> Self:
        for value in (self.name, self.base_url or "", self.api_key_env):
            if value.startswith(SECRET_HINTS):
                raise ValueError(
                    "a key stands in the config; name its environment variable in api_key_env"
                )
        if self.backend == "openai" and self.base_url is None:
            raise ValueError("backend openai needs base_url, such as http://127.0.0.1:8000/v1")
        return self


class DemosConfig(Section):
    """The examples a prompt shows (Self-Instruct: 8 = 6 real + 2 of its own)."""

    real: Count = 6
    synthetic: Count = 2
    max_depth: Count = 2
    """A synthetic example of a deeper generation is never shown."""


class GenerateConfig(Section):
    """How candidates are asked for, and when a round has enough."""

    recipe: Literal["auto", "label_first", "self_instruct"] = "auto"
    """`auto` is label_first where the seeds have labels, self_instruct otherwise."""
    accept: Positive = 100
    """A round is full at so many accepted examples."""
    max_candidates: Positive = 2000
    """... and ends at so many candidates, full or not."""
    stall: Share | None = 0.02
    """... or when fewer than this share of the last two waves' candidates was accepted."""
    prompts_per_wave: Positive = 8
    """Prompts rendered at once; the pool that later prompts draw from grows between waves."""
    samples_per_prompt: Positive = 8
    """Completions drawn from one prompt; a shared prefix is paid once."""
    instances_per_instruction: Positive = 3
    """Instances asked of one instruction (self_instruct)."""
    demos: DemosConfig = DemosConfig()
    question: Sampling = Sampling(temperature=0.9, top_p=0.95, max_tokens=128)
    """Sampling for new instructions and inputs."""
    answer: Sampling = Sampling(temperature=0.3, top_p=0.95, max_tokens=192)
    """Sampling for responses (the notes: at most 0.7)."""


class HeuristicsConfig(Section):
    """Self-Instruct's rules for instruction and instance, and a few of ours; `None` switches a rule
    off.
    """

    min_words: Count | None = 4
    """Words of the instruction, or of the input where the instruction is fixed."""
    max_words: Count | None = 150
    banned_words: tuple[str, ...] = (
        "image",
        "images",
        "graph",
        "graphs",
        "picture",
        "pictures",
        "file",
        "files",
        "map",
        "maps",
        "draw",
        "plot",
        "go to",
    )
    """Whole words that ask for what a text model cannot see or do; checked in the instruction."""
    banned_starts: tuple[str, ...] = ("Write a program",)
    first_char: bool = True
    """Refuse an instruction that starts with punctuation (the paper also refuses non-ASCII; we do
    not).
    """
    max_response_words: Count | None = 400
    min_response_words: Count | None = 1
    max_repetition: Share | None = 0.5
    """The largest share of a text's word 3-grams that may be repeats, for texts of 12 words or
    more.
    """
    refusals: bool = True
    """Refuse answers that decline or speak of being a language model."""
    echo: Share | None = 0.9
    """A response whose ROUGE-L with its own question is above this only repeats it."""


class NoveltyConfig(Section):
    """ROUGE-L against seeds, pool and this batch."""

    threshold: Share | None = 0.7
    """Drop a candidate whose nearest neighbour is above this (the paper's value)."""
    response_threshold: Share | None = None
    """The same for responses; off by default, since short answers repeat rightly."""


class ContaminationConfig(Section):
    """Nearness to dev, gate and final: a leaked row would fool the evaluation."""

    ngram: Positive | None = 8
    """Drop a candidate that shares a run of so many words (Tulu 3 uses 8)."""
    rouge_l: Share | None = 0.6
    """... or whose ROUGE-L with a held-out row is at or above this."""


class FiltersConfig(Section):
    """What a candidate must pass, cheapest first."""

    heuristics: HeuristicsConfig = HeuristicsConfig()
    novelty: NoveltyConfig = NoveltyConfig()
    contamination: ContaminationConfig = ContaminationConfig()


class MixtureConfig(Section):
    """How real and synthetic rows are put together."""

    synthetic_share: Share = 0.5
    """Synthetic / total of the final mixture. 0 trains on real rows alone."""
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
    alpha: Positive = 32
    dropout: Share = 0.0
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    """By default from the size of the base: 4e-4 to 3B parameters, 2e-4 to 8B, 1e-4 above."""
    epochs: Annotated[float, Field(gt=0)] = 3.0
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
    warmup: Share = 0.03
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    device: str = operational("auto")
    processes: Positive = operational(1)
    """Above 1, training is started through `accelerate launch train.py`."""


class EvaluateConfig(Section):
    """How a student is scored on real rows; answers are greedy."""

    max_new_tokens: Positive = 96
    metrics: tuple[str, ...] = ()
    """More scores of an answer, beside accuracy, rouge_l and nll where they fit: exact_match, chrf,
    or `pkg.mod:function`, which takes an example and a reply and gives a number, more is better.
    """
    batch_size: Positive = operational(16)


class GateConfig(Section):
    """When a candidate becomes champion."""

    metric: str = "auto"
    """The primary metric, by the name it is scored under; `auto` is accuracy where the student
    writes labels, nll (lower is better) otherwise.
    """
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """The chance of any wrong accept over all rounds."""
    horizon: Literal["fixed", "open"] = "fixed"
    """How rounds share alpha: `fixed` gives each alpha / rounds.max; `open` gives round r
    6 alpha / (pi^2 r^2), so that rounds.max may be raised later.
    """
    min_gain: Annotated[float, Field(ge=0)] = 0.01
    """The smallest gain worth having, in units of the metric."""
    min_rows: Annotated[int, Field(ge=2)] = 20
    """With fewer gate rows a verdict can only be inconclusive; 2 forces one all the same."""


class RoundsConfig(Section):
    """How many rounds, and when to give up."""

    max: Positive = 5
    patience: Positive = 2
    """Stop after so many rounds in a row that were not accepted."""


class BudgetConfig(Section):
    """Hard limits, checked before every call; reaching one stops the run resumably (exit 3)."""

    max_calls: Count | None = operational(None)
    max_tokens: Count | None = operational(None)


class Config(Section):
    """One run. Every file in configs/ is one of these."""

    name: str = operational("run")
    """The run's folder is `out`/`name`."""
    out: str = operational("runs")
    seed: int = 0
    seeds: SeedsConfig
    task: TaskConfig = TaskConfig()
    teacher: ModelConfig
    generate: GenerateConfig = GenerateConfig()
    filters: FiltersConfig = FiltersConfig()
    mixture: MixtureConfig = MixtureConfig()
    student: StudentConfig = StudentConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    gate: GateConfig = GateConfig()
    rounds: RoundsConfig = RoundsConfig()
    budget: BudgetConfig = BudgetConfig()

    @property
    def identity(self) -> dict[str, Any]:
        """Dotted path to value of every field that decides what comes out."""
        return dict(_identity(self, ""))

    @property
    def fingerprint(self) -> str:
        """The digest of the identity."""
        return digest(self.identity)


def _identity(section: BaseModel, prefix: str) -> Iterable[tuple[str, Any]]:
    for name, field in type(section).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("operational"):
            continue
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _identity(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", section.model_dump(mode="json", include={name})[name]


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """A YAML file and `key.path=value` overrides in, a checked `Config` out. Raises `UserError`
    naming every fault.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UserError(
            f"no config at {path}", next_step="selfinstruct init DIR writes one"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML: {error}") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path} holds no settings", why="a config is a YAML mapping of sections")
    for override in overrides:
        _apply(tree, override)
    return parse_config(tree, where=str(path))


def parse_config(tree: Mapping[str, Any], where: str = "config") -> Config:
    """A nested mapping in, a checked `Config` out; `where` opens the message of an error."""
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        faults = [_fault(dict(item)) for item in error.errors()]
        raise UserError("\n".join(f"{where}: {fault}" for fault in faults)) from None


def _apply(tree: dict[str, Any], override: str) -> None:
    path, sign, text = override.partition("=")
    if not sign:
        raise UserError(
            f"override {override!r} is not key.path=value", next_step="for example rounds.max=3"
        )
    *parents, last = path.split(".")
    node = tree
    for name in parents:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            raise UserError(f"override {override!r}: {name} is a value, not a section")
    node[last] = yaml.safe_load(text)


def _fault(item: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"unknown key {path}{_suggestion(item['loc'])}"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "missing":
        return f"{path} is missing"
    shown = f"; it is {item['input']!r}" if not isinstance(item["input"], (dict, BaseModel)) else ""
    return f"{path + ': ' if path else ''}{message}{shown}"


def _suggestion(loc: tuple[int | str, ...]) -> str:
    section: Any = Config
    for part in loc[:-1]:
        known = section.model_fields if _is_section(section) else {}
        section = known[str(part)].annotation if str(part) in known else None
    if not _is_section(section):
        return ""
    near = difflib.get_close_matches(str(loc[-1]), section.model_fields, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(section.model_fields)}"


def _is_section(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)
