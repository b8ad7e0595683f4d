"""llama.cpp in this process: a GGUF model that answers many requests in one running batch.

Requests that share a prompt and have consecutive seeds are one call to the engine, which reads the
prompt once; the draws are those of single calls, up to rounding. The engine also opens an HTTP port
that cannot be switched off: it listens on loopback alone and asks for a key nobody is told.
"""

import importlib
import json
import os
import secrets
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from threading import Event
from types import ModuleType
from typing import Any

from selfinstruct.chat import plain_text
from selfinstruct.checkpoints import weights
from selfinstruct.errors import UserError
from selfinstruct.model import Answered
from selfinstruct.rows import from_messages
from selfinstruct.types import Completion, FinishReason, Request, digest
from selfinstruct.wheels import INSTALL

ENGINE = "xllamacpp"
WAIT_POLICY = "OMP_WAIT_POLICY"
SEEDS = 2**31
FINISHED: dict[str, FinishReason] = {"stop": "stop", "length": "length"}

Group = tuple[int, ...]
"""Positions of requests that are drawn from one prompt by one call."""


def load_engine(name: str = ENGINE) -> ModuleType:
    """The engine's module. Raises `UserError` with the command that installs it."""
    # Its OpenMP threads spin while they wait. On a machine that has other work to do, that makes it
    # many times slower than waiting asleep; OpenMP reads the choice when it is loaded.
    told = os.environ.get(WAIT_POLICY)
    os.environ.setdefault(WAIT_POLICY, "passive")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError("llama.cpp is not installed", next_step=INSTALL) from error
    finally:
        if told is None:
            del os.environ[WAIT_POLICY]


def share_prompts(requests: Sequence[Request], most: int) -> list[Group]:
    """Requests in, groups of at most `most` out that one engine call can answer.

    The k-th choice of a call with seed s is drawn with seed s + k, so a group is a run of equal
    questions with consecutive seeds.
    """
    groups: list[list[int]] = []
    for index, request in enumerate(requests):
        group = groups[-1] if groups else []
        first = requests[group[0]] if group else request
        fits = (
            0 < len(group) < most
            and _asked(request) == _asked(first)
            and _seed(request) == _seed(first) + len(group)
        )
        if fits:
            group.append(index)
        else:
            groups.append([index])
    return [tuple(group) for group in groups]


class LlamaCppModel:
    """A GGUF model with `parallel` slots of `context` tokens each. Use `close` when done.

    Besides temperature and top_p the engine cuts off the tail at its own top_k 40 and min_p 0.05.
    `name` is that of a package's model or a GGUF file. Without `turns` the text of a request is
    gone on with as it stands. Raises `UserError` for another name, for a missing engine, and for a
    file the engine cannot load.
    """

    def __init__(
        self, name: str, context: int = 4096, parallel: int = 8, *, turns: bool = True
    ) -> None:
        path = weights.gguf_file(name)
        engine = load_engine()
        self.name = f"llamacpp:{path.name}"
        known = [weights.digest(path), engine.__version__]
        self.digest = digest(known if turns else [*known, "text"])
        self._turns = turns
        self._parallel = parallel
        self._running: set[Event] = set()
        params = engine.CommonParams()
        params.model.path = str(path)
        # One pool, so that the choices of a call share the cells of their prompt.
        params.n_ctx = 0
        params.kv_unified = True
        params.kv_unified_per_slot = context
        params.n_parallel = parallel
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _cores()
        params.warmup = False
        params.verbosity = 0
        params.cache_ram_mib = 0
        params.hostnames = ["127.0.0.1"]
        params.api_keys = [secrets.token_urlsafe(32)]
        params.endpoint_slots = False
        params.endpoint_metrics = True
        params.ui = False
        try:
            self._server: Any = engine.Server(params)
        except RuntimeError as error:
            raise UserError(
                f"llama.cpp cannot load {path}: {error}",
                next_step="check that it is a whole GGUF of a text model; lower teacher.context",
            ) from error
        # Answered by the engine's main loop, so that it has begun when we return: an engine that is
        # freed before its loop begins is never told to end it, and freeing waits for ever.
        self._server.handle_metrics()

    def generate(self, requests: Sequence[Request]) -> Generator[Sequence[Answered], None, None]:
        """Yield each answer as soon as it is written; closing the generator stops the rest.

        A request the engine refuses, such as a prompt longer than the context, is an error of that
        request alone.
        """
        groups = share_prompts(requests, self._parallel)
        # What comes out of the workers: an answer, or a future once it has no more of them.
        news: SimpleQueue[Answered | Future[None]] = SimpleQueue()
        stop = Event()
        self._running.add(stop)
        pool = ThreadPoolExecutor(self._parallel, thread_name_prefix="llamacpp")
        try:
            for group in groups:
                call = _Call(self.name, group, requests[group[0]], news.put, stop)
                ask = partial(call.run, self._server, turns=self._turns)
                pool.submit(ask).add_done_callback(news.put)
            left = len(groups)
            while left:
                item = news.get()
                if isinstance(item, Answered):
                    yield [item]
                else:
                    item.result()
                    left -= 1
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            self._running.discard(stop)

    def close(self) -> None:
        """Stop what runs, then free the engine's memory and threads."""
        for stop in self._running:
            stop.set()
        self._server = None


class _Call:
    """One call to the engine; hears its stream and puts together one answer for each choice."""

    def __init__(
        self,
        model: str,
        group: Group,
        request: Request,
        emit: Callable[[Answered], None],
        stop: Event,
    ) -> None:
        self._model = model
        self._request = request
        self._emit = emit
        self._stop = stop
        self._waiting = dict(enumerate(group))
        self._texts = [""] * len(group)
        self._ended: tuple[int, str] = (0, "")
        self._error = "the engine gave no answer"

    def run(self, server: Any, *, turns: bool) -> None:
        """Ask, and give every request of the group its answer unless told to stop."""
        if self._stop.is_set():
            return
        handle = server.handle_chat_completions if turns else server.handle_completions
        try:
            handle(self._body(turns), self._hear)
        except (RuntimeError, ValueError) as error:
            self._error = str(error)
        if not self._stop.is_set():
            for index in self._waiting.values():
                self._emit(Answered(index, self._completion("", "error", {}, self._error)))

    def _body(self, turns: bool) -> dict[str, Any]:
        how, schema = self._request.sampling, self._request.schema
        asked: dict[str, Any] = {"prompt": plain_text(self._request.messages)}
        if turns:
            asked = {"messages": from_messages(self._request.messages)}
        if schema:
            asked["response_format"] = {
                "type": "json_schema",
                "json_schema": {"schema": json.loads(schema)},
            }
        return {
            **asked,
            "n": len(self._texts),
            "seed": _seed(self._request),
            "temperature": how.temperature,
            "top_p": how.top_p,
            "max_tokens": how.max_tokens,
            "stop": list(how.stop),
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    def _hear(self, chunk: dict[str, Any]) -> bool:
        """One piece of the stream in, whether to break off out. The engine swallows what it raises.

        A choice ends with two pieces in a row: its finish reason, then its usage.
        """
        if "error" in chunk:
            self._error = str(chunk["error"].get("message", chunk["error"]))
        for choice in chunk.get("choices", ()):
            at = choice["index"]
            said = choice["text"] if "text" in choice else choice["delta"].get("content")
            self._texts[at] += said or ""
            if choice["finish_reason"]:
                self._ended = (at, choice["finish_reason"])
        if chunk.get("usage"):
            at, reason = self._ended
            answer = self._completion(self._texts[at], FINISHED[reason], chunk["usage"])
            self._emit(Answered(self._waiting.pop(at), answer))
        return self._stop.is_set()

    def _completion(
        self, text: str, reason: FinishReason, usage: dict[str, int], error: str = ""
    ) -> Completion:
        read, written = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
        return Completion(text, reason, read, written, self._model, error)


def _asked(request: Request) -> tuple[object, ...]:
    """All but the draw."""
    return request.messages, request.sampling, request.schema


def _seed(request: Request) -> int:
    """The engine's seeds have 32 bits, and the highest stands for a random one."""
    return request.seed % SEEDS


def _cores() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
