"""Numbers that prove themselves: check digits, countries of IBANs and calling codes."""

# ISO 13616 registry: how many characters an IBAN of each country has.
_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
IBAN_LENGTHS = {
    country: length for length, countries in _LENGTHS.items() for country in countries.split()
}

_TWO = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64"
)
_MORE = "65 66 81 82 84 86 90 91 92 93 94 95 98"
_TENS = (21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 85, 88, 96, 97, 99)
CALLING_CODES = frozenset(
    [
        *f"{_TWO} {_MORE}".split(),
        *(str(code) for ten in _TENS for code in range(10 * ten, 10 * ten + 10)),
    ]
)
"""ITU-T E.164, but for zones 1 and 7; a range of ten, some not given out, counts whole."""

# ISO/IEC 7812: first digits of the card networks, with the lengths of their numbers.
_NETWORKS: tuple[tuple[range, frozenset[int]], ...] = (
    (range(4000, 5000), frozenset({13, 16, 19})),  # Visa
    (range(5100, 5600), frozenset({16})),  # Mastercard
    (range(2221, 2721), frozenset({16})),
    (range(3400, 3500), frozenset({15})),  # American Express
    (range(3700, 3800), frozenset({15})),
    (range(3000, 3060), frozenset({14, 16})),  # Diners Club
    (range(3600, 3700), frozenset({14, 16})),
    (range(3800, 4000), frozenset({14, 16})),
    (range(6011, 6012), frozenset({16})),  # Discover
    (range(6440, 6600), frozenset({16})),
    (range(3528, 3590), frozenset({16})),  # JCB
    (range(6200, 6300), frozenset({16, 17, 18, 19})),  # UnionPay
    (range(5000, 5100), frozenset({16, 18, 19})),  # Maestro
    (range(5600, 5900), frozenset({16, 18, 19})),
    (range(6304, 6305), frozenset({16, 18, 19})),
    (range(6759, 6764), frozenset({16, 18, 19})),
)


def digits(text: str) -> str:
    """The digits of a text, of any script, as 0 to 9."""
    return "".join(str(int(char)) for char in text if char.isdecimal())


def passes_luhn(number: str) -> bool:
    """Whether the last of the digits checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(number)):
        doubled = int(char) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def is_card(number: str) -> bool:
    """Whether some digits are a payment card's: first digits, length and check digit."""
    if not 13 <= len(number) <= 19:
        return False
    first = int(number[:4])
    known = any(first in firsts and len(number) in sizes for firsts, sizes in _NETWORKS)
    return known and passes_luhn(number)


def is_iban(text: str) -> bool:
    """Whether capitals and digits without blanks are an IBAN: length of its country, and mod 97 = 1
    with the first four characters moved to the end (ISO 13616-1).
    """
    if IBAN_LENGTHS.get(text[:2]) != len(text) or not (text.isascii() and text.isalnum()):
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def is_international(number: str) -> bool:
    """Whether digits behind a + can be a telephone number (E.164): a calling code, 8 to 15 digits,
    and of the two zones that are a plan of their own exactly 11.
    """
    if not 8 <= len(number) <= 15 or number.startswith("0"):
        return False
    if number[0] in "17":
        return len(number) == 11
    return number[:2] in CALLING_CODES or number[:3] in CALLING_CODES
