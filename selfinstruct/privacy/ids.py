"""Numbers that stand for a person: of banks, of cards, of the state, of whoever has customers."""

import functools
import re
from collections.abc import Iterator, Sequence

from selfinstruct.privacy import fictional
from selfinstruct.privacy.numbers import digits, is_card, is_iban
from selfinstruct.privacy.place import BLANK, NUMBER_WORD, ORDER, Detector, Place, is_date, led_by

IBAN = re.compile(r"(?i)(?<![^\W_])[A-Z]{2}[0-9]{2}(?=[ -]?[A-Z0-9]{2,4})")


def iban(text: str) -> Iterator[Place]:
    """IBANs, in one piece or in groups; what follows one is not read into it."""
    for found in IBAN.finditer(text):
        read = ""
        for end in range(found.start(), min(len(text), found.start() + 50)):
            char = text[end]
            if char.isascii() and char.isalnum():
                read += char.upper()
                after = text[end + 1 : end + 2]
                if is_iban(read) and not (after.isascii() and after.isalnum()):
                    yield Place(found.start(), end + 1, read not in fictional.IBANS)
                    break
            elif char not in " \u00a0-":
                break


CARD = re.compile(
    rf"(?<![\w.,])(?:\d{{13,19}}|\d{{4}}({BLANK})\d{{4}}\1\d{{4}}\1\d{{1,7}}(?:\1\d{{3}})?"
    rf"|\d{{4}}({BLANK})\d{{4,6}}\2\d{{4,5}})(?!\w|[.,]\d)"
)


def card(text: str) -> Iterator[Place]:
    """Payment cards in one piece or in their usual groups, but for an order's number."""
    for found in CARD.finditer(text):
        number = digits(found[0])
        if is_card(number):
            nobodys = fictional.is_nobodys_card(number) or led_by(ORDER, text, found.start())
            yield Place(*found.span(), not nobodys)


NATIONAL_WORDS = (
    r"(?<![^\W\d_])(?:ssn|social security|itin|passport|national insurance|nino|ni"
    r"|tax(?:payer)?(?: file)?|tin|driv(?:er'?s|ing) licen[cs]e|medicare|nhs|national identity"
    r"|identity card|(?:reise|personal)?pass|personalausweis\w{0,3}|ausweis\w{0,3}"
    r"|steuer-?id\w{0,20}|steuer(?:identifikations)?|sozialversicherungs|rentenversicherungs|führerschein\w{0,3}"
    r"|sécurité sociale|sécu|passeport|carte d'identité|permis de conduire|dni|nie|nif|pasaporte"
    r"|seguridad social|codice fiscale|carta d'identità|passaporto|cpf|bsn|pesel|aadhaar|паспорт)"
)
NATIONAL = re.compile(
    rf"(?i){NATIONAL_WORDS}[ -]?{NUMBER_WORD}?(?:\W{{1,3}}(?:card|{NUMBER_WORD}))?"
    r"(?:\W{1,2}(?:is|ist|est|es|è))?[.:=#]{0,2}\s{0,2}"
    r"((?-i:[A-Z]{0,6}) ?[0-9](?:[ .-]?(?:[0-9]|(?-i:[A-Z](?![a-z])))){4,24})(?!\w|[.,]\d)"
)


def national_id(text: str) -> Iterator[Place]:
    """Numbers of passports, tax and social insurance and the like, behind the word for it."""
    for found in NATIONAL.finditer(text):
        number = digits(found[1])
        if len(number) >= 5:
            american = found[0].lower().startswith(("ssn", "social"))
            yield Place(*found.span(1), not (american and fictional.SSNS.fullmatch(number)))


@functools.cache
def account_of(words: Sequence[str]) -> Detector:
    """Numbers that stand for a person with somebody, behind one of these words."""
    if not words:
        return lambda _: iter(())
    owners = "|".join(re.escape(word) for word in words)
    before = r"(?:n[uú]m[eé]ro|número|no|n°|nº)\.?\s(?:de |du |di |del |d'|do )?"
    pattern = re.compile(
        rf"(?i)(?<![^\W\d_])({before})?(?:{owners})(?:'s|s)?(?:[ -]card)?"
        rf"((?:[ _-]?|\s\(){NUMBER_WORD}(?![^\W\d_]))?"
        r"(?:\W{1,2}(?:is|was|ist|lautet|est|es|è))?\s?[.:=#]{0,2}\s{0,2}#?"
        r"((?-i:[A-Z]{0,4})-?[0-9](?:-?[A-Z0-9]){2,24}(?: [0-9]{2,6}){0,4})"
        r"(?![^\W_]|[.,:/][0-9])"
    )

    def account(text: str) -> Iterator[Place]:
        for found in pattern.finditer(text):
            marked = found[1] or found[2]
            if len(digits(found[3])) >= (4 if marked else 6) and not is_date(found[3]):
                yield Place(*found.span(3))

    return account
