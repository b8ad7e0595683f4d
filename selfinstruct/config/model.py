"""One model in whatever role: the backend that runs it, its name there, how it is asked."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from selfinstruct.config.section import Positive, Section, operational
from selfinstruct.endpoint import read_endpoint
from selfinstruct.errors import UserError
from selfinstruct.model import Speech
from selfinstruct.wheels import WHEELS

SECRET_HINTS = ("sk-", "Bearer ")
ANTHROPIC_URL = "https://api.anthropic.com/v1"
ANTHROPIC_KEY = "ANTHROPIC_API_KEY"
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
"""POSIX's names for environment variables; hardly a key passes for one."""
IN_PROCESS = ("llamacpp", "transformers")
"""Backends that know the models which come as packages."""
SCHEMA_HOSTS = (".openai.com", ".openai.azure.com", ".googleapis.com", ".anthropic.com")
"""Hosted APIs that hold an answer to a JSON schema."""


class ModelConfig(Section):
    """One model: the backend that runs it and the name that backend knows it by."""

    backend: Literal["llamacpp", "transformers", "openai", "anthropic", "program", "scripted"]
    """`llamacpp` and `transformers` run a model in this process, `openai` and `anthropic` ask a
    server in the dialect of either, `program` is a function of yours, and `scripted` reads answers
    from a JSONL file one after the other.
    """
    name: str
    """`bundled`, `gemma-3-270m` (extra `gemma`), a GGUF file, a folder, a hub id, a served model's
    name, or `pkg.mod:function`.
    """
    base_url: str | tuple[str, ...] | None = None
    """The endpoint of an OpenAI-compatible server (backend `openai`), or a list of endpoints that
    serve the same model: the least busy one is asked, one that fails is left alone for a while.
    """
    api_key_env: str = operational("OPENAI_API_KEY")
    """The environment variable that holds the key (ANTHROPIC_API_KEY by default for `anthropic`). A
    key never stands in a config.
    """
    api_key_keyring: str | None = operational(None)
    """SERVICE/USER of the key in the system's keyring, which is asked instead of the environment
    (extra `keyring`).
    """
    batch: bool = operational(False)
    """Ask a whole wave as one batch: half the price, answers within a day (backend `openai`, where
    the provider has OpenAI's batch API). Large waves suit it: see `generate.prompts_per_wave`.
    """
    allow_http: bool = operational(False)
    """Ask another machine over plain http, where others can read along; the key stays here."""
    use_proxy: bool = operational(False)
    """Go through the proxy that the environment names (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    template: Literal["chat", "none"] = "chat"
    """`none` sends the text of a prompt as it stands, for base models that know no turns: they go
    on with it (backends `llamacpp` and `openai`, which has `/completions` for that). It is the
    default of `gemma-3-270m`, which is such a model.
    """
    structured: Literal["auto", "always", "never"] = "auto"
    """Whether a recipe that wants JSON has the server hold the answer to a schema, beside asking
    for it in words. `auto` where it is known to be offered: llamacpp, servers of this machine
    (vLLM, SGLang, llama.cpp, Ollama), openai.com, Azure, googleapis.com and Anthropic. `always`
    elsewhere, once `doctor --teacher` has found it.
    """
    local: bool | None = None
    """Whether what it is shown stays on this machine, where that is not plain: an endpoint at
    127.0.0.1 counts as local, though a tunnel may begin there, and a `program` as remote, since it
    may ask anyone.
    """
    terms: str = ""
    """The terms that what it writes comes under, such as `Gemma`; part of the licence of its rows.
    `gemma-3-270m` comes with its own.
    """
    context: Positive = operational(4096)
    """Tokens of context for one request (backend `llamacpp`)."""
    parallel: Positive = operational(8)
    """Requests under way at once, at most: slots of `llamacpp`, a batch of `transformers`. A served
    model is asked fewer while it refuses some.
    """
    device: str = operational("auto")
    """`auto`, `cpu`, `cuda`, `mps` (backend `transformers`)."""
    timeout_s: Annotated[float, Field(gt=0)] = operational(120.0)
    """Seconds one try of a request may take (served models)."""
    attempts: Positive = operational(5)
    """Tries of one request that may fail before it counts as failed; being told to wait is none
    (served models).
    """
    deadline_s: Annotated[float, Field(gt=0)] = operational(900.0)
    """Seconds from the first try of a request to its last, waiting included (served models)."""
    requests_per_minute: Positive | None = operational(None)
    """Requests to each endpoint, beside what it allows by itself."""
    tokens_per_minute: Positive | None = operational(None)
    """Tokens of each endpoint, read and written; estimated before a call, corrected after it."""
    token_limit: Literal["max_tokens", "max_completion_tokens"] | None = operational(None)
    """The field that bounds a completion (backend `openai`); by default what the host is known for.
    """
    send_seed: bool | None = operational(None)
    """Whether a seed is sent (backend `openai`); by default to all hosts but those that refuse it.
    """

    @property
    def base_urls(self) -> tuple[str, ...]:
        """All endpoints."""
        return (self.base_url,) if isinstance(self.base_url, str) else self.base_url or ()

    @property
    def speech(self) -> Speech:
        """How recipes may ask this model."""
        turns = self.template == "chat"
        offered = turns and self.structured != "never" and self._holds_to_schemas()
        return Speech(turns, offered)

    def _holds_to_schemas(self) -> bool:
        if self.backend == "llamacpp" or self.structured == "always":
            return True
        asked = [read_endpoint(url, allow_http=self.allow_http) for url in self.base_urls]
        return bool(asked) and all(
            each.local or f".{each.host}".endswith(SCHEMA_HOSTS) for each in asked
        )

    @property
    def is_remote(self) -> bool:
        """Whether what it is shown leaves this machine."""
        if self.local is not None:
            return not self.local
        endpoints = (read_endpoint(url, allow_http=self.allow_http) for url in self.base_urls)
        return self.backend == "program" or any(not endpoint.local for endpoint in endpoints)

    @model_validator(mode="before")
    @classmethod
    def _know_anthropic(cls, given: Any) -> Any:
        """With backend `anthropic`, `base_url` and `api_key_env` are Anthropic's unless given."""
        if isinstance(given, dict) and given.get("backend") == "anthropic":
            return {"base_url": ANTHROPIC_URL, "api_key_env": ANTHROPIC_KEY, **given}
        return given

    @model_validator(mode="before")
    @classmethod
    def _know_shipped(cls, given: Any) -> Any:
        """`template` and `terms` of a model that comes as a package are its own unless given."""
        if not isinstance(given, dict) or given.get("backend") not in IN_PROCESS:
            return given
        wheel = WHEELS.get(str(given.get("name")))
        if wheel is None:
            return given
        return {"template": "chat" if wheel.turns else "none", "terms": wheel.terms, **given}

    @model_validator(mode="after")
    def _keys_stay_outside(self) -> Self:
        """No key stands in `name`, `base_url`, `api_key_env` or `api_key_keyring`: the last two say
        where it is, as VARIABLE and SERVICE/USER.
        """
        service, slash, user = (self.api_key_keyring or "s/u").rpartition("/")
        for value in (self.name, *self.base_urls, self.api_key_env, service, user):
            if value.startswith(SECRET_HINTS):
                raise ValueError(
                    "a key stands in the config; name its environment variable in api_key_env"
                )
        if not VARIABLE.fullmatch(self.api_key_env):
            raise ValueError(
                "api_key_env is the name of an environment variable (capitals, digits and _),"
                " never the key"
            )
        if not (service and slash and user):
            raise ValueError(
                "api_key_keyring is SERVICE/USER, the names a key is kept under, never the key"
            )
        return self

    @model_validator(mode="after")
    def _the_backend_can_be_asked_so(self) -> Self:
        """`template: none` needs `backend` llamacpp or openai; `structured: always` needs template
        chat, and llamacpp, openai or anthropic. A base model that comes as a package takes
        `template: none` alone, and its `terms` may not be emptied.
        """
        wheel = WHEELS.get(self.name) if self.backend in IN_PROCESS else None
        if wheel is not None and not wheel.turns and self.template == "chat":
            raise ValueError(f"{self.name} is a base model without turns: set template: none")
        if wheel is not None and not self.terms and wheel.terms:
            raise ValueError(f"what {self.name} writes comes under terms: set terms: {wheel.terms}")
        if self.template == "none" and self.backend not in ("llamacpp", "openai"):
            raise ValueError("template none needs backend llamacpp or openai")
        if self.structured == "always":
            if self.template == "none":
                raise ValueError("structured: always needs template chat")
            if self.backend not in ("llamacpp", "openai", "anthropic"):
                raise ValueError("structured: always needs backend llamacpp, openai or anthropic")
        return self

    @model_validator(mode="after")
    def _the_endpoint_is_fit_to_ask(self) -> Self:
        """`backend: openai` needs `base_url`; `batch` needs that backend and one endpoint. A
        `base_url` is https unless it is this machine or `allow_http` is given, holds no key and no
        query, and is none of those at which a cloud hands out credentials.
        """
        if self.backend == "openai" and not self.base_urls:
            raise ValueError("backend openai needs base_url, such as http://127.0.0.1:8000/v1")
        if self.batch and (self.backend != "openai" or len(self.base_urls) != 1):
            raise ValueError("batch needs backend openai and one base_url")
        for url in self.base_urls:
            try:
                read_endpoint(url, allow_http=self.allow_http)
            except UserError as fault:
                raise ValueError(str(fault)) from None
        return self
