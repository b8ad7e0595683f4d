"""How fast one endpoint may be asked: a limit that finds itself, and the ones a user sets.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681): begin with few at once,
double while all goes well, shrink by a fifth at a refusal and grow by a twentieth after it. A
refusal counts once an episode: only where it answers a request that went out after the last cut.
Where one was refused is remembered as a wall (RFC 9438 calls it W_max): up to a fifth below it the
limit doubles again, since a storm of refusals says nothing of how many may be under way, and before
it the limit waits, since each try of it may cost a pause. All times are readings of one monotonic
clock, in seconds.
"""

START = 4
GROWTH = 0.05
CUT = 0.8
SATURATED = 0.8
"""A limit that was not made use of has not been tested, and does not grow."""
HOLD = 30
"""Clean rounds to wait before the wall, until it is tried again."""
CATCH_UP_S = 1.0
"""What a clock that was looked at late may make up for at once."""


class Meter:
    """So much a minute, evenly spread, in bursts of at most a second's worth."""

    def __init__(self, per_minute: float | None) -> None:
        self._each = 60.0 / per_minute if per_minute else 0.0
        self._next = float("-inf")

    @property
    def ready_at(self) -> float:
        """When the next may start."""
        return self._next

    def take(self, now: float, amount: float) -> None:
        """Count what starts now."""
        self._next = max(self._next, now - CATCH_UP_S) + amount * self._each

    def correct(self, amount: float) -> None:
        """Count what was used beyond what was taken, or give back what was not (below 0)."""
        self._next += amount * self._each


class Pace:
    """The requests of one endpoint; never more than `most` under way at once.

    `quiet_until` is how long the server, or its failures, want it to be left alone.
    """

    def __init__(
        self, most: int, requests_per_minute: float | None, tokens_per_minute: float | None
    ) -> None:
        self.limit = float(min(START, most))
        self.in_flight = 0
        self._most = most
        self._requests = Meter(requests_per_minute)
        self._tokens = Meter(tokens_per_minute)
        self.quiet_until = float("-inf")
        self._last_cut = float("-inf")
        self._threshold = float("inf")
        self._wall = float("inf")
        self._answered = True
        self._held = 0
        self._clean = 0
        self._peak = 0

    @property
    def load(self) -> float:
        """The share of the limit that is under way."""
        return self.in_flight / self.limit

    @property
    def has_room(self) -> bool:
        """Whether the limit lets one more be under way."""
        return self.in_flight + 1 <= self.limit

    @property
    def ready_at(self) -> float:
        """When the meters and the server let the next one start."""
        return max(self.quiet_until, self._requests.ready_at, self._tokens.ready_at)

    def start(self, now: float, tokens: int) -> None:
        """A request goes out that will use about so many tokens."""
        self._requests.take(now, 1)
        self._tokens.take(now, tokens)
        self.in_flight += 1
        self._peak = max(self._peak, self.in_flight)

    def answered(self, *, first_try: bool, tokens_beyond: int = 0) -> None:
        """A request came back well, having used so many tokens more than it was taken for."""
        self._tokens.correct(tokens_beyond)
        self._answered = True
        if first_try:
            self._clean += 1
        if self._clean >= int(self.limit):
            self._grow()
        self.in_flight -= 1

    def throttled(self, now: float, began: float, wait_s: float | None) -> None:
        """A request that went out at `began` was turned away; nobody asks for `wait_s`."""
        self.in_flight -= 1
        self.rest(now, wait_s or 0.0)
        if began < self._last_cut:
            return
        if self._answered:  # in a storm, only its first refusal says how many were too many
            self._wall = self.limit
            self._threshold = CUT * self.limit
        self.limit = max(1.0, self.limit * CUT)
        self._last_cut = now
        self._answered = False
        self._held = 0
        self._new_round()

    def failed(self) -> None:
        """A request failed for a reason that says nothing of pace."""
        self.in_flight -= 1

    def rest(self, now: float, seconds: float) -> None:
        """Start nothing for so long."""
        self.quiet_until = max(self.quiet_until, now + seconds)

    def _grow(self) -> None:
        if self._peak >= SATURATED * int(self.limit):
            self.limit = min(float(self._most), self._next_limit())
        self._new_round()

    def _next_limit(self) -> float:
        if self.limit < self._threshold:
            return min(2 * self.limit, self._threshold)
        more = self.limit + max(1.0, GROWTH * self.limit)
        if more >= self._wall:
            self._held += 1
            if self._held <= HOLD:
                return self.limit
            self._wall = float("inf")
        return more

    def _new_round(self) -> None:
        self._clean = 0
        self._peak = self.in_flight
