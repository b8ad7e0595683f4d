"""Templates and demonstrations in, prompts with their version and parents out."""

from selfinstruct.prompting.check import check
from selfinstruct.prompting.demos import choose_demos, choose_row
from selfinstruct.prompting.prompts import SHIPPED, Arm, Form, Prompts
from selfinstruct.prompting.shelf import Kind, Shelf
from selfinstruct.prompting.template import (
    SUFFIX,
    Source,
    Template,
    compose,
    near_name,
    parse,
    references,
    shipped,
    shipped_sources,
)

__all__ = [
    "SHIPPED",
    "SUFFIX",
    "Arm",
    "Form",
    "Kind",
    "Prompts",
    "Shelf",
    "Source",
    "Template",
    "check",
    "choose_demos",
    "choose_row",
    "compose",
    "near_name",
    "parse",
    "references",
    "shipped",
    "shipped_sources",
]
