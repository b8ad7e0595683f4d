"""The knobs of licences: which ones rows may come under, and what becomes of rows under others."""

from typing import Literal, Self

from pydantic import model_validator

from selfinstruct.config.section import Section


class LicensesConfig(Section):
    """Which licences and terms the rows of a run may come under."""

    allow: tuple[str, ...] | None = None
    """SPDX names, such as [CC-BY-4.0, Apache-2.0], or terms of a teacher as `teacher.terms` has
    them; `NOASSERTION` allows rows whose licence nobody has stated. `null` allows
    all.
    """
    on_forbidden: Literal["stop", "drop"] = "stop"
    """Real rows under another licence: stop before anything is spent, or leave them out, counted. A
    synthetic row under one is always dropped, and a teacher under such terms always refused.
    """

    @model_validator(mode="after")
    def _something_is_allowed(self) -> Self:
        """`allow` names a licence, each on one line."""
        if self.allow is not None:
            if not self.allow:
                raise ValueError("allow names no licence, so no row could be used; null allows all")
            for name in self.allow:
                if not name.strip() or not name.isprintable():
                    raise ValueError(f"allow: a licence is named on one line; not {name!r}")
        return self
