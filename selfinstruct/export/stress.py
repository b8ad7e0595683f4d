"""Which accepted rows are a stress set: those that people let through, those written on request,
the rare labels, and none that a champion learned from or that a person does not want.

A run has one such set. The first export chooses and sets it apart (see `apart`); later ones write
the same rows, in whatever form, and only add to them where more are asked for.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from selfinstruct.apart import set_apart, stress_rows
from selfinstruct.errors import UserError
from selfinstruct.export.facts import read_facts
from selfinstruct.export.lines import learned_rows
from selfinstruct.store import Store
from selfinstruct.types import Example, digest


def take_apart(folder: Path, limit: int) -> tuple[Example, ...]:
    """At most `limit` rows of a run that are its stress set from here on.

    Raises `UserError` where a champion has learned from every row there is, or a round is half
    asked for, `StoreError` where the run is being written to.
    """
    with Store(folder) as store:
        known = stress_rows(store)
    if len(known) >= limit:
        return known[:limit]
    with Store(folder, write=True) as store:
        facts = read_facts(store)
        known = stress_rows(store)
        learned = learned_rows(store, facts)
        taken = learned | facts.said.refused
        free = [row for row in facts.kept if row.id not in taken]
        chosen = choose(free, facts.data.train, limit, facts.said.accepted, known)
        if not chosen:
            refused = sum(row.id in facts.said.refused - learned for row in facts.kept)
            raise UserError(
                f"{facts.name} has no row for a stress set",
                why=f"of {len(facts.kept)} synthetic rows that passed the filters, a champion "
                "learned from every one"
                + (f" but {refused}, which a person does not want" if refused else ""),
                next_step="run another round, or a smaller mixture.synthetic_share in a new run",
            )
        if len(chosen) > len(known):
            _require_between_rounds(store)
            set_apart(store, chosen, facts.cfg.filters.contamination)
        return chosen


def _require_between_rounds(store: Store) -> None:
    """Raises `UserError` where a round has begun to ask and has not all its candidates.

    What such a round shows the teacher is drawn already in part; a resumed run draws the same.
    """
    forked = store.meta("forked_from")
    asked = store.rounds_asked(0 if forked is None else forked["answers"]["count"])
    if begun := set(asked) - store.results("generate").keys() - {0}:
        raise UserError(
            f"{store.folder} is in the middle of asking for round {max(begun)}",
            why="its prompts may show rows that a stress set would take",
            next_step="go on with the run until that round has its candidates, then export again",
        )


def choose(
    rows: Sequence[Example],
    train: Iterable[Example],
    limit: int,
    reviewed: Collection[str] = (),
    first: Sequence[Example] = (),
) -> tuple[Example, ...]:
    """At most `limit` of the rows after those that come `first` in any case.

    Reviewed rows, then those written on request, then the others; among each the labels take turns,
    the rarest in train first.
    """
    real = Counter(row.label for row in train)
    taken = {row.id for row in first}
    left = [row for row in rows if row.id not in taken]
    groups = (
        [row for row in left if row.id in reviewed],
        [row for row in left if row.id not in reviewed and row.request],
        [row for row in left if row.id not in reviewed and not row.request],
    )
    ranked = itertools.chain.from_iterable(_in_turns(group, real) for group in groups)
    return (*first, *itertools.islice(ranked, max(0, limit - len(first))))


def _in_turns(rows: Iterable[Example], real: Counter[str | None]) -> list[Example]:
    """One row of each label after the other; the order within a label is that of the rows' hash."""
    by_label: defaultdict[str | None, list[Example]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: digest(["stress", row.id])):
        by_label[row.label].append(row)
    labels = sorted(by_label, key=lambda label: (real[label], label or ""))
    turns = itertools.zip_longest(*(by_label[label] for label in labels))
    return [row for turn in turns for row in turn if row is not None]
