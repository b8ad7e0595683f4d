"""The knobs of personal data: what counts as it, who may read it, and what may be written."""

import re
from typing import Literal, Self

from pydantic import model_validator

from selfinstruct.config.model import ModelConfig
from selfinstruct.config.section import Section

KIND = re.compile(r"[a-z][a-z0-9_]*")

ID_WORDS = (
    *("account", "customer", "client", "member", "membership", "subscriber", "user", "patient"),
    *(
        "employee",
        "policy",
        "loyalty",
        "kunden",
        "konto",
        "mitglieds",
        "versicherungs",
        "patienten",
    ),
    *("compte", "adhérent", "abonné", "cuenta", "cliente", "socio", "conto", "conta", "klant"),
    "rekening",
)


class PrivacyConfig(Section):
    """Personal data in the real rows and in what is made from them."""

    redact: Literal["remote", "always", "never"] = "remote"
    """Put placeholders such as [EMAIL_1] for personal data in every prompt: to a model that is not
    on this machine, to any, or to none. The rows of the run and of the training stay as they are.
    """
    outputs: Literal["reject", "keep", "placeholder"] = "reject"
    """A synthetic row with data that a real person could own: drop it, keep it, or keep it with
    placeholders. What cannot be anybody's (example.com, 555-0100, test cards) does not count.
    """
    id_words: tuple[str, ...] = ID_WORDS
    """What the owner of a number is called in "account number 12345678" or "Kundennummer 4711 22".
    """
    public: tuple[str, ...] = ()
    """Values that everybody may know, such as your own hotline; case, blanks and dashes in them do
    not matter.
    """
    patterns: dict[str, str] = {}
    """Kinds of your own, by name: a regular expression each, such as `badge: "B-[0-9]{6}"`. How
    long one takes on a hostile text is up to you.
    """

    def hides_from(self, model: ModelConfig) -> bool:
        """Whether this model is shown placeholders."""
        return self.redact == "always" or (self.redact == "remote" and model.is_remote)

    @model_validator(mode="after")
    def _own_patterns_can_be_used(self) -> Self:
        """In `patterns` each kind is named in a-z, 0-9 and _, from a letter on, and has a regular
        expression that matches no empty text.
        """
        for name, pattern in self.patterns.items():
            if not KIND.fullmatch(name):
                raise ValueError(f"patterns: a kind is named in a-z, 0-9 and _; not {name!r}")
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"patterns.{name} is no regular expression: {error}") from None
            if compiled.search(""):
                raise ValueError(f"patterns.{name} matches an empty text")
        return self
