"""Where something with the form of personal data stands, and what detectors share to tell it.

A detector takes a text and yields places, in time linear in the text: each pattern starts where the
character before it rules out all but one start in a run, and is bounded from there. What a form
alone cannot tell, a check digit or a word in front of it must.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Place(NamedTuple):
    """`text[start:end]` has the form; `real` is whether it can be somebody's.

    What cannot is told all the same, so that no other kind is looked for inside of it.
    """

    start: int
    end: int
    real: bool = True


Detector = Callable[[str], Iterator[Place]]

GAP = r"[ \u00a0\u2009\u202f\u2010\u2011\u2013.\-/]"
"""What people put between groups of digits."""
BLANK = r"[ \u00a0\u2009\u202f\u2010\u2011\u2013-]"
LED = 40
"""Characters before a number in which the word that explains it ends."""

NUMBER_WORD = (
    r"(?:numbers?|numeros?|numéros?|números?|nummer|numero|num|no|nr|id|ids|code|#|n[°º]|№)"
)
ORDER = re.compile(
    r"(?i)(?:(?<![^\W\d_])(?:order|invoice|ticket|ref|reference|tracking|shipment|parcel|case|claim"
    r"|transaction|receipt|serial|batch|sku|item|model|part|isbn|ean|issn|imei|upc|version|build"
    r"|release|bestell\w{0,8}|rechnung\w{0,8}|auftrag\w{0,8}|sendung\w{0,8}|commande|facture|colis"
    r"|suivi|pedido|factura|envío|ordine|fattura|encomenda)"
    rf"(?:\W{{0,3}}{NUMBER_WORD})?(?:\W{{1,3}}(?:is|ist|est|es))?[.:#°=]?\s{{0,2}}|[#№]\s?)$"
)

CALENDAR = re.compile(
    r"(?:19|20)[0-9]{2}(?:-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01]))(?![0-9])"
    r"|[0-9]{1,2}([./-])[0-9]{1,2}\1(?:19|20)[0-9]{2}(?![0-9])"
    r"|(?:19|20)[0-9]{2}[ /.-]{1,3}(?:19|20)[0-9]{2}(?![0-9])"
)


def led_by(words: re.Pattern[str], text: str, start: int) -> bool:
    """Whether the words, a pattern that ends with `$`, stand right before a place."""
    return words.search(text, max(0, start - LED), start) is not None


def is_date(text: str) -> bool:
    """Whether a text begins with a date that has a year of four digits, or with two such years."""
    return CALENDAR.match(text) is not None
