import socket
import string

import pytest

from selfinstruct.errors import UserError
from selfinstruct.web.address import Address, listen, new_secret


def test_secrets_are_256_bits_and_never_the_same() -> None:
    found = {new_secret() for _ in range(50)}
    assert len(found) == 50
    assert all(len(secret) == 43 for secret in found)  # 6 bits a character
    assert set("".join(found)) <= set(string.ascii_letters + string.digits + "-_")


def test_a_launch_has_two_secrets_of_its_own_that_no_repr_shows() -> None:
    one, other = Address("127.0.0.1", 80), Address("127.0.0.1", 80)
    assert len({one.token, one.key, other.token, other.key}) == 4
    assert one.token not in repr(one) and one.key not in repr(one)
    assert one.review == f"http://127.0.0.1:80/#{one.token}"
    assert one.dashboard == f"/{one.key}/"


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "", "::", "192.168.1.5", "example.com", "127.0.0.2", "localhost.", "0", "127.1"],
)
def test_an_address_that_others_could_reach_is_refused(host: str) -> None:
    with pytest.raises(UserError, match="not an address of this machine alone"):
        listen(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_free_port_of_this_machine_is_listened_to(host: str) -> None:
    sock, address = listen(host)
    with sock:
        assert sock.getsockname() == ("127.0.0.1", address.port)
        assert address.hosts == {f"127.0.0.1:{address.port}", f"localhost:{address.port}"}
        with socket.create_connection(("127.0.0.1", address.port), timeout=5):
            pass


def test_of_ipv6_the_brackets_belong_to_the_name() -> None:
    assert Address("::1", 8123).hosts == {"[::1]:8123"}
    assert Address("::1", 8123).origin == "http://[::1]:8123"


def test_a_port_that_is_taken_is_told() -> None:
    sock, address = listen()
    with sock, pytest.raises(UserError, match=f"port {address.port} of 127.0.0.1 cannot be used"):
        listen(port=address.port)
