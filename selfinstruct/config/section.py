"""What every section of a config is: frozen, without unknown keys, each field identity or not.

`None` means off; 0 is a limit, the strictest one. Fields marked `operational()` may change between
two starts of one run (they do not change what comes out); all others are the run's identity and
are compared on resume.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

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


Id = Annotated[str, AfterValidator(check_id)]


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
