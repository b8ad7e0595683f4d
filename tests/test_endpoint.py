import socket
from collections.abc import Iterable

import pytest

from selfinstruct.endpoint import Endpoint, check_resolved, look_up, read_endpoint
from selfinstruct.errors import UserError

METADATA = "169.254.169.254"


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.example.com/v1", Endpoint("https", "api.example.com", 443, False)),
        ("https://API.example.com:8443", Endpoint("https", "api.example.com", 8443, False)),
        ("http://localhost:8000/v1", Endpoint("http", "localhost", 8000, True)),
        ("http://127.0.0.1/v1", Endpoint("http", "127.0.0.1", 80, True)),
        ("http://127.8.9.1/v1", Endpoint("http", "127.8.9.1", 80, True)),
        ("http://[::1]:8000/v1", Endpoint("http", "::1", 8000, True)),
        ("https://10.0.0.7/v1", Endpoint("https", "10.0.0.7", 443, False)),
        ("https://[fd12::7]/v1", Endpoint("https", "fd12::7", 443, False)),
        ("https://gpu_box-2.lan./v1", Endpoint("https", "gpu_box-2.lan.", 443, False)),
        ("https://localhost.evil.com/v1", Endpoint("https", "localhost.evil.com", 443, False)),
    ],
)
def test_an_endpoint_is_read(url: str, endpoint: Endpoint) -> None:
    assert read_endpoint(url) == endpoint


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://gpu-box:8000/v1", "asks gpu-box over plain http"),
        ("http://10.0.0.7/v1", "asks 10.0.0.7 over plain http"),
        ("http://localhost.evil.com/v1", "over plain http"),
        ("http://127.0.0.1.evil.com/v1", "over plain http"),
        ("ftp://127.0.0.1/v1", "no http or https address"),
        ("file:///etc/passwd", "no http or https address"),
        ("127.0.0.1:8000/v1", "no http or https address"),
        ("https:///v1", "no http or https address"),
        ("", "blanks, backslashes"),
        ("https://a.com/ v1", "blanks, backslashes"),
        ("https://a.com\\@b.com/v1", "blanks, backslashes"),
        ("https://a.com/v1\n", "blanks, backslashes"),
        ("https://a.com:99999/v1", "cannot be read"),
        ("https://[::1/v1", "cannot be read"),
        ("https://user:hunter22@a.com/v1", "a user or a password"),
        ("https://hunter22@a.com/v1", "a user or a password"),
        ("https://a.com/v1?key=hunter22", "a query"),
        ("https://a.com/v1#hunter22", "a query"),
        ("https://%31%36%39.254.169.254/v1", "names its host oddly"),
    ],
)
def test_an_endpoint_is_refused_with_the_rule_and_without_its_secret(url: str, words: str) -> None:
    with pytest.raises(UserError) as raised:
        read_endpoint(url)
    assert words in raised.value.what
    assert raised.value.why
    assert raised.value.next_step
    assert "hunter22" not in str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        METADATA,
        "169.254.0.1",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[::ffff:0:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[2002:a9fe:a9fe::]",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_permission_opens_a_forbidden_address(host: str, scheme: str) -> None:
    with pytest.raises(UserError, match="base_url leads to"):
        read_endpoint(f"{scheme}://{host}/latest", allow_http=True)


@pytest.mark.parametrize(
    "host",
    [
        "2852039166",
        "0xA9FEA9FE",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "169.254.169.254.",
        "2130706433",
        "127.1",
    ],
)
def test_an_address_is_written_in_the_common_way_or_not_at_all(host: str) -> None:
    with pytest.raises(UserError, match="names its host oddly"):
        read_endpoint(f"https://{host}/v1", allow_http=True)


def test_the_odd_forms_are_really_read_as_addresses_by_the_system() -> None:
    for host in ("2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518"):
        assert socket.inet_ntoa(socket.inet_aton(host)) == METADATA


def test_plain_http_to_another_machine_takes_a_word_in_the_config() -> None:
    assert read_endpoint("http://gpu-box:8000/v1", allow_http=True).host == "gpu-box"


@pytest.mark.parametrize(
    ("url", "addresses", "words"),
    [
        ("https://a.com/v1", ["93.184.216.34"], ""),
        ("https://a.com/v1", ["10.0.0.7", "127.0.0.1"], ""),
        ("http://localhost/v1", ["::1", "127.0.0.1"], ""),
        ("https://a.com/v1", [METADATA], "leads to 169.254.169.254, which is link-local"),
        ("https://a.com/v1", ["93.184.216.34", METADATA], "leads to 169.254.169.254"),
        ("https://a.com/v1", ["::ffff:169.254.169.254"], "leads to 169.254.169.254"),
        ("https://a.com/v1", ["fe80::1%eth0"], "leads to fe80::1%eth0, which is link-local"),
        ("https://a.com/v1", ["fd00:ec2::254"], "Amazon's metadata service"),
        ("http://localhost/v1", ["10.0.0.7"], "leads to 10.0.0.7, which is not this machine"),
    ],
)
def test_what_a_name_leads_to_counts(url: str, addresses: list[str], words: str) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> Iterable[str]:
        asked.append((host, port))
        return addresses

    endpoint = read_endpoint(url)
    if words:
        with pytest.raises(UserError, match=words):
            check_resolved(endpoint, resolve)
    else:
        check_resolved(endpoint, resolve)
    assert asked == [(endpoint.host, endpoint.port)]


def test_the_system_is_asked_for_addresses() -> None:
    assert look_up("127.0.0.1", 80) == ["127.0.0.1"]
    assert {"127.0.0.1", "::1"} & set(look_up("localhost", 80))
    with pytest.raises(OSError, match=r"."):
        look_up("nowhere.invalid", 80)
