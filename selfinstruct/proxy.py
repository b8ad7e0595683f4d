"""The proxy that the environment names (HTTPS_PROXY, ALL_PROXY, NO_PROXY) for an endpoint."""

from urllib.request import getproxies, proxy_bypass

from selfinstruct.endpoint import Endpoint
from selfinstruct.errors import UserError


def named_proxy(endpoint: Endpoint) -> str | None:
    """The proxy that the environment names for an endpoint; for this machine there is none."""
    if endpoint.local or proxy_bypass(endpoint.host):
        return None
    named = getproxies()
    return named.get(endpoint.scheme) or named.get("all") or None


def proxy_of(endpoint: Endpoint) -> str | None:
    """The same, to be used. Raises `UserError` for a kind of proxy that cannot be."""
    proxy = named_proxy(endpoint)
    if proxy and not proxy.startswith(("http://", "https://")):
        raise UserError(
            f"the environment names a proxy for {endpoint.host} that speaks neither http nor https",
            next_step=f"set {endpoint.scheme.upper()}_PROXY to an http proxy, or use_proxy: false",
        )
    return proxy
