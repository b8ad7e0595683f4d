"""The same questions as one batch: half the price, answers within a day (OpenAI's batch API).

The provider keeps the batch, under a digest of what was asked. Whoever asks the same again, after a
kill or a closed laptop, finds it there and pays nothing twice.
"""

import asyncio
import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import aiohttp
from anyio.from_thread import start_blocking_portal

from selfinstruct.checkpoints.weights import OnNote, unheard
from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Resolve, look_up
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.model import Answered
from selfinstruct.redaction import redact
from selfinstruct.served.model import dialect_of, open_replica
from selfinstruct.served.trouble import TryError, refusal
from selfinstruct.types import Completion, Request, digest

MOST_REQUESTS = 50_000
MOST_BYTES = 200 * 2**20
"""What one batch may hold (platform.openai.com/docs/guides/batch)."""
MARK = "selfinstruct"
"""The name in a batch's metadata under which its digest stands."""
WINDOW = "24h"
POLL_S = 2.0
MAX_POLL_S = 60.0
CALL_S = 300.0
OVER = {"completed", "expired"}
"""What ends with answers; an expired batch has those that were ready, and charges for no more."""
DEAD = {"failed", "cancelling", "cancelled"}


class BatchModel:
    """A served model that is asked a whole wave at once. Its answers count as those of the same
    model asked live, so a run may change over.

    Raises `UserError` without its key, and for an endpoint that must not be asked.
    """

    def __init__(
        self,
        cfg: ModelConfig,
        on_note: OnNote = unheard,
        resolve: Resolve = look_up,
        poll_s: float = POLL_S,
    ) -> None:
        [url] = cfg.base_urls
        self._replica = open_replica(cfg, url, resolve)
        self._dialect = dialect_of(cfg, url)
        self._attempts = cfg.attempts
        self._on_note = on_note
        self._poll_s = poll_s
        self._base = url.rstrip("/")
        target = self._replica.target
        self.name = f"{cfg.backend}:{cfg.name}@{target.host} (batch)"
        self.digest = digest([self._base, cfg.name, self._dialect.version])

    def generate(self, requests: Sequence[Request]) -> Generator[Sequence[Answered], None, None]:
        """Yield every answer at once, when the batch is over.

        What the provider refused or did not get to has finish_reason "error". Raises `UserError`
        for a wrong key or path and for more than a batch may hold, `IncompleteError` for a batch
        that failed and an endpoint that cannot be reached.
        """
        if not requests:
            return
        with start_blocking_portal() as portal:
            asking = portal.start_task_soon(self._ask, requests)
            try:
                yield asking.result()
            finally:
                asking.cancel()

    def close(self) -> None:
        """Nothing to free: connections end with each batch."""

    async def _ask(self, requests: Sequence[Request]) -> list[Answered]:
        asked = {_name(request): request for request in requests}
        mark = digest([sorted(asked), self.digest])
        try:
            batch = await self._find(mark)
            if batch is None:
                batch = await self._submit(asked, mark)
            else:
                self._on_note(f"found batch {batch['id']}, which was submitted before")
            lines = await self._lines(await self._wait(batch))
        except TryError as error:
            raise IncompleteError(
                f"{self._replica.target.host} does not answer: {error.reason}",
                next_step="start the same command again later; a batch that runs goes on",
            ) from None
        finally:
            await self._replica.wire.close()
        return [Answered(at, self._read(lines.get(_name(r)))) for at, r in enumerate(requests)]

    async def _find(self, mark: str) -> Mapping[str, Any] | None:
        """The batch of these questions, if it was submitted before and can still end well."""
        after = ""
        while True:
            page = await self._call(f"/batches?limit=100{after}")
            for batch in page["data"]:
                marked = (batch.get("metadata") or {}).get(MARK) == mark
                if marked and batch["status"] not in DEAD | {"expired"}:
                    found: Mapping[str, Any] = batch
                    return found
            if not page.get("has_more") or not page["data"]:
                return None
            after = f"&after={page['data'][-1]['id']}"

    async def _submit(self, asked: Mapping[str, Request], mark: str) -> Mapping[str, Any]:
        lines = [
            json.dumps(
                {
                    "custom_id": name,
                    "method": "POST",
                    "url": f"/v1{self._dialect.path}",
                    "body": self._replica.body(request),
                }
            )
            for name, request in asked.items()
        ]
        content = "\n".join(lines).encode()
        if len(lines) > MOST_REQUESTS or len(content) > MOST_BYTES:
            raise UserError(
                f"{len(lines)} requests of {len(content) / 2**20:.0f} MiB are more than a batch may"
                f" hold: {MOST_REQUESTS} and {MOST_BYTES // 2**20} MiB",
                next_step="lower generate.prompts_per_wave or generate.samples_per_prompt",
            )
        form = aiohttp.FormData()
        form.add_field("purpose", "batch")
        form.add_field("file", content, filename=f"{mark}.jsonl", content_type="application/jsonl")
        file = await self._call("/files", form, once=True)
        wanted = {
            "input_file_id": file["id"],
            "endpoint": f"/v1{self._dialect.path}",
            "completion_window": WINDOW,
            "metadata": {MARK: mark},
        }
        batch = await self._call("/batches", json.dumps(wanted).encode(), once=True)
        self._on_note(f"submitted batch {batch['id']} of {len(lines)}; it may take {WINDOW}")
        return batch

    async def _wait(self, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        wait = self._poll_s
        while batch["status"] not in OVER:
            if batch["status"] in DEAD:
                raise IncompleteError(
                    f"batch {batch['id']} is {batch['status']}: {_faults(batch)}",
                    next_step="mend that and start the same command again: it submits another",
                )
            await asyncio.sleep(wait)
            wait = min(MAX_POLL_S, wait * 1.5)
            batch = await self._call(f"/batches/{batch['id']}")
            counts = batch.get("request_counts") or {}
            self._on_note(
                f"batch {batch['id']} is {batch['status']}: {counts.get('completed', 0)} of "
                f"{counts.get('total', '?')} answered"
            )
        return batch

    async def _lines(self, batch: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """What came of each request, by its name, from the files of answers and of errors."""
        found: dict[str, Mapping[str, Any]] = {}
        for field in ("output_file_id", "error_file_id"):
            if batch.get(field):
                text = (await self._get(f"/files/{batch[field]}/content")).decode()
                rows = [json.loads(line) for line in text.split("\n") if line.strip()]
                found |= {row["custom_id"]: row for row in rows}
        return found

    def _read(self, line: Mapping[str, Any] | None) -> Completion:
        secrets = self._replica.target.secrets
        if line is None:
            return self._failed("the batch ended before its turn came")
        response = line.get("response") or {}
        body = response.get("body") or {}
        if line.get("error") or response.get("status_code") != 200:
            told = json.dumps(line.get("error") or body.get("error") or body)[:500]
            return self._failed(f"HTTP {response.get('status_code')}: {redact(told, secrets)}")
        try:
            return self._replica.read(body)
        except TryError as error:
            return self._failed(error.reason)

    def _failed(self, why: str) -> Completion:
        return Completion("", "error", model=self._replica.target.model, error=why)

    async def _call(
        self, path: str, body: bytes | aiohttp.FormData | None = None, *, once: bool = False
    ) -> dict[str, Any]:
        """The JSON of a reply."""
        raw = await self._get(path, body, once=once)
        try:
            found: dict[str, Any] = json.loads(raw)
        except ValueError:
            raise TryError("passing", f"{path} is answered by what is no JSON") from None
        return found

    async def _get(
        self, path: str, body: bytes | aiohttp.FormData | None = None, *, once: bool = False
    ) -> bytes:
        """What a path answers; tried again, unless `once` says that twice could cost twice."""
        headers = self._dialect.headers(self._replica.target.key)
        if not isinstance(body, bytes):
            headers = {name: told for name, told in headers.items() if name != "Content-Type"}
        wait = self._poll_s
        for tries_left in range(0 if once else self._attempts - 1, -1, -1):
            try:
                reply = await self._replica.wire.send(
                    self._base + path, body, headers, CALL_S, MOST_BYTES * 4
                )
                if reply.status == 200:
                    return reply.body
                raise refusal(reply, self._replica.target)
            except TryError as error:
                if error.kind == "refused" or not tries_left:
                    raise
                await asyncio.sleep(max(wait, error.wait_s or 0.0))
                wait *= 2
        raise AssertionError("the last try returns or raises")


def _name(request: Request) -> str:
    """The same for the same question and draw, in whatever order they are asked."""
    messages = [[turn.role, turn.content] for turn in request.messages]
    how = request.sampling
    drawn = [how.temperature, how.top_p, how.max_tokens, list(how.stop)]
    asked = [messages, drawn, request.sample, request.seed]
    if request.schema:
        asked.append(request.schema)
    return digest(asked)


def _faults(batch: Mapping[str, Any]) -> str:
    told = ((batch.get("errors") or {}).get("data") or [{}])[:3]
    return "; ".join(str(fault.get("message", fault)) for fault in told)
