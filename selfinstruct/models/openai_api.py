"""Any server that speaks OpenAI's chat completions: hosted APIs, vLLM, SGLang, Ollama, llama.cpp.

Retries are ours, so that what is worth trying again and how long to wait is decided in one place.
The key goes to the configured host alone (redirects are not followed, proxies are not used unless
asked for) and into no message.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from typing import Any
from urllib.request import getproxies

import httpx2
import openai
from anyio.from_thread import start_blocking_portal

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Endpoint, Resolve, check_resolved, look_up, read_endpoint
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.redaction import hide, redact
from selfinstruct.types import Answered, Completion, FinishReason, Request, digest

NO_KEY = "none"
CONNECT_S = 10.0
BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
MAX_WAIT_S = 120.0
"""A server that asks for a longer pause ends the run, which can be resumed."""

TRANSIENT = {408, 409, 425, 429}
NEW_LIMIT_HOSTS = ("openai.com", "openai.azure.com")
"""Their newer models refuse `max_tokens`; many other servers know no `max_completion_tokens`."""
NO_SEED_HOSTS = ("googleapis.com",)
FINISHED: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
}


class _TryError(Exception):
    """A failed try. `wait_s` is what the server asked for; a final one is not worth repeating."""

    def __init__(
        self,
        reason: str,
        *,
        final: bool = False,
        wait_s: float | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.wait_s = wait_s
        self.reached = reached


class OpenAIModel:
    """A served model, asked `cfg.parallel` questions at a time.

    `resolve` says which addresses are behind the host. Raises `UserError` without its key, and for
    an endpoint that must not be asked.
    """

    def __init__(self, cfg: ModelConfig, resolve: Resolve = look_up) -> None:
        self._cfg = cfg
        self._base_url = cfg.base_url or ""
        self._endpoint = read_endpoint(self._base_url, allow_http=cfg.allow_http)
        self._resolve = resolve
        self._host = self._endpoint.host
        self._proxied = cfg.use_proxy and not self._endpoint.local
        self._key = _read_key(cfg, self._endpoint)
        self._secrets = () if self._key == NO_KEY else (self._key,)
        self._checked = False
        self._answered = False
        self._quiet_until = 0.0
        self.name = f"openai:{cfg.name}@{self._host}"
        self.digest = digest([self._base_url.rstrip("/"), cfg.name])

    def generate(self, requests: Sequence[Request]) -> Generator[Answered, None, None]:
        """Yield each answer as it arrives; closing the generator cancels what is under way.

        A request that fails for good has finish_reason "error". Raises `UserError` for a wrong key,
        path, model or address, `IncompleteError` for a spent quota, an unreachable host and an
        overlong Retry-After.
        """
        news: SimpleQueue[Answered | Future[None]] = SimpleQueue()
        with start_blocking_portal() as portal:
            asking = portal.start_task_soon(self._ask_all, requests, news.put)
            asking.add_done_callback(news.put)
            try:
                while isinstance(item := news.get(), Answered):
                    yield item
                item.result()
            finally:
                asking.cancel()

    def close(self) -> None:
        """Nothing to free: connections end with each `generate`."""

    async def _ask_all(self, requests: Sequence[Request], emit: Callable[[Answered], None]) -> None:
        left = iter(enumerate(requests))

        async def work() -> None:
            for index, request in left:
                emit(Answered(index, await self._ask(client, request)))

        self._checked = False
        timeout = httpx2.Timeout(self._cfg.timeout_s, connect=CONNECT_S)
        async with openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            http_client=httpx2.AsyncClient(
                timeout=timeout,
                follow_redirects=False,
                trust_env=self._proxied,
                verify=httpx2.create_ssl_context(),  # SSL_CERT_FILE counts, with a proxy or without
            ),
        ) as client:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self._cfg.parallel, len(requests))):
                        group.create_task(work())
            except* UserError as faults:
                raise faults.exceptions[0] from None

    async def _ask(self, client: openai.AsyncOpenAI, request: Request) -> Completion:
        """One request, tried `cfg.attempts` times; what is left after that is an error."""
        rng = random.Random(f"{request.seed}/{request.sample}")
        trouble = _TryError("never asked")
        for attempt in range(self._cfg.attempts):
            if attempt > 0:
                backoff = min(MAX_BACKOFF_S, BACKOFF_S * 2 ** (attempt - 1))
                await asyncio.sleep(backoff * rng.uniform(0.5, 1.0))
            await asyncio.sleep(max(0.0, self._quiet_until - time.monotonic()))
            try:
                answer = await self._try(client, request)
            except _TryError as error:
                trouble = error
                if trouble.final:
                    break
                self._heed(trouble)
            else:
                self._answered = True
                return answer
        if not (trouble.reached or self._answered):
            raise IncompleteError(
                f"{self._host} cannot be reached: {trouble.reason}",
                why=f"{self._cfg.attempts} tries failed, and it has not answered once",
                next_step="start the server or mend base_url, then run the same command again"
                + self._proxy_hint(),
            )
        return Completion("", "error", model=self.name, error=trouble.reason)

    def _proxy_hint(self) -> str:
        named = {self._endpoint.scheme, "all"} & getproxies().keys()
        if self._proxied or self._endpoint.local or not named:
            return ""
        return "; the environment names a proxy, which use_proxy: true beside base_url uses"

    def _heed(self, trouble: _TryError) -> None:
        """Keep every worker quiet for as long as the server asked."""
        if trouble.wait_s is None:
            return
        if trouble.wait_s > MAX_WAIT_S:
            raise IncompleteError(
                f"{self._host} asks for a pause of {trouble.wait_s:.0f} s: {trouble.reason}",
                next_step="start the same command again then; it resumes",
            )
        self._quiet_until = max(self._quiet_until, time.monotonic() + trouble.wait_s)

    async def _try(self, client: openai.AsyncOpenAI, request: Request) -> Completion:
        """One call. Raises `_TryError` for a failed one, `UserError` if all others would fail."""
        try:
            async with asyncio.timeout(self._cfg.timeout_s):
                await self._check_address()
                raw = await client.chat.completions.with_raw_response.create(**self._body(request))
            return self._read(json.loads(raw.text))
        except openai.APIStatusError as error:
            raise self._judge(error) from None
        except (openai.APITimeoutError, TimeoutError):
            why = f"no answer within {self._cfg.timeout_s:g} s"
            raise _TryError(why, reached=False) from None
        except (openai.APIConnectionError, OSError) as error:
            why = str(error.__cause__ or error)
            raise _TryError(redact(why, self._secrets), reached=False) from None
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            why = redact(repr(error), self._secrets)
            raise _TryError(f"the server's answer cannot be read: {why}") from None

    async def _check_address(self) -> None:
        """Before the first call that goes out: refuse a name that leads where it must not."""
        if self._checked:
            return
        try:
            await asyncio.to_thread(check_resolved, self._endpoint, self._resolve)
        except OSError:
            if not self._proxied:  # a proxy may know names that this machine does not
                raise
        self._checked = True

    def _body(self, request: Request) -> dict[str, Any]:
        how = request.sampling
        limit = "max_completion_tokens" if self._host.endswith(NEW_LIMIT_HOSTS) else "max_tokens"
        body: dict[str, Any] = {
            "model": self._cfg.name,
            "messages": [{"role": turn.role, "content": turn.content} for turn in request.messages],
            "temperature": how.temperature,
            "top_p": how.top_p,
            limit: how.max_tokens,
        }
        if how.stop:
            body["stop"] = list(how.stop)
        if not self._host.endswith(NO_SEED_HOSTS):
            body["seed"] = request.seed
        return body

    def _read(self, payload: dict[str, Any]) -> Completion:
        choice = payload["choices"][0]
        message = choice["message"]
        refusal = message.get("refusal")
        reason: FinishReason = FINISHED.get(str(choice.get("finish_reason")), "stop")
        usage = payload.get("usage") or {}
        return Completion(
            hide(_text_of(message.get("content")) or refusal or "", self._secrets),
            "refusal" if refusal else reason,
            usage.get("prompt_tokens") or 0,
            usage.get("completion_tokens") or 0,
            hide(payload.get("model") or self._cfg.name, self._secrets),
        )

    def _judge(self, error: openai.APIStatusError) -> _TryError:
        """A refused call in, what to make of it out. Raises `UserError` where all would fail so."""
        status = error.status_code
        said = f"HTTP {status}: {redact(error.message, self._secrets)}"
        if status == 402 or error.code == "insufficient_quota":
            raise IncompleteError(
                f"the quota at {self._host} is spent ({said})",
                next_step="add credit, then start the same command again; it resumes",
            )
        if status in (401, 403):
            raise UserError(
                f"{self._host} refuses the key in {self._cfg.api_key_env} ({said})",
                why="no key was sent" if self._key == NO_KEY else "",
                next_step=f"put a valid key into {self._cfg.api_key_env}; it is sent over https",
            )
        if status == 404 or 300 <= status < 400:
            raise UserError(
                f"{self._host} serves no model {self._cfg.name} at {self._base_url} ({said})",
                next_step="check teacher.name and teacher.base_url, which mostly ends in /v1",
            )
        transient = status in TRANSIENT or status >= 500
        return _TryError(said, final=not transient, wait_s=_retry_after(error.response.headers))


def _read_key(cfg: ModelConfig, endpoint: Endpoint) -> str:
    """The key to send. Over plain HTTP it stays here, unless the server is this machine."""
    key = os.environ.get(cfg.api_key_env, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UserError(
            f"the key in {cfg.api_key_env} holds characters that cannot be sent",
            next_step="copy it once more; a key is letters, digits and marks on one line",
        )
    if endpoint.local:
        return key or NO_KEY
    if endpoint.scheme != "https":
        return NO_KEY
    if not key:
        raise UserError(
            f"{endpoint.host} needs a key, and {cfg.api_key_env} is not set",
            next_step=f"export {cfg.api_key_env}=...; any word will do if the server asks for none",
        )
    return key


def _text_of(content: Any) -> str:
    """A message's content, which some servers cut into parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return str(content) if content is not None else ""


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds to wait from a Retry-After header (RFC 9110: seconds or a date), None without one."""
    told = headers.get("retry-after")
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None
