"""Where a served model may be asked: over https or on this machine, never a cloud's own services.

Real rows and a key go where a config says, and configs are passed around: none may aim them at a
metadata service or down an open wire. Knows addresses; sends nothing.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from selfinstruct.errors import UserError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]
"""A host and a port in, its IP addresses out; raises `OSError` where it has none."""

FORBIDDEN = tuple(
    (ipaddress.ip_network(network), owner)
    for network, owner in (
        ("169.254.0.0/16", "link-local, where clouds hand out credentials"),  # RFC 3927
        ("fe80::/10", "link-local"),  # RFC 4291
        ("fd00:ec2::/32", "Amazon's metadata service"),
        ("fd20:ce::254/128", "Google's metadata service"),
        ("100.100.100.200/32", "Alibaba's metadata service"),
        ("192.0.0.192/32", "Oracle's metadata service"),
        ("168.63.129.16/32", "Azure's host agent"),
        ("0.0.0.0/8", "no machine's address"),  # Linux takes it for loopback
        ("::/128", "no machine's address"),
        ("224.0.0.0/3", "multicast or reserved"),
        ("ff00::/8", "multicast"),
    )
)
CARRIERS = tuple(
    ipaddress.ip_network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
"""IPv6 networks whose last 32 bits are an IPv4 address (RFC 4291, 2765, 6052)."""

PRINTABLE = re.compile(r"[!-\[\]-~]+")
"""ASCII without blanks, and without the backslash, which not all parsers read alike."""
NAME = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?")
NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\.?")


@dataclass(frozen=True)
class Endpoint:
    """An address that passed `read_endpoint`."""

    scheme: str
    host: str
    port: int
    local: bool
    """Whether it is this machine by its very name."""


def read_endpoint(url: str, *, allow_http: bool = False) -> Endpoint:
    """A `base_url` in, its parts out, nothing looked up.

    Raises `UserError` for another scheme, a key or a query in it, an address written oddly or
    forbidden, and plain http to another machine without `allow_http`. No message repeats the URL.
    """
    parts, port = _split(url)
    host = parts.hostname or ""
    address = _address(host)
    if address is not None:
        _refuse_forbidden(address)
    local = host == "localhost" or (address is not None and address.is_loopback)
    if parts.scheme == "http" and not (local or allow_http):
        raise UserError(
            f"base_url asks {host} over plain http",
            why="everyone on the way can read the rows it is sent and change its answers",
            next_step="use https, or allow_http: true beside base_url on a network you trust",
        )
    return Endpoint(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), local)


def check_resolved(endpoint: Endpoint, resolve: Resolve) -> list[str]:
    """The addresses behind the host, if every one of them may be asked.

    Raises `UserError` for a forbidden one, and for one elsewhere behind a name of this machine;
    whatever `resolve` raises passes through.
    """
    found = list(resolve(endpoint.host, endpoint.port))
    for each in found:
        address = ipaddress.ip_address(each)
        _refuse_forbidden(address)
        if endpoint.local and not address.is_loopback:
            raise UserError(
                f"{endpoint.host} leads to {address}, which is not this machine",
                next_step="mend the hosts file, or write 127.0.0.1 in base_url",
            )
    return found


def look_up(host: str, port: int) -> list[str]:
    """The addresses the system would connect to. Raises `OSError` where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not PRINTABLE.fullmatch(url):
        raise _malformed("base_url holds blanks, backslashes or letters outside ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _malformed("base_url cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _malformed("base_url is no http or https address")
    if "@" in parts.netloc:
        raise _malformed("base_url holds a user or a password")
    if "?" in url or "#" in url:
        raise _malformed("base_url holds a query, where keys hide")
    return parts, port


def _malformed(what: str) -> UserError:
    return UserError(
        what,
        why="a config is copied into the run's folder and shown, so no secret may stand in it",
        next_step="write it like https://HOST/v1; the key goes into the variable of api_key_env",
    )


def _address(host: str) -> Address | None:
    """The address a host is written as, None for a name. Raises `UserError` for an odd number.

    A host whose last label is a number is an IPv4 address (WHATWG URL, "ends in a number"), and C
    libraries read octal, hexadecimal and undotted ones, where a reader sees no 169.254.169.254.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    last = host.removesuffix(".").rpartition(".")[2]
    if NUMBER.fullmatch(last) or not NAME.fullmatch(host):
        raise UserError(
            f"base_url names its host oddly: {host}",
            why="other programs may read another address in it",
            next_step="write a name, or an address such as 10.0.0.7 or [fd12::7]",
        )
    return None


def _refuse_forbidden(address: Address) -> None:
    for meant in _readings(address):
        for network, owner in FORBIDDEN:
            if meant in network:
                raise UserError(
                    f"base_url leads to {meant}, which is {owner}",
                    why="no teacher is served there; a config that asks it may be a trap",
                    next_step="check base_url, and where it comes from",
                )


def _readings(address: Address) -> Iterator[Address]:
    """The address and the IPv4 address inside it, if it carries one."""
    yield address
    if address.is_loopback or isinstance(address, ipaddress.IPv4Address):
        return
    if any(address in network for network in CARRIERS):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
