"""What a run left that a replay needs: its settings, frozen rows, committed waves and answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.config import Config, parse_config
from selfinstruct.errors import StoreError, UserError
from selfinstruct.privacy import Finder
from selfinstruct.prompting import Prompts
from selfinstruct.refilter.answers import Replies, index_replies
from selfinstruct.registry import of_rows
from selfinstruct.setting import focus_of
from selfinstruct.store import Store
from selfinstruct.task import Task, settle
from selfinstruct.types import Completion, RealData, Screened


@dataclass(frozen=True)
class Record:
    """One run as it stands, read from an open ledger that may be written to meanwhile.

    `waves` are the committed waves of each round, in order; `accepted` the rounds whose student was
    accepted, so that their rows were in the pool of later ones; `focus` the weights of labels in
    each round; `hidden` what of a prompt the teacher was shown placeholders for, `prompts` what it
    was asked with. `reply` gives what came back under the key of a call.
    """

    store: Store
    cfg: Config
    data: RealData
    task: Task
    waves: dict[int, Sequence[Screened]]
    accepted: frozenset[int]
    replies: Replies
    focus: Mapping[int, Mapping[str, float]]
    hidden: Finder | None
    prompts: Prompts
    reply: Callable[[str], Completion]


def read_record(store: Store) -> Record:
    """What a run has left by now, all of one moment. Raises `StoreError` for a run that has not
    begun, `UserError` for one without a wave.
    """
    with store.snapshot():
        return _read(store)


def _read(store: Store) -> Record:
    data, config = store.real_data(), store.meta("config")
    if data is None or config is None:
        raise StoreError(
            f"{store.folder} has not begun", next_step="selfinstruct run CONFIG starts it"
        )
    waves: dict[int, list[Screened]] = {}
    for index, wave in store.waves():
        found = store.wave(index, wave)
        assert found is not None  # a wave that is committed stays
        waves.setdefault(index, []).append(found)
    if not waves:
        raise UserError(
            f"{store.folder} has no candidates yet, so there is nothing to filter again",
            next_step="selfinstruct run CONFIG --rounds 1",
        )
    cfg = parse_config(config, where=f"the config of {store.folder}")
    gates = store.results("gate").items()
    accepted = frozenset(i for i, gate in gates if gate["verdict"]["outcome"] == "accept")
    return Record(
        store,
        cfg,
        data,
        settle(cfg, data),
        dict(waves),
        accepted,
        index_replies(store.replies()),
        {index: _focus(store, cfg, data, index, accepted) for index in waves},
        Finder.of(cfg.privacy) if cfg.privacy.hides_from(cfg.teacher) else None,
        of_rows(store.meta("prompts")).prompts,
        store.reply,
    )


def _focus(
    store: Store, cfg: Config, data: RealData, index: int, accepted: frozenset[int]
) -> Mapping[str, float]:
    """The weights of a round, by its champion: the student of the last round accepted before it."""
    if cfg.generate.focus is None:
        return {}
    last = max((before for before in accepted if before < index), default=0)
    return focus_of(cfg, store, data, store.stage(last, "train")["digest"])
