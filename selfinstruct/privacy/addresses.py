"""Streets with their numbers."""

import re
from collections.abc import Iterator

from selfinstruct.privacy.place import Place

CAPITAL = r"(?-i:[A-Z\u00c0-\u00de])[\w'\u2019-]{0,24}\.?"
OF = (
    r"(?:de la |de los |de l['\u2019]|des |del |du |de |d['\u2019]|della |dei |degli |delle |di "
    r"|da |do |dos |la |le )?"
)
NUMBER_FIRST = (
    # 221B Baker Street; 1600 Pennsylvania Ave NW; 12 N. Main St.
    r"\d{1,5}[A-Za-z]? (?:(?-i:[NSEW]{1,2})\.? )?"
    rf"(?:(?:{CAPITAL}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,3}}?"
    r"(?-i:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl"
    r"|Terrace|Square|Sq|Close|Crescent|Gardens|Grove|Mews|Parkway|Pkwy|Highway|Hwy)"
    r"(?![\w'\u2019-])",
    # 42 oxford street, typed in haste
    r"\d{1,5}[a-z]? (?!(?:the|a|an|of|on|in|at|to|per|and|or|more|new|other|main|busy|long|small"
    r"|this|that|my|our|your|miles?|km|cars?|people|days?|hours?|minutes?|st|nd|rd|th) )"
    r"[^\W\d_][\w'\u2019-]{0,24} (?:street|avenue|road|boulevard|lane)(?!\w)",
    # 12 bis, rue de la Paix
    r"\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|av\.|boulevard|bd|chemin|impasse|allée|quai|place"
    rf"|route|cours) {OF}{CAPITAL}(?: {CAPITAL}){{0,3}}",
    # P.O. Box 123, Postfach 10 20 30
    r"(?:p\.? ?o\.? ?box|postfach|apartado(?: de correos)?|casella postale) \d[\d ]{1,8}",
)
NAME_FIRST = (
    # Lindenstraße 12a, Hauptstr. 7, Keizersgracht 174
    r"(?-i:[A-ZÄÖÜ])[\wäöüß.-]{0,30}?(?:straße|strasse|str\.|weg|platz|allee|gasse|damm|ufer|straat"
    r"|laan|gracht|kade|plein|gatan|vägen) ?\d{1,4}(?: ?[a-z](?!\w))?",
    # Berliner Straße 114
    r"(?-i:[A-ZÄÖÜ])[\wäöüß-]{1,30}[ -]"
    r"(?-i:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm) \d{1,4}",
    # Am Markt 3, with its town behind it
    r"(?-i:Am|An der|An den|Im|In der|Auf der|Unter den|Zum|Zur) (?-i:[A-ZÄÖÜ])[\wäöüß-]{2,30}"
    r" \d{1,4}(?: ?[a-z](?!\w))?(?=,? \d{5})",
    # Calle Mayor 5, Via Roma, 12, Rua Augusta 100
    r"(?-i:Calle|C/|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Praça) ?"
    rf"{OF}{CAPITAL}(?: {CAPITAL}){{0,3}},? (?:n[º°]\.? ?)?\d{{1,4}}",
)
NUMBERED = re.compile(rf"(?i)(?<![\w.,$£€/:-])(?:{'|'.join(NUMBER_FIRST)})(?!\w)")
NAMED = re.compile(rf"(?i)(?<!\w)(?:{'|'.join(NAME_FIRST)})(?!\w)")
NO_STREETS = re.compile(
    r"(?i)\b(?:google|hard|flash|pen|thumb|usb|test|external|disk|supreme|tennis|best|easy|great)"
    r" (?:drive|court|way|place)$"
)


def address(text: str) -> Iterator[Place]:
    """A street with its number, as it is written in English, German, Dutch, French, Spanish,
    Italian and Portuguese, and boxes at the post office.
    """
    for pattern in (NUMBERED, NAMED):
        for found in pattern.finditer(text):
            yield Place(*found.span(), not NO_STREETS.search(found[0]))
