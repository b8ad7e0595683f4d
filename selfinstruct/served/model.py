"""A model behind one or more endpoints, as the loop knows models.

The connections and what was learnt about the pace live as long as the model, in a thread of their
own; answers come out in the order they arrive.
"""

import os
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from queue import Empty, SimpleQueue

from anyio.from_thread import BlockingPortal, start_blocking_portal

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Resolve, look_up, read_endpoint
from selfinstruct.model import Answered
from selfinstruct.proxy import named_proxy, proxy_of
from selfinstruct.served.anthropic_messages import AnthropicMessages
from selfinstruct.served.dispatch import GRACE_S, Dispatch, Rules
from selfinstruct.served.health import Health
from selfinstruct.served.key import read_key
from selfinstruct.served.openai_chat import NEW_LIMIT_HOSTS, NO_SEED_HOSTS, OpenAIChat
from selfinstruct.served.openai_text import OpenAIText
from selfinstruct.served.pace import Pace
from selfinstruct.served.replica import Dialect, Replica
from selfinstruct.served.trouble import Target
from selfinstruct.served.wire import Wire
from selfinstruct.signals import told_of_signals
from selfinstruct.types import Request, digest

STOP = "stop"
"""What stands in the news for a signal."""
News = SimpleQueue[Answered | Future[None] | str]


class ServedModel:
    """A served model, asked up to `cfg.parallel` questions at a time.

    What is under way when a signal arrives has `grace_s` to come in. `resolve` says which addresses
    are behind a host. Raises `UserError` without its key, and for an endpoint that must not be
    asked.
    """

    def __init__(
        self, cfg: ModelConfig, resolve: Resolve = look_up, grace_s: float = GRACE_S
    ) -> None:
        self._replicas = [open_replica(cfg, url, resolve) for url in cfg.base_urls]
        hosts = list(dict.fromkeys(replica.target.host for replica in self._replicas))
        self._health = Health(" and ".join(hosts))
        self._rules = Rules(cfg.parallel, cfg.attempts, cfg.deadline_s, _proxy_hint(cfg), grace_s)
        self._life = ExitStack()
        self._portal: BlockingPortal | None = None
        self.name = f"{cfg.backend}:{cfg.name}@{','.join(hosts)}"
        urls = [url.rstrip("/") for url in cfg.base_urls]
        self.digest = digest([*urls, cfg.name, dialect_of(cfg, urls[0]).version])

    def generate(self, requests: Sequence[Request]) -> Generator[Sequence[Answered], None, None]:
        """Yield the answers that have arrived; closing the generator cancels what is under way.

        A request that fails for good has finish_reason "error". Raises `UserError` for a wrong key,
        path, model or address, `IncompleteError` for a spent quota, an unreachable host, an
        overlong Retry-After, prompts that are cut and too many failures; in each case after those
        under way have come in. So does a signal: no answers are yielded once, then those that come
        in within the grace, and `Stopped` is raised.
        """
        if not requests:
            return
        news: News = SimpleQueue()
        portal = self._open()
        asked = Dispatch(self._replicas, self._health, self._rules, requests, news.put)
        # A queue of this kind may be put to between any two steps of whoever takes from it.
        with told_of_signals(lambda: news.put(STOP)):
            asking = portal.start_task_soon(asked.run)
            asking.add_done_callback(news.put)
            try:
                while True:
                    arrived = _arrived(news)
                    answers = [item for item in arrived if isinstance(item, Answered)]
                    if answers:
                        yield answers
                    if asking in arrived:
                        break
                    if STOP in arrived:
                        portal.start_task_soon(asked.drain)
                        yield []
                asking.result()
            finally:
                asking.cancel()

    def close(self) -> None:
        """Let the connections and their thread go."""
        if self._portal is not None:
            for replica in self._replicas:
                self._portal.call(replica.wire.close)
        self._life.close()
        self._portal = None

    def _open(self) -> BlockingPortal:
        if self._portal is None:
            self._portal = self._life.enter_context(start_blocking_portal())
        return self._portal


def open_replica(cfg: ModelConfig, url: str, resolve: Resolve = look_up) -> Replica:
    """One endpoint of a config, ready to be asked. Raises as `ServedModel` does."""
    endpoint = read_endpoint(url, allow_http=cfg.allow_http)
    key = read_key(cfg, endpoint, os.environ)
    place = cfg.api_key_keyring or cfg.api_key_env
    target = Target(url, endpoint.host, cfg.name, place, key)
    proxy = proxy_of(endpoint) if cfg.use_proxy else None
    pace = Pace(cfg.parallel, cfg.requests_per_minute, cfg.tokens_per_minute)
    wire = Wire(endpoint, resolve, proxy)
    return Replica(target, dialect_of(cfg, url), wire, pace, cfg.timeout_s)


def dialect_of(cfg: ModelConfig, url: str) -> Dialect:
    """How the endpoint is spoken to: what the config says, or else what is known of its host."""
    if cfg.backend == "anthropic":
        return AnthropicMessages()
    host = read_endpoint(url, allow_http=cfg.allow_http).host
    seeded = not host.endswith(NO_SEED_HOSTS) if cfg.send_seed is None else cfg.send_seed
    if cfg.template == "none":
        return OpenAIText(seeded)
    newer = host.endswith(NEW_LIMIT_HOSTS)
    limit = cfg.token_limit or ("max_completion_tokens" if newer else "max_tokens")
    return OpenAIChat(limit, seeded)


def _arrived(news: News) -> list[Answered | Future[None] | str]:
    """What has come in, at least one: so that whoever stores it need not store one by one."""
    arrived = [news.get()]
    try:
        while True:
            arrived.append(news.get_nowait())
    except Empty:
        return arrived


def _proxy_hint(cfg: ModelConfig) -> str:
    endpoints = [read_endpoint(url, allow_http=cfg.allow_http) for url in cfg.base_urls]
    if cfg.use_proxy or not any(map(named_proxy, endpoints)):
        return ""
    return "; the environment names a proxy, which use_proxy: true beside base_url uses"
