import pytest
from pydantic import ValidationError

from selfinstruct.config.model import ModelConfig
from selfinstruct.wheels import GEMMA


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
        ({"backend": "program", "name": "m:f", "template": "none"}, "template none needs"),
        ({"backend": "anthropic", "name": "m", "template": "none"}, "template none needs"),
        ({"backend": "program", "name": "m:f", "structured": "always"}, "always needs backend"),
        (
            {"backend": "llamacpp", "name": "m", "structured": "always", "template": "none"},
            "always needs template chat",
        ),
        ({"backend": "llamacpp", "name": GEMMA, "template": "chat"}, "set template: none"),
        ({"backend": "llamacpp", "name": GEMMA, "terms": ""}, "set terms: Gemma"),
        ({"backend": "transformers", "name": GEMMA}, "template none needs backend llamacpp"),
    ],
)
def test_a_model_names_its_endpoint_and_no_key(values: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ModelConfig.model_validate(values)


@pytest.mark.parametrize(
    ("values", "turns", "schema"),
    [
        ({"backend": "llamacpp"}, True, True),
        ({"backend": "llamacpp", "structured": "never"}, True, False),
        ({"backend": "llamacpp", "template": "none"}, False, False),
        ({"backend": "transformers"}, True, False),
        ({"backend": "program"}, True, False),
        ({"backend": "scripted"}, True, False),
        ({"backend": "anthropic"}, True, True),
        ({"backend": "anthropic", "base_url": "https://gateway.example/v1"}, True, False),
        ({"backend": "openai", "base_url": "https://api.openai.com/v1"}, True, True),
        ({"backend": "openai", "base_url": "https://openai.com.example/v1"}, True, False),
        ({"backend": "openai", "base_url": "https://notopenai.com/v1"}, True, False),
        ({"backend": "openai", "base_url": "https://me.openai.azure.com/v1"}, True, True),
        ({"backend": "openai", "base_url": "http://127.0.0.1:8000/v1"}, True, True),
        ({"backend": "openai", "base_url": "https://llm.example/v1"}, True, False),
        (
            {"backend": "openai", "base_url": "https://llm.example/v1", "structured": "always"},
            True,
            True,
        ),
        (
            {"backend": "openai", "base_url": ["http://localhost/v1", "https://llm.example/v1"]},
            True,
            False,
        ),
    ],
)
def test_a_schema_is_sent_where_it_is_known_to_be_held_to(
    values: dict[str, object], turns: bool, schema: bool
) -> None:
    speech = ModelConfig.model_validate({"name": "m", **values}).speech
    assert (speech.turns, speech.schema) == (turns, schema)


LOCAL = ("http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]/v1")


@pytest.mark.parametrize(
    ("values", "remote"),
    [
        ({"backend": "llamacpp"}, False),
        ({"backend": "transformers"}, False),
        ({"backend": "scripted"}, False),
        ({"backend": "anthropic"}, True),
        ({"backend": "anthropic", "base_url": LOCAL[0]}, False),
        ({"backend": "openai", "base_url": "https://api.openai.com/v1"}, True),
        ({"backend": "openai", "base_url": "https://10.0.0.7/v1"}, True),
        ({"backend": "openai", "base_url": LOCAL}, False),
        ({"backend": "openai", "base_url": (*LOCAL, "https://gpu.box/v1")}, True),
        ({"backend": "openai", "base_url": LOCAL[0], "local": False}, True),  # a tunnel
        ({"backend": "program"}, True),  # it may ask anyone
        ({"backend": "program", "local": True}, False),
    ],
)
def test_a_model_is_remote_unless_all_of_it_is_on_this_machine(
    values: dict[str, object], remote: bool
) -> None:
    model = ModelConfig.model_validate({"name": "m:f", **values})
    assert model.is_remote is remote


@pytest.mark.parametrize(
    ("values", "template", "terms"),
    [
        ({"backend": "llamacpp", "name": GEMMA}, "none", "Gemma"),
        ({"backend": "llamacpp", "name": GEMMA, "terms": "Gemma, ours"}, "none", "Gemma, ours"),
        ({"backend": "llamacpp", "name": "bundled"}, "chat", ""),
        ({"backend": "openai", "name": GEMMA, "base_url": "http://127.0.0.1/v1"}, "chat", ""),
    ],
)
def test_a_shipped_model_brings_its_template_and_terms(
    values: dict[str, str], template: str, terms: str
) -> None:
    cfg = ModelConfig.model_validate(values)
    assert (cfg.template, cfg.terms) == (template, terms)
    assert ModelConfig.model_validate(cfg.model_dump(mode="json")) == cfg
