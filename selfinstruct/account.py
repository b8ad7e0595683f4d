"""The account of a run against its limits: calls, tokens, cost, hours. Arithmetic alone.

A call is made only if its worst case fits into what is left, so a limit is never broken by a
call that costs no more than its worst case. Money is decimal, since a sum of prices must not come
out above a limit by a rounding. Where the numbers come from:

- Calls and tokens are the rows of the ledger. A call that was asked again, because it had failed or
  its process was killed, is added to what its row says (`lost` in the ledger).
- A call that was out when its process ended counts its worst case: nobody can tell whether it was
  sent and billed. One counted too much is an early stop that a higher limit mends, one counted too
  little is somebody's money.
- A failed call counts the tokens its server reported, mostly none. Tries inside a backend that end
  in an answer are one call.
- Hours are a clock that the ledger keeps: see `books.WorkClock`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from selfinstruct.config import BudgetConfig, PriceConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.progress import Used
from selfinstruct.store.books import Counts

KINDS = ("calls", "tokens", "cost", "hours")
TEMPLATE_TOKENS = 32
"""What a chat template may add on its own, such as a date or a system message."""
SAFETY = 1.25
"""Times the densest prompt seen; another prompt may be of denser text."""


class SpentError(IncompleteError):
    """A limit of the budget lets no further call through."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent, or may be: `tokens` read and written, `cost` in the budget's currency."""

    calls: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    hours: float = 0.0

    def __add__(self, other: Self) -> "Spending":
        return Spending(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.cost + other.cost,
            self.hours + other.hours,
        )


def account(budget: BudgetConfig, spent: Mapping[str, Counts], seconds: float) -> Spending:
    """What a run has spent so far: the counts of each model, and the seconds worked on it."""
    total = Spending(hours=seconds / 3600)
    for model, counts in spent.items():
        price = price_of(budget, model)
        total += charge(
            counts["prompt_tokens"], counts["completion_tokens"], price, counts["calls"]
        )
    return total


def price_of(budget: BudgetConfig, model: str) -> PriceConfig | None:
    """The price of a model by the name people are shown, `openai:NAME@HOST`, or by NAME alone."""
    bare = model.partition(":")[2]
    names = (model, bare, bare.rpartition("@")[0])
    return next((budget.prices[name] for name in names if name in budget.prices), None)


def require_price(budget: BudgetConfig, model: str) -> None:
    """Raises `UserError` where cost is limited and nobody can tell what this model costs."""
    if budget.max_cost is None or price_of(budget, model) is not None:
        return
    name = model.partition(":")[2]
    name = name.rpartition("@")[0] or name
    raise UserError(
        f"budget.max_cost is {budget.max_cost:g} {budget.currency}, and {name} has no price",
        why="its cost cannot be kept below a limit",
        next_step=f'add to budget:  prices: {{"{name}": {{input: ..., output: ...}}}}  '
        f"({budget.currency} per million tokens)",
    )


def is_limited(budget: BudgetConfig) -> bool:
    """Whether there is anything that a call could break."""
    return any(getattr(budget, f"max_{kind}") is not None for kind in KINDS)


def asks_for_counts(budget: BudgetConfig) -> bool:
    """Whether a limit or a price asks what calls came to; hours are on another clock."""
    limits = (budget.max_calls, budget.max_tokens, budget.max_cost)
    return bool(budget.prices) or any(limit is not None for limit in limits)


def charge(
    prompt_tokens: int, completion_tokens: int, price: PriceConfig | None, calls: int = 1
) -> Spending:
    """What these calls come to; without a price they cost nothing that is known."""
    cost = Decimal(0)
    if price is not None:
        cost = prompt_tokens * _exact(price.input) + completion_tokens * _exact(price.output)
    return Spending(calls, prompt_tokens + completion_tokens, cost / 1_000_000)


def worst_prompt_tokens(characters: int, densest: float | None) -> int:
    """The most tokens that a prompt of so many characters, as the ledger writes it, may be.

    `densest` is the most tokens a character of the prompts seen so far, None before the first.
    Then it is one token a character, which no byte-level tokeniser exceeds: a token is a byte or
    more, and the ledger writes every byte as a character or more (`\\\\u00e9` for two).
    """
    density = 1.0 if densest is None else min(1.0, SAFETY * densest)
    return TEMPLATE_TOKENS + math.ceil(characters * density)


def broken(budget: BudgetConfig, spent: Spending) -> tuple[str, ...]:
    """The limits that this spending would break; that of hours is broken once it is reached, since
    nobody knows how long another call takes.
    """
    found = []
    for kind in KINDS:
        limit = getattr(budget, f"max_{kind}")
        value = getattr(spent, kind)
        if limit is not None and (
            value > _exact(limit) or (kind == "hours" and value == _exact(limit))
        ):
            found.append(kind)
    return tuple(found)


def affordable(budget: BudgetConfig, spent: Spending, worst: Sequence[Spending]) -> int:
    """How many of the next calls, in order, fit into what is left even if each takes its worst."""
    for count, call in enumerate(worst):
        spent += call
        if broken(budget, spent):
            return count
    return len(worst)


def used(budget: BudgetConfig, spent: Spending) -> tuple[Used, ...]:
    """What has a limit, and the cost where there are prices, for people to see."""
    units = {"calls": "calls", "tokens": "tokens", "cost": budget.currency, "hours": "h"}
    limits = {kind: getattr(budget, f"max_{kind}") for kind in KINDS}
    return tuple(
        Used(units[kind], float(getattr(spent, kind)), limits[kind])
        for kind in KINDS
        if limits[kind] is not None or (kind == "cost" and budget.prices)
    )


def spent_error(budget: BudgetConfig, spent: Spending, call: Spending) -> SpentError:
    """What to say where the next call does not fit: what was spent, what is left, what to raise."""
    kinds = broken(budget, spent + call)
    units = {"cost": f" {budget.currency}"}
    lines = []
    for kind in kinds:
        limit, value = _exact(getattr(budget, f"max_{kind}")), _exact(getattr(spent, kind))
        took, left, most = (_plain(n) for n in (value, limit - value, getattr(call, kind)))
        lines.append(
            f"budget.max_{kind} = {_plain(limit)}{units.get(kind, '')} lets no further call"
            f" through: {took} spent, {left} left"
            + ("" if kind == "hours" else f", a call may take {most}")
        )
    return SpentError(
        "\n".join(lines),
        why="everything answered so far is kept",
        next_step=f"raise the budget ({', '.join(f'budget.max_{kind}' for kind in kinds)}) and "
        "start the same command again; it resumes",
    )


def _plain(value: float | Decimal) -> str:
    """Four digits, whole numbers in full; what is overspent by hours is nothing left."""
    amount = max(Decimal(0), _exact(value))
    return str(int(amount)) if amount == int(amount) else f"{amount:.4g}"


def _exact(value: float | Decimal) -> Decimal:
    """The number as it is written: 0.1 is a tenth."""
    return value if isinstance(value, Decimal) else Decimal(str(value))
