"""Where the pages are: a loopback socket, the names it answers to, the secrets of one launch."""

import secrets
import socket
from dataclasses import dataclass, field

from selfinstruct.errors import UserError

LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
BITS = 256


def new_secret() -> str:
    """256 bits of chance, as 43 characters that may stand in an address."""
    return secrets.token_urlsafe(BITS // 8)


@dataclass(frozen=True, slots=True)
class Address:
    """One launch of the server: `token` is what every call of the review page carries, `key` what
    the path of every page of the dashboard carries.
    """

    host: str
    port: int
    token: str = field(default_factory=new_secret, repr=False)
    key: str = field(default_factory=new_secret, repr=False)

    @property
    def hosts(self) -> frozenset[str]:
        """The exact values of a `Host` header that are answered."""
        if ":" in self.host:
            return frozenset({f"[{self.host}]:{self.port}"})
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def review(self) -> str:
        """The address of the review page. A browser keeps the fragment to itself."""
        return f"{self.origin}/#{self.token}"

    def pairs(self, contest: str) -> str:
        """The address of the page of a contest's pairs."""
        return f"{self.origin}/pairs?of={contest}#{self.token}"

    @property
    def dashboard(self) -> str:
        """The path below which the read-only pages are. They work without JavaScript, so that
        their secret is in the path: it can read, and write nothing.
        """
        return f"/{self.key}/"


def listen(host: str = "127.0.0.1", port: int = 0) -> tuple[socket.socket, Address]:
    """A listening socket of this machine alone, at a free port for 0; and its address.

    Raises `UserError` for a host that others could reach, and for a port that is taken.
    """
    family = LOOPBACK.get(host)
    if family is None:
        raise UserError(
            f"{host} is not an address of this machine alone",
            why="whoever can reach the page can read the rows and decide over them",
            next_step="leave --host out; from elsewhere: ssh -L PORT:127.0.0.1:PORT THIS_MACHINE, "
            "with --port PORT here",
        )
    numeric = "127.0.0.1" if family == socket.AF_INET else host
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((numeric, port))
        sock.listen(64)
    except (OSError, OverflowError) as error:
        sock.close()
        told = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"port {port} of {numeric} cannot be used: {told}",
            next_step="name another --port, or leave it out for a free one",
        ) from None
    return sock, Address(numeric, sock.getsockname()[1])
