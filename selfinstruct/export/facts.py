"""What an export says of its run: the ledger read once, as plain data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from selfinstruct.apart import stress_rows
from selfinstruct.chat import Target
from selfinstruct.config import Config, parse_config
from selfinstruct.errors import StoreError
from selfinstruct.export.people import Said, read_said
from selfinstruct.settled import settled
from selfinstruct.store import Store
from selfinstruct.summary import Summary, summarise
from selfinstruct.task import settle_target
from selfinstruct.types import Example, RealData, Screened, digest


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt template in one version, and how many calls were made with it."""

    template: str
    version: str
    calls: int


@dataclass(frozen=True, slots=True)
class Facts:
    """A run so far. `prompts` is the template and version behind each call, by the call's key.

    `rounds` are the candidates as people left them, where they were asked; `said` is what people
    said of rows; `apart` are the ids of the rows that are a stress set, `mixed` the rounds that
    have a mixture.
    """

    name: str
    cfg: Config
    target: Target
    fingerprint: str
    summary: Summary
    data: RealData
    rounds: Mapping[int, Screened]
    prompts: Mapping[str, tuple[str, str]]
    said: Said
    apart: frozenset[str]
    mixed: tuple[int, ...]

    @property
    def gates(self) -> dict[int, str]:
        """Round to what its gate said, or `none` where it has said nothing yet."""
        return {entry["index"]: entry["verdict"] or "none" for entry in self.summary["rounds"]}

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every prompt in every version that was used, most calls first."""
        counts = Counter(self.prompts.values())
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Asked(*prompt, calls) for prompt, calls in ranked)

    @property
    def kept(self) -> tuple[Example, ...]:
        """Every synthetic row that any round kept, in order, each once."""
        rows = (row for screened in self.rounds.values() for row in screened.accepted)
        by_id: dict[str, Example] = {}
        for row in rows:
            by_id.setdefault(row.id, row)
        return tuple(by_id.values())


def read_facts(store: Store) -> Facts:
    """The facts of an open ledger, all of one moment. Raises `StoreError` where it has not begun,
    or is too old.
    """
    with store.snapshot():
        return _read(store)


def _read(store: Store) -> Facts:
    summary = summarise(store)
    data, config = store.real_data(), store.meta("config")
    assert data is not None  # else there is no summary
    if config is None:
        raise StoreError(
            f"{store.folder} does not hold its own settings: an older version began it",
            next_step="start the command that began it again, then export",
        )
    cfg = parse_config(config, where=f"the config of {store.folder}")
    return Facts(
        name=store.folder.resolve().name,
        cfg=cfg,
        target=settle_target(cfg, data.train),
        fingerprint=digest(store.meta("identity")),
        summary=summary,
        data=data,
        rounds={entry["index"]: settled(store, entry["index"]) for entry in summary["rounds"]},
        prompts={key: (template, version) for key, template, version in store.prompts_of_calls()},
        said=read_said(store),
        apart=frozenset(row.id for row in stress_rows(store)),
        mixed=tuple(store.results("mix")),
    )
