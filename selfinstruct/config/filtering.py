"""The knobs of what a candidate must pass; those of the filters that ask models are `quality`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from selfinstruct.config.quality import QualityConfig
from selfinstruct.config.section import Count, InWords, Positive, Section, Share

Factor = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$"), InWords("an ISO 639 code")]
Seconds = Annotated[float, Field(gt=0, le=600)]


class HeuristicsConfig(Section):
    """Self-Instruct's rules for instruction and instance, and a few of ours; `null` switches a rule
    off.
    """

    min_words: Count | None = 4
    """The fewest words of a question: of the instruction, or of the input where a label is to be
    found for it; earlier turns count.
    """
    max_words: Count | None = 150
    """The most words of a question (the limit of Self-Instruct's code, as is the fewest)."""
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
    """Whole words that ask for what a text model cannot see or do. They are looked for in the
    instruction of rows without a label: a customer may well write of a picture.
    """
    banned_starts: tuple[str, ...] = ("Write a program",)
    """How no instruction of a row without a label may begin (Self-Instruct's teacher was fond of
    this one).
    """
    first_char: bool = True
    """Refuse an instruction that starts with punctuation (the paper also refuses non-ASCII; we do
    not).
    """
    max_response_words: Count | None = 400
    """The most words of a response, and of an input beside an instruction."""
    min_response_words: Count | None = 1
    """The fewest words of a response. A row without any response or label is always dropped."""
    max_repetition: Share | None = 0.5
    """The largest share of a text's word 3-grams that may be repeats, for texts of 12 words or
    more.
    """
    refusals: bool = True
    """Refuse answers that decline or speak of being a language model."""
    echo: Share | None = 0.9
    """Drop a response whose ROUGE-L with its own question is above this: it only repeats it."""


class ScriptConfig(Section):
    """Letters of a script, such as Cyrillic, that no real row is written in."""

    max_foreign: Share | None = 0.25
    """Drop a candidate with a larger share of such letters in its question or response. A foreign
    word that is quoted stays below it; a sentence that turns to another script does not.
    """


class LanguageConfig(Section):
    """The language that questions and responses are written in (extra `language`)."""

    expected: Literal["auto"] | Annotated[tuple[Language, ...], Field(min_length=1)] | None = None
    """ISO 639 codes such as `[en, de]`, or `auto` for those of the real rows; `null` for no such
    filter.
    """
    min_words: Positive = 6
    """Texts with fewer words are not judged: names and greetings belong to no language."""
    confidence: Share = 0.6
    """Drop a candidate in another language only if it has at least this probability. At 0.6 and 6
    words no sentence of 14 languages was taken for another one's, and 73 of 78 were told from
    English.
    """


class LengthConfig(Section):
    """Length in words beside the real rows."""

    factor: Factor | None = 3.0
    """Drop a candidate whose question or response has more words than this times the real rows'
    0.98 quantile, or fewer than their 0.02 quantile divided by it; so is a question with its
    earlier turns, beside real conversations. Of unseen real rows of the two shipped sets 0.5 % fall
    at 1.5, 0.03 % at 2 and none at 3.
    """
    min_rows: Positive = 20
    """The band is that of the candidate's label where it has so many real rows, else that of all
    rows; with fewer than this, or fewer such conversations, there is none.
    """


class FormatConfig(Section):
    """Responses that a program reads."""

    json_responses: Literal["auto"] | bool = "auto"
    """Responses must be JSON; `auto` asks it where every real response is a JSON object or array.
    """
    json_schema: str | None = None
    """Responses must be JSON that is valid under the schema in this file; a relative path starts at
    the config's folder, then here.
    """
    regex: str | None = None
    """The whole response must match this, in RE2's syntax, which takes linear time: no look-around
    and no back-references.
    """
    code: bool = True
    """Fenced blocks marked python or json must parse. A language of which a real row has a block
    that does not parse is left alone.
    """


class ExecutableConfig(Section):
    """Python answers that are run, each in a process of its own, before they are kept."""

    check: str | None = None
    """`run`: the response's code runs to its end. `input`: so do the tests in the row's input after
    it. `pkg.mod:function`: so do those that the function makes of the example, a text of Python.
    """
    timeout_s: Seconds = 10.0
    """Seconds of the processor, and of the clock, that one answer may take with its tests."""
    memory_mib: Annotated[int, Field(ge=64)] = 512
    """MiB of address space."""

    @field_validator("check")
    @classmethod
    def _is_known(cls, check: str | None) -> str | None:
        """`check` is run, input or `pkg.mod:function`."""
        if check is not None and check not in ("run", "input") and ":" not in check:
            raise ValueError("check is run, input or pkg.mod:function")
        return check


class ContradictionConfig(Section):
    """A labelled question near a known one that has another label."""

    rouge_l: Share | None = None
    """Drop a labelled candidate whose question's ROUGE-L with a known one of another label is above
    this. The same words are always a contradiction. Off by default: at novelty's own threshold such
    a row falls anyway, and "cancel my card" is rightly near "cancel my transfer".
    """


class EmbeddingConfig(Section):
    """A model of sentence-transformers that tells paraphrases; needs the extra `embedding`."""

    model: str
    """A folder that `SentenceTransformer.save` wrote, looked for from where you are, or a name on
    the hub. Of a folder nothing is asked of the hub.
    """
    threshold: Share = 0.9
    """Drop a candidate whose cosine with a known text is above this (Deita, Liu et al. 2024, keeps
    what is below 0.9). Models differ in what is near: `plan` shows how near your own rows are to
    each other, and a threshold that many of them are above drops honest candidates too.
    """


class MinHashConfig(Section):
    """Known texts proposed by MinHash instead of found exactly; needs the extra `minhash`."""

    jaccard: Annotated[float, Field(gt=0, lt=1)] = 0.4
    """Share of words in common from which texts are likely to be proposed. Texts of one length with
    a ROUGE-L of 0.7 share at least 0.54 of theirs.
    """
    permutations: Annotated[int, Field(ge=2)] = 128
    """Hashes of a text (datasketch's default): more miss less and take more time and memory."""


class NoveltyConfig(Section):
    """ROUGE-L against seeds, pool and this batch. A rewriting (`evolve`) with a word of its own is
    not held to the row that it was made from.
    """

    over: Literal["question", "instruction_and_input"] = "question"
    """What has to be new: the question (the instruction, as in the paper, or the input where a
    label is to be found for it), or instruction and input together. The latter tells apart what
    shares an instruction and judges each instance of one; where all rows have the same long
    instruction it finds everything alike.
    """
    threshold: Share | None = 0.7
    """Drop a candidate whose nearest neighbour is above this (the paper's value)."""
    response_threshold: Share | None = None
    """Drop a candidate whose response is nearer to a known one than this; off by default, since
    short answers repeat rightly.
    """
    embedding: EmbeddingConfig | None = None
    """Also drop what is near in meaning though not in words."""
    minhash: MinHashConfig | None = None
    """Not exact: some near questions are missed. At 20,000 it is slower than the exact index, that
    of `null`, and takes twelve times its memory (docs/performance.md).
    """


class ContaminationConfig(Section):
    """Nearness to dev, gate and final: a leaked row would fool the evaluation. What a training row
    has as well does not count: the teacher was shown it, and the student learns it rightly.
    """

    ngram: Positive | None = 8
    """Drop a candidate with so many words in a row from a held-out row (Tulu 3 uses 8)."""
    rouge_l: Share | None = 0.6
    """Drop a candidate whose question has a ROUGE-L of this or more with a held-out row's. `plan`
    says how many of your own rows it would take: of short bank questions it took 47 %, so that
    they were filtered at 0.8 (docs/experiments.md).
    """
    passage_words: Positive | None = 8
    """The limit of `rouge_l` holds for inputs, responses and earlier turns too, where both texts
    have so many words or more: fewer cannot hold the run of `ngram`, and short answers repeat
    rightly. `null` for questions alone.
    """


class MemorisationConfig(Section):
    """Words in a row from one training row, in the question, input, response or an earlier turn.

    What three training rows share is a phrase of the trade and does not count, nor does what a
    rewriting (`evolve`) with a word of its own asks as the row does that it was made from.
    """

    run: Positive | None = 13
    """Drop a candidate with so many (GPT-3's run for overlap, arXiv 2005.14165, appendix C)."""
    verbatim: Positive | None = 8
    """Drop a candidate one of whose texts, of so many words or more, is a real row's from end to
    end.
    """


class FiltersConfig(Section):
    """What a candidate must pass, cheapest first."""

    heuristics: HeuristicsConfig = HeuristicsConfig()
    script: ScriptConfig = ScriptConfig()
    language: LanguageConfig = LanguageConfig()
    length: LengthConfig = LengthConfig()
    format: FormatConfig = FormatConfig()
    contradiction: ContradictionConfig = ContradictionConfig()
    novelty: NoveltyConfig = NoveltyConfig()
    memorisation: MemorisationConfig = MemorisationConfig()
    contamination: ContaminationConfig = ContaminationConfig()
    max_children: Positive | None = 10
    """Accepted rows for each row that was shown to the teacher, pool and round together (ReST-EM's
    cap). A row made from n others counts 1/n for each of them.
    """
    executable: ExecutableConfig = ExecutableConfig()
    quality: QualityConfig = QualityConfig()
