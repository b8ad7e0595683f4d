"""The knobs of filters that go by the real rows' own script, language, length and form."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from selfinstruct.config.section import Positive, Section, Share

Factor = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Seconds = Annotated[float, Field(gt=0, le=600)]


class ScriptConfig(Section):
    """Letters of a script, such as Cyrillic, that no real row is written in."""

    max_foreign: Share | None = 0.25
    """Drop a candidate with a larger share of such letters in its question or response. A foreign
    word that is quoted stays below it; a sentence that turns to another script does not.
    """


class LanguageConfig(Section):
    """The language that questions and responses are written in (extra `language`)."""

    expected: Literal["auto"] | Annotated[tuple[Language, ...], Field(min_length=1)] | None = None
    """ISO 639 codes such as `[en, de]`, or `auto` for those of the real rows."""
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
