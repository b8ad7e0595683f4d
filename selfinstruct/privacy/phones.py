"""Telephone numbers: by their country's code, by the form of a nation, or by the word before."""

import re
from collections.abc import Callable, Iterator, Sequence

from selfinstruct.privacy import fictional
from selfinstruct.privacy.numbers import digits, is_international
from selfinstruct.privacy.place import GAP, NUMBER_WORD, ORDER, Place, is_date, led_by

W = "0-9A-Za-z_"
"""Letters of other scripts may stand beside a number without a blank."""
INTERNATIONAL = re.compile(
    rf"(?<![{W}+.,-])(?:\+|00(?=[ (]?[1-9])) ?\(?\d(?:(?:{GAP}|[()]){{0,3}}\d){{6,15}}(?!{GAP}?\d)"
)
NORTH_AMERICA = re.compile(
    rf"(?<![{W}+.,/-])(?<!\d )(?:1[ .-])?(?:\([2-9]\d\d\)[ -]?|[2-9]\d\d[ .-])"
    rf"[2-9]\d\d[ .-]\d{{4}}(?![{W}]|[.,:/-]\d)"
)
TRUNK = re.compile(
    rf"(?<![{W}+.,/-])\(?0[1-9]\d{{0,4}}\)?(?:{GAP}{{1,3}}\d{{2,8}}){{1,5}}(?![{W}]|[:,]\d|{GAP}?\d)"
)
MOBILE = re.compile(rf"(?<![{W}.,-])(?:07\d{{9}}|0[67]\d{{8}}|01[567]\d{{8,9}})(?![{W}]|[.,-]\d)")
CALLED = re.compile(
    r"(?i)(?:(?<![^\W\d_])(?:phone|telephone|tel|mobile|cell|cellphone|fax|whatsapp|landline|sms"
    r"|call|(?:call|ring|text|reach|phone)(?: me| us| him| her| them| back)|handy|telefon|mobil"
    r"|anruf\w{0,3}|rufnummer|(?:telefon|handy|mobil)nummer|téléphone|tél|portable|appel\w{0,4}(?:-moi)?|teléfono"
    r"|móvil|llám\w{0,4}|telefono|cellulare|telefone|celular|telemóvel|телефон\w{0,2}|тел)"
    r"|電話|电话|手机|携帯|전화|연락처|هاتف|फ़ोन)"
    rf"(?:\W{{0,3}}(?:番号|号码|{NUMBER_WORD}|is|ist|est|es|at|on|unter|au|al|:)){{0,3}}"
    r"[\s:\uff1a.=#()\u200e\u200f\u202a-\u202e\u2066-\u2069]{0,4}$"
)
PLAIN = re.compile(
    rf"(?<![{W}+.,-])(?<!\d )\(?\d(?:[()]?{GAP}?[()]?\d){{6,13}}(?![{W}]|[.,:]\d|{GAP}\d)"
)


def phone(text: str) -> Iterator[Place]:
    """Telephone numbers: with a country's code, in the national forms of North America, Britain,
    Germany and France, and any other number behind a word that says it can be called.
    """
    for pattern, is_one in FORMS:
        for found in pattern.finditer(text):
            number = digits(found[0].replace("(0)", ""))
            if is_one(found[0], number):
                nobodys = fictional.is_nobodys_phone(number.removeprefix("00"))
                yield Place(*found.span(), not (nobodys or led_by(ORDER, text, found.start())))
    for found in PLAIN.finditer(text):
        if led_by(CALLED, text, found.start()) and not is_date(found[0]):
            yield Place(*found.span(), not fictional.is_nobodys_phone(digits(found[0])))


def _is_trunk(text: str, number: str) -> bool:
    """9 to 12 digits that are no date; in pairs only as the French write them, five and alike."""
    groups = re.findall(r"\d+", text)
    if all(len(group) == 2 for group in groups):
        return len(groups) == 5 and len(set(re.findall(GAP, text))) == 1
    return 9 <= len(number) <= 12 and not is_date(text)


FORMS: Sequence[tuple[re.Pattern[str], Callable[[str, str], bool]]] = (
    (INTERNATIONAL, lambda _, number: is_international(number.removeprefix("00"))),
    (NORTH_AMERICA, lambda text, _: not is_date(text)),
    (TRUNK, _is_trunk),
    (MOBILE, lambda _text, _number: True),
)
