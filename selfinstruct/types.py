"""The nouns of the loop, all frozen: data flows one way and nothing is changed in place.

They know nothing of files, models or the store. Teacher, student and judge are no types, but roles
of a `Model`, which is in `model`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Origin = Literal["real", "synthetic"]
Split = Literal["train", "dev", "gate", "final"]
Exam = Split | Literal["general", "lm_eval"]
Source = Literal["code", "model", "judge", "human"]
FinishReason = Literal["stop", "length", "refusal", "error"]

SPLITS: tuple[Split, ...] = ("train", "dev", "gate", "final")


def digest(value: object) -> str:
    """Any JSON-able value in, 16 hex digits of its SHA-256 out; equal values have equal digests."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Example:
    """One instruction with its response, real or synthetic; `id` is the hash of its words.

    `kind` names the kind of task (a stratum for unlabelled data), `parents` are the ids of the
    examples shown to the teacher, `depth` is the generation depth (real = 0, child = 1 + its
    deepest parent), `attempt` the teacher's call, `request` the words of what it was asked for
    beside its label, `arm` the prompt that asked for it where several share a recipe.
    """

    instruction: str
    input: str = ""
    response: str = ""
    turns: tuple[Message, ...] = ()
    label: str | None = None
    kind: str | None = None
    origin: Origin = "real"
    round: int = 0
    parents: tuple[str, ...] = ()
    depth: int = 0
    source: str = ""
    license: str = ""
    group: str | None = None
    attempt: str | None = None
    request: str = ""
    arm: str = ""
    id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        turns = [[turn.role, turn.content] for turn in self.turns]
        words = [self.instruction, self.input, self.response, turns, self.label]
        object.__setattr__(self, "id", digest(words))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered question to the teacher, with the template version that wrote it and the examples
    it shows.

    `about` is what it asks about: the id of a row, or the key of the call whose answer it goes on
    from; empty where it begins anew. `values` are what its template was told, None where no
    template wrote it.
    """

    messages: tuple[Message, ...]
    template: str
    version: str
    parents: tuple[str, ...] = ()
    schema: str = ""
    """The JSON schema, as canonical JSON, that the server is to hold the answer to; empty for none.
    """
    about: str = ""
    values: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn; `temperature` 0 is greedy, `max_tokens` bounds the completion alone."""

    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 256
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One completion asked of a `Model`. `sample` tells apart several draws from one prompt; `seed`
    fixes the draw; `schema` as in `Prompt`.
    """

    messages: tuple[Message, ...]
    sampling: Sampling
    sample: int = 0
    seed: int = 0
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered. `finish_reason` "length" is truncated; "error" has no text and says
    why in `error`.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""
    error: str = ""
    attempt: str | None = None


ROUND_FULL = "round_full"
"""The reason of a candidate that passed every filter after its round was full."""
QUOTA_FULL = "quota_full"
"""... and of one whose label, or whose request, had all the rows it was to have."""
UNNEEDED = (ROUND_FULL, QUOTA_FULL)
"""The reasons that say nothing against a candidate."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A candidate that did not become an example; `what` holds whatever words could be read.

    `value` is what was measured, `threshold` the limit it broke, `neighbour` the id of the nearest
    example.
    """

    what: Example
    reason: str
    value: float | str | None = None
    threshold: float | str | None = None
    neighbour: str | None = None


@dataclass(frozen=True, slots=True)
class Drafts:
    """What a recipe read from the teacher's answers, in slot order: candidates, and what could not
    be read.
    """

    examples: tuple[Example, ...] = ()
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """What somebody measured of the candidate with this id, whatever became of it: `name` is that
    of a filter or of a question to a judge or a person.
    """

    id: str
    name: str
    value: float
    source: Source
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Screened:
    """What the filters decided, in slot order; accepted + rejected = candidates in. `scores` are
    what models measured of those that the other filters let through.
    """

    accepted: tuple[Example, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest text above a threshold: its id and ROUGE-L F1."""

    id: str
    rouge_l: float


@dataclass(frozen=True, slots=True)
class RealData:
    """The user's rows after reading and splitting; `unused` counts rows left out by a cap,
    `skipped` bad lines, `forbidden` rows under a licence that is not allowed, `incomplete` those
    that lack what each row was to have.
    """

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    gate: tuple[Example, ...]
    final: tuple[Example, ...]
    duplicates: int = 0
    skipped: int = 0
    unused: int = 0
    forbidden: int = 0
    incomplete: int = 0

    def split(self, name: Split) -> tuple[Example, ...]:
        """The rows of one split."""
        rows: dict[Split, tuple[Example, ...]] = {
            "train": self.train,
            "dev": self.dev,
            "gate": self.gate,
            "final": self.final,
        }
        return rows[name]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label of the training rows, sorted."""
        return tuple(sorted({row.label for row in self.train if row.label is not None}))

    @property
    def digest(self) -> str:
        """Changes when any row changes its words or its split."""
        return digest({name: [row.id for row in self.split(name)] for name in SPLITS})


@dataclass(frozen=True, slots=True)
class Mixture:
    """The rows a student trains on. Shares are synthetic / total in the unit `rows` or `tokens`."""

    rows: tuple[Example, ...]
    asked_share: float
    achieved_share: float
    unit: Literal["rows", "tokens"] = "rows"

    @property
    def digest(self) -> str:
        """Changes with any row and with their order."""
        return digest([row.id for row in self.rows])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A student: a base model and, unless it is the base itself, a LoRA adapter folder with its
    content digest.
    """

    name: str
    base: str
    adapter: Path | None
    digest: str


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of one checkpoint on one split, or on the rows that guard what the base could do:
    `scores[metric][i]` belongs to `ids[i]`.
    """

    checkpoint: str
    split: Exam
    ids: tuple[str, ...]
    scores: Mapping[str, tuple[float, ...]]
    answers: tuple[str, ...]

    def mean(self, metric: str) -> float:
        """The mean of one metric over all rows."""
        values = self.scores[metric]
        return sum(values) / len(values)


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate with the two ends of its interval."""

    value: float
    low: float
    high: float
