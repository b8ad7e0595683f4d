"""What every section of a config is: frozen, without unknown keys, each field identity or not.

`None` means off; 0 is a limit, the strictest one. Fields marked `operational()` may change between
two starts of one run (they do not change what comes out); all others are the run's identity and
are compared on resume.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

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
        if _is_operational(field):
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
        if _is_operational(field):
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


def _is_operational(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("operational"))
