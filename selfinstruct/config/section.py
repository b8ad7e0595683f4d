"""What every section of a config is: frozen, without unknown keys, each field identity or not.

`None` means off; 0 is a limit, the strictest one. Fields marked `operational()` may change between
two starts of one run (they do not change what comes out); all others are the run's identity and
are compared on resume.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


def operational(default: Any) -> Any:
    """A field that does not change what comes out, so that a resumed run may change it."""
    return Field(default=default, json_schema_extra={"operational": True})


class Section(BaseModel):
    """The base of every section: frozen, no unknown keys, documented by the strings under its
    fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def identity_of(section: BaseModel, prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Dotted path and JSON value of every field that decides what comes out."""
    for name, field in type(section).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("operational"):
            continue
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from identity_of(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", section.model_dump(mode="json", include={name})[name]
