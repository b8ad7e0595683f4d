import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import read_endpoint
from selfinstruct.errors import UserError
from selfinstruct.served.key import read_key

CANARY = "sk-canary-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", CANARY)


def read(url: str, env: str = "TEACHER_KEY") -> str | None:
    cfg = ModelConfig(backend="openai", name="m", base_url=url, api_key_env=env, allow_http=True)
    return read_key(cfg, read_endpoint(url, allow_http=True))


@pytest.mark.parametrize(
    ("url", "env", "key"),
    [
        ("https://api.example.com/v1", "TEACHER_KEY", CANARY),
        ("http://127.0.0.1:1/v1", "TEACHER_KEY", CANARY),
        ("http://127.0.0.1:1/v1", "UNSET_KEY", None),
        ("http://gpu-box:8000/v1", "TEACHER_KEY", None),
    ],
)
def test_where_the_key_goes(url: str, env: str, key: str | None) -> None:
    assert read(url, env) == key


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UserError, match=r"api\.example\.com needs a key, and UNSET_KEY is not set"):
        read("https://api.example.com/v1", "UNSET_KEY")


@pytest.mark.parametrize("key", ["sk-canary-é-0123456789", "sk-canary\n0123456789"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("TEACHER_KEY", key)
    with pytest.raises(UserError, match="TEACHER_KEY holds characters") as raised:
        read("http://127.0.0.1:9/v1")
    assert "canary" not in str(raised.value)
