"""Addresses of mail and of machines, and URLs with a user in them."""

import re
from collections.abc import Iterator

from selfinstruct.privacy import fictional
from selfinstruct.privacy.place import Place, led_by

VERSION = re.compile(
    r"(?i)(?:\bversion|\brelease|\bbuild|\bfirmware|\bv|\bver)[.:]?\s?$|[=<>~!]=\s?$"
)

MAIL = re.compile(
    r"(?<![\w.+'-])\w[\w.+'-]{0,63}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}"
    r"(?:[A-Za-z]{2,24}(?![A-Za-z0-9-])|[^\W\d_]{2,24}(?!\w))"
)


def mail(text: str) -> Iterator[Place]:
    """Addresses of mail that a person may read."""
    if "@" in text:
        for found in MAIL.finditer(text):
            yield Place(*found.span(), not fictional.is_nobodys_mail(found[0]))


LOGIN = re.compile(
    r"(?<!\w)[A-Za-z][A-Za-z0-9+.-]{1,15}://([^\s/@:\[\]]{1,64})(?::[^\s/@]{0,128})?@"
    r"([\w-]+(?:\.[\w-]+){0,8})(?::\d{1,5})?"
)


def login(text: str) -> Iterator[Place]:
    """URLs that hold a user, with or without the password."""
    if "@" in text:
        for found in LOGIN.finditer(text):
            yield Place(*found.span(), not fictional.is_nobodys_mail(f"{found[1]}@{found[2]}"))


IPV4 = re.compile(r"(?<![\w.:-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.\d|-\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{4,42}(?![\w:])")


def ip(text: str) -> Iterator[Place]:
    """Addresses of the internet that may be somebody's; not a version of four numbers."""
    for found in IPV4.finditer(text):
        nobodys = fictional.is_nobodys_ip(found[0]) or led_by(VERSION, text, found.start())
        yield Place(*found.span(), not nobodys)
    if text.count(":") < 3:
        return
    for found in IPV6.finditer(text):
        yield Place(*found.span(), not fictional.is_nobodys_ip(found[0]))
