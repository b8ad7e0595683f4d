import pytest

from selfinstruct.endpoint import read_endpoint
from selfinstruct.errors import UserError
from selfinstruct.proxy import proxy_of


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://a.test/v1", {"https_proxy": "http://p:1"}, "http://p:1"),
        ("https://a.test/v1", {"all_proxy": "http://p:2"}, "http://p:2"),
        ("https://a.test/v1", {"http_proxy": "http://p:1"}, None),
        ("https://a.test/v1", {"https_proxy": "http://p:1", "no_proxy": "a.test"}, None),
        ("http://127.0.0.1/v1", {"http_proxy": "http://p:1"}, None),
    ],
)
def test_which_proxy_is_meant(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: dict[str, str], proxy: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_of(read_endpoint(url)) == proxy


def test_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://me:secret@p:1")
    with pytest.raises(UserError, match="neither http nor https") as raised:
        proxy_of(read_endpoint("https://a.test/v1"))
    assert "secret" not in str(raised.value)
