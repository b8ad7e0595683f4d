"""Licences as SPDX writes them, told in the words that the Hub's metadata knows."""

import re
from collections.abc import Iterable, Mapping, Sequence

from selfinstruct.licenses import UNKNOWN, terms_of
from selfinstruct.types import Example

KNOWN = frozenset(
    (
        *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "mpl-2.0", "unlicense"),
        *("cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-3.0"),
        *("cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0"),
        *("odbl", "pddl", "openrail", "gemma", "llama2", "llama3", "llama3.1", "llama3.2"),
        *("llama3.3", "cdla-permissive-2.0", "cdla-sharing-1.0", "odc-by"),
    )
)
"""Of the list in the Hub's documentation, those that rows and weights come under."""
SAME = {"odbl-1.0": "odbl", "pddl-1.0": "pddl", "odc-by-1.0": "odc-by"}
"""SPDX's names that the Hub shortens."""


LICENSE = "LICENSE.md"
"""The file that the metadata points to where the Hub does not know a licence: it takes a file of
this name, or an address."""


def on_hub(term: str) -> str:
    """The Hub's word for one licence; `other` for one it does not know, `unknown` for none."""
    if term == UNKNOWN:
        return "unknown"
    name = SAME.get(term.casefold(), term.casefold())
    return name if name in KNOWN else "other"


def explained(terms: Iterable[str]) -> Mapping[str, str]:
    """What the Hub wants beside the word `other`: a name for the licence and where its text is;
    nothing where it knows all of these.
    """
    unknown = sorted({term for term in terms if on_hub(term) == "other"})
    if not unknown:
        return {}
    name = re.sub("[^a-z0-9.]+", "-", unknown[0].casefold()).strip("-.") or "other"
    return {"license_name": name if len(unknown) == 1 else "several", "license_link": LICENSE}


def dataset_license(rows: Iterable[Example]) -> list[str]:
    """All that rows come under, each once and sorted."""
    terms = {term for row in rows for term in terms_of(row.license)}
    return sorted({on_hub(term) for term in terms} or {"unknown"})


def model_license(terms: Sequence[str]) -> str:
    """One word for weights that come under all of these, as the Hub wants it: the one there is,
    `unknown` where one of them is, and `other` for several.
    """
    words = {on_hub(term) for term in terms} or {"unknown"}
    if "unknown" in words:
        return "unknown"
    return words.pop() if len(words) == 1 else "other"
