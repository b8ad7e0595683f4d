import pytest
from pydantic import ValidationError

from selfinstruct.config.model import ModelConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"backend": "openai", "name": "m"}, "needs base_url"),
        ({"backend": "llamacpp", "name": "sk-123"}, "a key stands in the config"),
        ({"backend": "openai", "name": "m", "base_url": "Bearer x"}, "a key stands"),
        ({"backend": "program", "name": "m:f", "api_key_env": "hf_abcdefghij"}, "never the key"),
        ({"backend": "program", "name": "m:f", "api_key_env": "abcdef123"}, "never the key"),
        ({"backend": "openai", "name": "m", "base_url": "https://a:b@c.d"}, "a user or a pass"),
        ({"backend": "openai", "name": "m", "base_url": "https://a.b/?key=c"}, "holds a query"),
        ({"backend": "openai", "name": "m", "base_url": "http://gpu-box/v1"}, "over plain http"),
        ({"backend": "openai", "name": "m", "base_url": "http://169.254.169.254"}, "link-local"),
    ],
)
def test_a_model_names_its_endpoint_and_no_key(values: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ModelConfig.model_validate(values)
