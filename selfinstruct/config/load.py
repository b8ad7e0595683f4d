"""YAML plus `key.path=value` overrides in, a checked `Config` out.

An unknown key is an error that suggests the nearest one.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from selfinstruct.config.asking import GenerateConfig, SeedsConfig, TaskConfig
from selfinstruct.config.filtering import FiltersConfig
from selfinstruct.config.judging import (
    BudgetConfig,
    EvaluateConfig,
    GateConfig,
    GuardConfig,
    JudgeConfig,
    MixtureConfig,
    PriceConfig,
    RoundsConfig,
    StudentConfig,
    WatchConfig,
)
from selfinstruct.config.licenses import LicensesConfig
from selfinstruct.config.model import ModelConfig
from selfinstruct.config.privacy import PrivacyConfig
from selfinstruct.config.prompts import PromptsConfig
from selfinstruct.config.reviewing import ReviewConfig
from selfinstruct.config.section import (
    Id,
    Section,
    defaults_of,
    identity_of,
    is_operational,
    operational,
)
from selfinstruct.errors import UserError
from selfinstruct.types import Sampling, digest

Place = tuple[int | str, ...]
"""The keys that lead to a setting, and places in lists."""
Lines = dict[Place, int | None]
"""The line of each place in a file; None of one that an override has set."""


class Config(Section):
    """One run: every file in configs/ is one of these."""

    name: Id = operational("run")
    """The run's folder is `out`/`name`."""
    out: str = operational("runs")
    """The folder that runs stand in; a relative path starts where the command is given."""
    seed: int = 0
    """Where all chance begins: splits, what prompts show, mixtures, training, resampling."""
    seeds: SeedsConfig
    task: TaskConfig = TaskConfig()
    teacher: ModelConfig
    generate: GenerateConfig = GenerateConfig()
    filters: FiltersConfig = FiltersConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    prompts: PromptsConfig = PromptsConfig()
    licenses: LicensesConfig = LicensesConfig()
    review: ReviewConfig = ReviewConfig()
    mixture: MixtureConfig = MixtureConfig()
    student: StudentConfig = StudentConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    gate: GateConfig = GateConfig()
    guard: GuardConfig = GuardConfig()
    watch: WatchConfig = WatchConfig()
    judge: JudgeConfig = JudgeConfig()
    rounds: RoundsConfig = RoundsConfig()
    budget: BudgetConfig = BudgetConfig()

    @property
    def identity(self) -> dict[str, Any]:
        """Dotted path to value of every field that decides what comes out."""
        return dict(identity_of(self))

    def identity_beside(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """A stored identity, with the default of every field that it is too old to know and
        without those that have become operational since.
        """
        known = {key: value for key, value in defaults_of(Config) if key in self.identity}
        return {**known, **still_identity(stored)}

    @property
    def fingerprint(self) -> str:
        """The digest of the identity."""
        return digest(self.identity)


def still_identity(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored identity without the fields that have become operational since."""
    return {path: value for path, value in stored.items() if not _may_change(path.split("."))}


def _may_change(names: Iterable[str]) -> bool:
    held: Any = Config
    for name in names:
        if not _is_section(held) or name not in held.model_fields:
            return False
        if is_operational(held.model_fields[name]):
            return True
        held = _section_of(held.model_fields[name].annotation)
    return False


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """A YAML file and `key.path=value` overrides in, a checked `Config` out. Raises `UserError`
    naming every fault, with the line that it is in.
    """
    tree, lines = read_tree(path)
    for override in overrides:
        _apply(tree, override)
        lines[tuple(override.partition("=")[0].split("."))] = None
    return parse_config(tree, where=str(path), lines=lines)


def read_tree(path: Path) -> tuple[dict[str, Any], Lines]:
    """What a config says, unchecked, and where it says it. Raises `UserError` where that is not
    readable.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        tree = yaml.safe_load(text)
    except FileNotFoundError:
        raise UserError(
            f"no config at {path}", next_step="selfinstruct init DIR writes one"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML: {error}") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path} holds no settings", why="a config is a YAML mapping of sections")
    return tree, dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader)))


def override(cfg: Config, overrides: Iterable[str]) -> Config:
    """A config with `key.path=value` settings in place of its own. Raises as `load_config`."""
    tree = cfg.model_dump(mode="json")
    for each in overrides:
        _apply(tree, each)
    return parse_config(tree, where="settings")


def parse_config(
    tree: Mapping[str, Any], where: str = "config", lines: Lines | None = None
) -> Config:
    """A nested mapping in, a checked `Config` out; `where`, and the line where `lines` has one,
    open the message of an error.
    """
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        found: list[Mapping[str, Any]] = [dict(item) for item in error.errors()]
        faults = [f"{_at(where, item['loc'], lines or {})}: {_fault(item)}" for item in found]
        raise UserError("\n".join(faults), next_step=_look_up(found[0])) from None


def load_prices(path: Path) -> dict[str, PriceConfig]:
    """A YAML or JSON table, model name to `input` and `output` per million tokens, in; checked out.

    Raises `UserError` naming every fault.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        return TypeAdapter(dict[str, PriceConfig]).validate_python(tree)
    except ValidationError as error:
        faults = [_fault(dict(item)) for item in error.errors()]
        raise UserError(
            "\n".join(f"{path}: {fault}" for fault in faults),
            next_step="write lines such as MODEL: {input: 0.15, output: 0.60}",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} is no readable table of prices: {error}") from None


def _apply(tree: dict[str, Any], override: str) -> None:
    path, sign, text = override.partition("=")
    if not sign:
        raise UserError(
            f"override {override!r} is not key.path=value", next_step="for example rounds.max=3"
        )
    *parents, last = path.split(".")
    node = tree
    for name in parents:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            raise UserError(f"override {override!r}: {name} is a value, not a section")
    node[last] = yaml.safe_load(text)


def _lines(
    node: yaml.Node | None, path: Place = (), above: tuple[yaml.Node, ...] = ()
) -> Iterator[tuple[Place, int]]:
    """The path of every key and of every place in a list, and its line, from 1 on."""
    if node is None or any(node is each for each in above):  # an anchor that holds itself
        return
    parts: list[tuple[int | str, yaml.Node, yaml.Node]]
    if isinstance(node, yaml.MappingNode):
        parts = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        parts = [(at, each, each) for at, each in enumerate(node.value)]
    else:
        return
    for name, marked, value in parts:
        yield (*path, name), marked.start_mark.line + 1
        yield from _lines(value, (*path, name), (*above, node))


def line_of(loc: Place, lines: Lines) -> int | None:
    """The line of the nearest key above or at a place that the file has, None for none."""
    known = next((loc[:end] for end in range(len(loc), 0, -1) if loc[:end] in lines), None)
    return None if known is None else lines[known]


def _at(where: str, loc: Place, lines: Lines) -> str:
    line = line_of(loc, lines)
    return where if line is None else f"{where}:{line}"


def _look_up(item: Mapping[str, Any]) -> str:
    """The command that tells what may stand where the fault is."""
    names, section = _known(item["loc"])
    asked = " ".join(["selfinstruct settings", *[".".join(names)] * bool(names)])
    return f"{asked} tells {'what there is' if _is_section(section) else 'what it takes'}"


def _fault(item: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown key {path}{_suggestion(item['loc'])}"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "missing":
        return f"{path} is missing"
    shown = f"; it is {item['input']!r}" if not isinstance(item["input"], (dict, BaseModel)) else ""
    return f"{path + ': ' if path else ''}{message}{shown}"


def _suggestion(loc: Place) -> str:
    names, held = _known(loc)
    if len(names) < len(loc) - 1:
        return ""
    if _is_section(held):
        known = list(held.model_fields)
    elif held is Sampling:
        known = [field.name for field in fields(Sampling)]
    else:
        return ""
    near = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"


def _known(loc: Place) -> tuple[list[str], Any]:
    """The names at the front of a place that are settings, and what the last of them holds."""
    names: list[str] = []
    held: Any = Config
    for part in map(str, loc):
        if not _is_section(held) or part not in held.model_fields:
            break
        names.append(part)
        held = _section_of(held.model_fields[part].annotation)
    return names, held


def _section_of(annotation: object) -> object:
    """The section of a field that may also be None."""
    return next((part for part in get_args(annotation) if _is_section(part)), annotation)


def _is_section(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)
