"""The knobs of what comes in: real rows, the task, and how new rows are asked for."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from selfinstruct.config.aiming import AimConfig
from selfinstruct.config.dialogue import DialogueConfig
from selfinstruct.config.section import Count, Drawn, InWords, Positive, Section, Share, operational
from selfinstruct.types import SPLITS, Sampling, Split


def check_encoding(name: str) -> str:
    """The name of an encoding of text in, the same out. Raises `ValueError` for any other."""
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(
            "it is no encoding of text; utf-8, cp1252 and shift_jis are some"
        ) from None
    return name


Encoding = Annotated[
    str, AfterValidator(check_encoding), InWords("an encoding of text, such as utf-8 or cp1252")
]


class SeedsConfig(Section):
    """Where the real examples are and how they are split."""

    path: str
    """A file (.jsonl, .json, .csv, .tsv, each also with .gz, or .parquet) or `hf:NAME[:SPLIT]`; a
    relative path starts at the config's folder, then here.
    """
    encoding: Encoding = "utf-8"
    """How the bytes of the file are text, such as cp1252, what Excel writes in Western Europe. A
    byte order mark in the file says it better, and is gone by where there is one.
    """
    columns: dict[Literal["instruction", "input", "response", "label", "group", "kind"], str] = {}
    """Our field name to the column of the file, for files with names of their own (CSV, `hf:`);
    `ticket.body` is the key `body` of the object under `ticket`.
    """
    instruction: str | None = None
    """The instruction of every row that has none, for files that hold only texts and labels."""
    license: str = ""
    """The licence of the rows, carried along to everything made from them."""
    rename_labels: dict[str, str] = {}
    """A label of the file to the one that is meant, for labels that are spelt in several ways."""
    labels: tuple[str, ...] = ()
    """Keep only the rows with these labels, as renamed; empty keeps all."""
    require: tuple[Literal["label", "response"], ...] = ()
    """Leave out, and count, the rows that lack one of these."""
    html: Literal["keep", "text"] = "keep"
    """`text` reads HTML as the text that a reader sees of it; `keep` learns the tags."""
    mend_turns: bool = False
    """Read conversations in which somebody speaks twice in a row: such turns become one, and what
    the assistant says before the first user, a greeting, is left out. Counted and told.
    """
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
        """`split` has train, dev, gate and final, which sum to 1; train and gate are above 0."""
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


class DemosConfig(Section):
    """The examples a prompt shows (Self-Instruct: 8 = 6 real + 2 of its own)."""

    real: Count = 6
    """Real rows that a prompt shows; more of them fill in while there are too few synthetic ones.
    """
    synthetic: Count = 2
    """Rows of the pool that a prompt shows. Where a label is asked for, all have that label."""
    max_depth: Count = 2
    """A synthetic example of a deeper generation is never shown."""


class RecordsConfig(Section):
    """The records that recipe `records` writes."""

    json_schema: str | None = None
    """A file with the JSON schema of a response; a relative path starts at the config's folder."""
    values_in_text: bool = True
    """Drop a text that does not hold every string of its record, those aside that the schema lists
    (`enum`, `const`): such a record could not have been read from it. So is one that says another
    of the words that a member lists than its record has, where no real row does that.
    """


class EvolveConfig(Section):
    """How recipe `evolve` rewrites what is known."""

    breadth: Share = 1 / 6
    """How often an unlabelled task becomes a rarer one of its field instead of a harder one: one
    wish in six, as in WizardLM.
    """
    eliminate: bool = True
    """Ask the teacher of each rewriting whether it says anything new; drop those that do not, and
    as `gain_unclear` those of which it says neither in the four tokens it has, as one that thinks
    first will not.
    """


class BacktranslateConfig(Section):
    """The real texts that recipe `backtranslate` writes instructions for."""

    path: str | None = None
    """A file of texts (.jsonl with `text` on each line, or paragraphs); a relative path starts at
    the config's folder. `null` takes the responses of the training rows, those of five words or
    more to an instruction without an input: of the others nobody can tell what they answer.
    """
    license: str = ""
    """The licence of its texts; a line of JSONL may have one of its own."""


RecipeName = Literal[
    "label_first",
    "self_instruct",
    "few_shot",
    "dialogue",
    "records",
    "evolve",
    "backtranslate",
    "program",
]


class GenerateConfig(AimConfig):
    """How candidates are asked for, what they aim at, and when a round has enough."""

    recipe: Literal["auto", RecipeName] = "auto"
    """`auto` is label_first where the seeds have labels, self_instruct otherwise, and few_shot for
    a teacher without turns (teacher.template: none). `dialogue` writes conversations, `records`
    rows under a JSON schema; `evolve` rewrites known questions, `backtranslate` writes instructions
    for real texts, and `program` is a function of your own.
    """
    recipes: dict[RecipeName, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """Several recipes in one run, each with its weight: its share of every wave's prompts."""
    arms: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """Versions of one prompt of a recipe that share its prompts, each with its weight, such as
    `{label_first/question@7: 0.7, label_first/question@8: 0.3}`: `status` tells how many rows of
    each were kept.
    """
    accept: Positive = 100
    """A round is full at exactly so many accepted examples."""
    max_candidates: Positive = 2000
    """A round ends at so many candidates, full or not."""
    stall: Share | None = 0.02
    """A round ends when fewer than this share of the candidates of the last two waves was accepted;
    of more waves, where the last ones were small. `null` asks on to `max_candidates`.
    """
    on_exhausted: Literal["stop", "go_on"] = operational("go_on")
    """What a round does that ends and is not full: train with what there is and say so, or stop
    before any training (exit 3). It decides whether a round goes on, not what comes out.
    """
    prompts_per_wave: Positive = 8
    """Prompts rendered at once, fewer where fewer will do for what is missing; the pool that later
    prompts draw from grows between waves.
    """
    samples_per_prompt: Positive = 8
    """Completions drawn from one prompt; a shared prefix is paid once."""
    instances_per_instruction: Positive = 3
    """Instances asked of one instruction (self_instruct)."""
    items_per_call: Positive = 10
    """New rows asked for in one answer (few_shot); each may take question.max_tokens, so that
    samples_per_prompt: 1 will mostly do. A teacher without turns writes one row an answer: asked
    for more, a small model repeats itself.
    """
    subject: Annotated[str, Field(min_length=1)] = "texts"
    """What labelled texts are, in the plural, as few_shot names them: `messages of bank customers`.
    """
    records: RecordsConfig = RecordsConfig()
    demos: DemosConfig = DemosConfig()
    question: Drawn = Sampling(temperature=0.9, top_p=0.95, max_tokens=128)
    """Sampling for new instructions and inputs."""
    answer: Drawn = Sampling(temperature=0.3, top_p=0.95, max_tokens=192)
    """Sampling for responses: cooler, since they are to be right rather than new."""
    dialogue: DialogueConfig = DialogueConfig()
    evolve: EvolveConfig = EvolveConfig()
    backtranslate: BacktranslateConfig = BacktranslateConfig()
    program: str | None = None
    """`pkg.mod:function` of recipe `program`: a rules engine or simulator of your own, in the
    current folder or installed. It is told a wish, a count and chance, and gives rows: the guide
    (docs/guide.md) has one. Another text of its file is another setting.
    """

    @model_validator(mode="after")
    def _one_recipe_or_several(self) -> Self:
        """Of `recipe` and `recipes` one is given."""
        if self.recipes and self.recipe != "auto":
            raise ValueError("name one recipe in generate.recipe or several in generate.recipes")
        return self

    @model_validator(mode="after")
    def _one_list_of_personas(self) -> Self:
        """With recipe `dialogue`, `personas` stand here or in `dialogue.personas`, not in both."""
        talks = "dialogue" in (self.recipe, *self.recipes)
        if talks and self.personas and self.dialogue.personas:
            raise ValueError(
                "generate.personas speak in the rows of every recipe, conversations too, so that "
                "nobody of generate.dialogue.personas ever would; give one of the two"
            )
        return self
