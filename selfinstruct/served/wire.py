"""One endpoint's connections: a body out, a whole reply in, within a time and a size.

A redirect is a reply like any other, cookies are not kept, no proxy is used but the one that is
given, and no address is connected to that was not checked.
"""

import asyncio
import socket
import ssl
import zlib
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from selfinstruct.endpoint import Endpoint, Resolve, check_resolved
from selfinstruct.served.trouble import Reply, TryError

CONNECT_S = 10.0
MAX_BYTES = 2 * 2**20
"""A longer answer is broken off; the longest that models write are a tenth of it."""


class Wire:
    """Connections to one endpoint, made when first needed and kept open until `close`.

    With a proxy, it is the proxy that looks names up.
    """

    def __init__(self, endpoint: Endpoint, resolve: Resolve, proxy: str | None = None) -> None:
        self._endpoint = endpoint
        self._resolve = resolve
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        url: str,
        body: bytes | aiohttp.FormData | None,
        headers: Mapping[str, str],
        seconds: float,
        most: int = MAX_BYTES,
    ) -> Reply:
        """The reply to a POST of `body`, or to a GET where it is None, of at most `most` bytes.

        Raises `TryError` if there is none, or none to be used, and `UserError` for a host that
        leads where nothing may be asked.
        """
        session = self._open()
        method = "GET" if body is None else "POST"
        try:
            async with (
                asyncio.timeout(seconds),
                session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                    proxy=self._proxy,
                ) as response,
            ):
                read = await _read(response, most)
                return Reply(response.status, response.headers, read)
        except TimeoutError:
            raise TryError("unreached", f"no answer within {seconds:g} s") from None
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError, zlib.error) as error:
            raise TryError("passing", f"the answer broke off: {error}") from None
        except (aiohttp.ClientError, OSError) as error:
            told = getattr(error, "os_error", error)  # without aiohttp's own words around it
            raise TryError("unreached", str(told) or type(told).__name__) from None

    async def close(self) -> None:
        """Let all connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = None if self._proxy else _Checked(self._endpoint, self._resolve)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,  # how many are under way is the pace's business
                    resolver=resolver,
                    ssl=ssl.create_default_context(),  # SSL_CERT_FILE counts
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a few bytes can unpack to gigabytes
                headers={"Accept-Encoding": "identity", "User-Agent": "selfinstruct"},
            )
        return self._session


class _Checked(AbstractResolver):
    """Looks the host up and hands on what may be connected to: checked and used are the same."""

    def __init__(self, endpoint: Endpoint, resolve: Resolve) -> None:
        self._endpoint = endpoint
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of the endpoint; `family` is left to the connector."""
        del family
        found = await asyncio.to_thread(check_resolved, self._endpoint, self._resolve)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing to free."""


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, unpacked. Raises `TryError` where it is longer than `most`, packed or not."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > most:
            raise _too_long(most)
        parts.append(part)
    body = b"".join(parts)
    if response.headers.get("Content-Encoding", "identity").lower() not in ("gzip", "deflate"):
        return body
    body = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, most + 1)
    if len(body) > most:
        raise _too_long(most)
    return body


def _too_long(most: int) -> TryError:
    return TryError("passing", f"the answer is longer than {most / 2**20:g} MiB and was broken off")
