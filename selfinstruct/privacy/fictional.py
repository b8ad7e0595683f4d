"""What has the form of personal data and can be nobody's: kept free for examples, tests and films.

Addresses of a function rather than a person count among it, and numbers that the textbooks use up.
"""

import ipaddress
import re

DOMAINS = re.compile(
    r"(?:^|[.@])(?:example\.(?:com|net|org)|example|test|invalid|localhost|local)$"
)
"""RFC 2606, RFC 6761 and RFC 6762."""

ROLES = frozenset(
    [
        # RFC 2142
        *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster"),
        *("hostmaster", "usenet", "news", "webmaster", "www", "ftp"),
        # as common
        *(
            "accounts",
            "accounting",
            "admin",
            "alerts",
            "billing",
            "care",
            "contact",
            "customercare",
        ),
        *("customerservice", "customersupport", "feedback", "git", "hello", "help", "helpdesk"),
        *("hr", "invoices", "jobs", "kontakt", "legal", "mail", "no-reply", "noreply", "office"),
        *("orders", "payments", "press", "privacy", "refunds", "returns", "service", "team"),
    ]
)
"""Local parts of addresses behind which no single person reads."""

FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "py", "html", "pdf"})
"""Endings that make a name such as `icon@2x.png` a file's."""

CARDS = frozenset(
    [
        # the test numbers that payment providers publish
        *("4111111111111111", "4242424242424242", "4012888888881881", "4222222222222"),
        *("4000056655665556", "5555555555554444", "5105105105105100", "2223003122003222"),
        *("5200828282828210", "2223000048400011", "5454545454545454", "4444333322221111"),
        *("378282246310005", "371449635398431", "378734493671000", "6011111111111117"),
        *("6011000990139424", "6011981111111113", "30569309025904", "38520000023237"),
        *("3056930009020004", "36227206271667", "3530111333300000", "3566002020360505"),
        *("6200000000000005", "6205500000000000004", "4917610000000000"),
    ]
)
STRIPE = "400000"
"""Stripe's test cards for declines and checks all begin so."""

IBANS = frozenset(
    [
        # the examples of the ISO 13616 registry, and the one of every textbook
        *("AT611904300234573201", "BE68539007547034", "CH9300762011623852957"),
        *("CZ6508000000192000145399", "DE89370400440532013000", "DK5000400440116243"),
        *("ES9121000418450200051332", "FI2112345600000785", "FR1420041010050500013M02606"),
        *("GB29NWBK60161331926819", "GB82WEST12345698765432", "GB33BUKB20201555555555"),
        *("GR1601101250000000012300695", "HU42117730161111101800000000"),
        *("IE29AIBK93115212345678", "IT60X0542811101000000123456", "LU280019400644750000"),
        *("NL91ABNA0417164300", "NO9386011117947", "PL61109010140000071219812874"),
        *("PT50000201231234567890154", "SE4550000000058398257466", "DE02120300000000202051"),
    ]
)

PHONES = re.compile(
    "|".join(
        [
            r"1?[2-9]\d\d55501\d\d",  # North America: 555-0100 to 555-0199
            # Ofcom's numbers for drama
            r"(?:44|0)(?:7700900|1632960|2079460|11[3-8]4960)\d{3}",
            r"(?:44|0)(?:1[2-6]14960|1914980|2896496|2920180|8081570|9098790|3069990)\d{3}",
            r"(?:33|0)(?:19900|26191|35301|46571|53649|63998)\d{4}",  # ARCEP 2018-0881
            r"(?:61|0)(?:491570(?:006|156|157|158|159|110)|[2378](?:5550|7010)\d{4})",  # ACMA
            # Bundesnetzagentur, numbers for drama
            r"(?:49|0)(?:3023125|6990009|4066969|2214710|8999998)\d{3}",
            r"(?:49|0)(?:15228817386|15228895456|15254599371|1729925904|1729968532)",
            r"(?:49|0)(?:172997318[56]|1729980752|1749091317|1749464308)",
        ]
    )
)

SSNS = re.compile(r"(?:000|666|9\d\d)\d{6}|\d{3}00\d{4}|\d{5}0000|078051120|219099999")
"""Never given out (SSA), or printed in an advertisement."""

RESOLVERS = frozenset(
    [*("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"), "2001:4860:4860::8888"]
)
"""Public name servers, which stand in every manual."""


def is_nobodys_mail(address: str) -> bool:
    """Whether an address is an example's, a function's, or a file's name."""
    local, _, domain = address.lower().rpartition("@")
    if DOMAINS.search(f"@{domain}") or domain.rpartition(".")[2] in FILES:
        return True
    return local.replace("_", "").replace(".", "") in ROLES or local in ROLES


def is_nobodys_card(number: str) -> bool:
    """Whether the digits are a published test card's."""
    return number in CARDS or number.startswith(STRIPE) or len(set(number[1:])) == 1


def is_nobodys_phone(number: str) -> bool:
    """Whether the digits, with or without their country's, are kept free for films and books."""
    return bool(PHONES.fullmatch(number)) or len(set(number[-7:])) == 1


def is_nobodys_ip(text: str) -> bool:
    """Whether an address is a documentation's (RFC 5737, RFC 3849), not routed at all, or one that
    everybody asks.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    if address.version == 6 and int(address) >> 125 != 1:  # 2000::/3 is all that is given out
        return True
    return not address.is_global or address.is_multicast or text in RESOLVERS
