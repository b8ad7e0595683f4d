"""selfinstruct on the stub: the client alone, or `ask` with a ledger on disk (`--ledger`).

Run by `benchmarks/teacher.py`. Calls are asked in waves of whole rounds of what may be parallel, as
a run does, and memory is read after each wave.
"""

import argparse
import sys
from pathlib import Path

from measuring import WARM_UP, measured, parser, prompt_text, resident_mib, tell

from selfinstruct.config import BudgetConfig, ModelConfig
from selfinstruct.model import Model
from selfinstruct.models import open_model
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import Completion, Message, Prompt, Request, Sampling

HOW = Sampling(temperature=0.8, max_tokens=512)
ROUND = 1


def generate(model: Model, first: int, count: int) -> list[Completion]:
    """The client alone."""
    requests = [
        Request((Message("user", prompt_text(number)),), HOW, seed=number + WARM_UP)
        for number in range(first, first + count)
    ]
    return [each.completion for arrived in model.generate(requests) for each in arrived]


def ask_and_keep(teacher: Teacher, first: int, count: int) -> list[Completion]:
    """The client and the ledger; a wave is known by its first prompt."""
    prompts = [
        Prompt((Message("user", prompt_text(number)),), "benchmark", "1")
        for number in range(first, first + count)
    ]
    return [answer for [answer] in ask(teacher, ROUND, first, prompts, HOW, 1)]


def measure(told: argparse.Namespace, store: Store) -> None:
    """Ask, and tell what it took."""
    model = open_model(
        ModelConfig(backend="openai", name="m", base_url=told.url, parallel=told.parallel)
    )
    teacher = Teacher(model, store, BudgetConfig())

    def answer(first: int, count: int) -> int:
        if told.ledger:
            completions = ask_and_keep(teacher, first, count)
        else:
            completions = generate(model, first, count)
        return sum(completion.finish_reason != "error" for completion in completions)

    if not told.cold:
        answer(-WARM_UP, WARM_UP)
    answered, held = 0, []
    with measured() as cost:
        for first in range(0, told.calls, told.wave):
            answered += answer(first, min(told.wave, told.calls - first))
            held.append(resident_mib())
    model.close()
    tell(
        versions={"python": sys.version.split()[0]},
        answered=answered,
        seconds=cost.seconds,
        cpu_s=cost.cpu_s,
        held_mib=held,
    )


def main() -> None:
    """Read the arguments and measure."""
    options = parser()
    options.add_argument("--wave", type=int, required=True)
    options.add_argument("--ledger", action="store_true")
    options.add_argument("--cold", action="store_true", help="the first call counts")
    told = options.parse_args()
    with Store(Path(told.folder), write=True) as store:
        measure(told, store)


if __name__ == "__main__":
    main()
