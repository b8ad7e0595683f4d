"""What every section of a config is: frozen, without unknown keys, each field identity or not.

`None` means off; 0 is a limit, the strictest one. Fields marked `operational()` may change between
two starts of one run (they do not change what comes out); all others are the run's identity and
are compared on resume.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from selfinstruct.types import Sampling


@dataclass(frozen=True)
class InWords:
    """What a type takes, as a person says it, where a function checks it and not a bound."""

    words: str


Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]

ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""Names that mean a device on Windows, where a run's folder may be copied to."""


def check_id(name: str) -> str:
    """A name in, the same out if it can be that of a folder and of nothing outside its parent.

    Raises `ValueError` for any other.
    """
    if not ID.fullmatch(name) or DEVICE.fullmatch(name):
        raise ValueError(
            "a name is 1 to 64 letters a-z, digits, '.', '_' and '-', begins with a letter or digit"
            " and ends with no '.'; device names such as CON are taken"
        )
    return name


Id = Annotated[
    str,
    AfterValidator(check_id),
    InWords("the name of a folder: 1 to 64 letters a-z, digits, '.', '_' and '-'"),
]


def check_sampling(sampling: Sampling) -> Sampling:
    """A way to draw tokens in, the same out if there is such a way. Raises `ValueError`."""
    if not (math.isfinite(sampling.temperature) and sampling.temperature >= 0):
        raise ValueError(f"temperature is 0 or more; it is {sampling.temperature}")
    if not 0 < sampling.top_p <= 1:
        raise ValueError(f"top_p is above 0 and at most 1; it is {sampling.top_p}")
    if sampling.max_tokens < 1:
        raise ValueError(f"max_tokens is 1 or more; it is {sampling.max_tokens}")
    return sampling


Drawn = Annotated[
    Sampling,
    AfterValidator(check_sampling),
    InWords(
        "a section: temperature of 0 or more, greedy at 0; top_p above 0 and at most 1;"
        " max_tokens of 1 or more; stop, a list of texts"
    ),
]


def operational(default: Any) -> Any:
    """A field that does not change what comes out, so that a resumed run may change it."""
    return Field(default=default, json_schema_extra={"operational": True})


class Section(BaseModel):
    """The base of every section: frozen, no unknown keys, documented by the strings under its
    fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _a_sampling_keeps_what_is_not_given(cls, given: Any) -> Any:
        """What a sampling leaves out is the field's own default, and not that of `Sampling`."""
        if not isinstance(given, dict):
            return given
        whole = {
            name: {**asdict(field.default), **given[name]}
            for name, field in cls.model_fields.items()
            if isinstance(field.default, Sampling) and isinstance(given.get(name), dict)
        }
        return {**given, **whole}


def identity_of(section: BaseModel, prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Dotted path and JSON value of every field that decides what comes out."""
    for name, field in type(section).model_fields.items():
        if is_operational(field):
            continue
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from identity_of(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", section.model_dump(mode="json", include={name})[name]


def defaults_of(section: type[BaseModel], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """The same of every such field that has a default: what a run that was begun before the field
    existed is taken to have had.
    """
    for name, field in section.model_fields.items():
        if is_operational(field):
            continue
        if field.is_required():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from defaults_of(field.annotation, f"{prefix}{name}.")
            continue
        default = field.get_default(call_default_factory=True, validated_data={})
        if isinstance(default, BaseModel):
            yield from identity_of(default, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", to_jsonable_python(default)


def is_operational(field: FieldInfo) -> bool:
    """Whether a resumed run may change this field."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("operational"))
