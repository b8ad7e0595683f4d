"""Many requests to one or more endpoints: who is asked next, what is tried again, when to stop.

One loop decides and starts; a task a request waits for its answer. Whatever ends the run lets those
under way come in first, since they are paid for; a signal, those that come in soon.
"""

import asyncio
import heapq
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.model import Answered
from selfinstruct.served.health import Health
from selfinstruct.served.replica import Replica
from selfinstruct.served.trouble import TryError
from selfinstruct.types import Completion, Request

BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
MAX_WAIT_S = 120.0
"""A server that asks for a longer pause ends the run, which can be resumed."""
GRACE_S = 30.0
"""What is under way when a signal arrives has so long to come in."""
CHARACTERS_A_TOKEN = 4
"""About what English takes, for a limit on tokens a minute; corrected by what the server counts."""

Emit = Callable[[Answered], None]


@dataclass(frozen=True)
class Rules:
    """How long to go on trying: requests under way at once, tries of one request that may fail,
    and seconds from its first try to its last.
    """

    parallel: int
    attempts: int
    deadline_s: float
    hint: str = ""
    """What to add where nothing can be reached."""
    grace_s: float = GRACE_S


@dataclass
class _Job:
    index: int
    request: Request
    began: float | None = None
    tries: int = 0
    turned_away: int = 0
    last: Replica | None = None

    @property
    def tokens(self) -> int:
        characters = sum(len(turn.content) for turn in self.request.messages)
        return characters // CHARACTERS_A_TOKEN + self.request.sampling.max_tokens


@dataclass(order=True)
class _Later:
    due: float
    index: int
    job: _Job = field(compare=False)


class Dispatch:
    """The requests of one call of `generate`; `health` and the replicas outlive it."""

    def __init__(
        self,
        replicas: Sequence[Replica],
        health: Health,
        rules: Rules,
        requests: Sequence[Request],
        emit: Emit,
    ) -> None:
        self._replicas = replicas
        self._health = health
        self._rules = rules
        self._emit = emit
        self._fresh = deque(_Job(index, request) for index, request in enumerate(requests))
        self._later: list[_Later] = []
        self._open = len(requests)
        self._stop: UserError | None = None
        self._until = float("inf")
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Until every request is answered or given up. Raises what made it stop early."""
        async with asyncio.TaskGroup() as group:
            while self._open > 0 and not (self._is_ending and self._in_flight == 0):
                self._changed.clear()
                wait = self._start_what_may(group)
                try:
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                except TimeoutError:
                    pass  # the next may start now
        if self._stop:
            raise self._stop

    def drain(self) -> None:
        """Start nothing more, and let `run` return when what is under way has come in, or has had
        its time.
        """
        self._until = time.monotonic() + self._rules.grace_s
        self._changed.set()

    @property
    def _is_ending(self) -> bool:
        return self._stop is not None or self._until < float("inf")

    @property
    def _in_flight(self) -> int:
        return sum(replica.pace.in_flight for replica in self._replicas)

    def _start_what_may(self, group: asyncio.TaskGroup) -> float | None:
        """Start all that may; the seconds until more may, None if that takes an answer."""
        if self._until < float("inf"):
            return self._wait_for_the_last()
        while self._stop is None and self._in_flight < self._rules.parallel:
            now = time.monotonic()
            due = self._fresh or (self._later and self._later[0].due <= now)
            if not due:
                return self._later[0].due - now if self._later else None
            replica, wait = self._choose(now)
            if replica is None:
                return wait
            job = self._take(now)
            job.began = now if job.began is None else job.began
            job.last = replica
            replica.pace.start(now, job.tokens)
            task = group.create_task(self._try(job, replica, now))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return None

    def _wait_for_the_last(self) -> float | None:
        """The seconds that those under way still have; once these are over, they are given up."""
        left = self._until - time.monotonic()
        if left > 0:
            return left
        for task in self._tasks:
            task.cancel()
        return None

    def _take(self, now: float) -> _Job:
        """What was put off comes first once it is due: it has waited longest."""
        if self._later and self._later[0].due <= now:
            return heapq.heappop(self._later).job
        return self._fresh.popleft()

    def _choose(self, now: float) -> tuple[Replica | None, float | None]:
        """The least busy endpoint that may be asked now; or none, and the seconds until one may."""
        open_ones = [replica for replica in self._replicas if replica.pace.has_room]
        ready = [replica for replica in open_ones if replica.pace.ready_at <= now]
        if ready:
            return min(ready, key=lambda replica: replica.pace.load), None
        quiet = min(replica.pace.quiet_until for replica in self._replicas) - now
        if quiet > MAX_WAIT_S:
            hosts = ", ".join(replica.target.host for replica in self._replicas)
            self._stop = IncompleteError(
                f"{hosts} asks for a pause of {quiet:.0f} s",
                next_step="start the same command again then; it resumes",
            )
            return None, 0.0
        if not open_ones:
            return None, None
        return None, min(replica.pace.ready_at for replica in open_ones) - now

    async def _try(self, job: _Job, replica: Replica, began: float) -> None:
        try:
            completion = await replica.ask(job.request)
        except TryError as trouble:
            self._troubled(job, replica, trouble, began)
        except UserError as error:
            replica.pace.failed()
            self._stop = self._stop or error
        except BaseException:  # cancelled: the pace is there for the next call as well
            replica.pace.failed()
            raise
        else:
            self._answered(job, replica, completion)
        finally:
            self._changed.set()

    def _answered(self, job: _Job, replica: Replica, completion: Completion) -> None:
        used = completion.prompt_tokens + completion.completion_tokens
        first_try = job.tries == 0 and job.turned_away == 0
        replica.pace.answered(first_try=first_try, tokens_beyond=used - job.tokens if used else 0)
        replica.stood()
        cut = self._health.was_cut(job.request, completion.prompt_tokens)
        if cut is not None:
            host = replica.target.host
            self._finish(job, _failed(replica, f"the prompt was cut: {cut}"))
            self._stop = self._stop or IncompleteError(
                f"{host} cuts prompts without saying so: {cut}",
                why="an answer to half a prompt is no answer to it",
                next_step="give the server a larger context (Ollama: OLLAMA_CONTEXT_LENGTH), or "
                "show fewer demos, and start the same command again",
            )
            return
        self._health.answered()
        self._finish(job, completion)

    def _troubled(self, job: _Job, replica: Replica, trouble: TryError, began: float) -> None:
        now = time.monotonic()
        late = now - (job.began or now) > self._rules.deadline_s
        if trouble.kind == "throttled":
            replica.pace.throttled(now, began, trouble.wait_s)
            job.turned_away += 1
            if late:
                self._stop = self._stop or IncompleteError(
                    f"{replica.target.host} has turned a request away for "
                    f"{self._rules.deadline_s:g} s: {trouble.reason}",
                    next_step="start the same command again later; it resumes",
                )
            return self._put_off(job, job.turned_away, now)
        replica.pace.failed()
        if trouble.kind != "refused":
            if len(self._replicas) > 1:
                replica.fell(now)
            job.tries += 1
            if job.tries < self._rules.attempts and not late:
                return self._put_off(job, job.tries, now)
        return self._give_up(job, replica, trouble)

    def _put_off(self, job: _Job, times: int, now: float) -> None:
        """Again later, a while that doubles each time, with jitter so that not all come at once."""
        rng = random.Random(f"{job.request.seed}/{job.request.sample}/{times}")
        backoff = min(MAX_BACKOFF_S, BACKOFF_S * 2 ** (times - 1)) * rng.uniform(0.5, 1.0)
        heapq.heappush(self._later, _Later(now + backoff, job.index, job))

    def _give_up(self, job: _Job, replica: Replica, trouble: TryError) -> None:
        if trouble.kind == "unreached" and not self._health.ever_answered:
            self._stop = self._stop or IncompleteError(
                f"{replica.target.host} cannot be reached: {trouble.reason}",
                why=f"{self._rules.attempts} tries failed, and it has not answered once",
                next_step="start the server or mend base_url, then run the same command again"
                + self._rules.hint,
            )
            return
        why = self._health.failed(trouble.reason, refused=trouble.kind == "refused")
        self._stop = self._stop or why
        self._finish(job, _failed(replica, trouble.reason))

    def _finish(self, job: _Job, completion: Completion) -> None:
        self._open -= 1
        self._emit(Answered(job.index, completion))


def _failed(replica: Replica, reason: str) -> Completion:
    return Completion("", "error", model=replica.target.model, error=reason)
