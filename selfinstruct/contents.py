"""What a config's files, folders and functions hold, as digests: their names alone tell little.

A run's rows are frozen in its ledger, its guard's among them, so that seed files may change. All
else that a config names is read again whenever it is needed, and has to be what it was.
"""

from collections.abc import Iterator
from pathlib import Path

from selfinstruct.checkpoints import weights
from selfinstruct.config import Config, ModelConfig
from selfinstruct.disk.files import digest_file, digest_tree
from selfinstruct.plugins import find_function, module_source_of, source_of
from selfinstruct.types import Checkpoint, digest


def contents(cfg: Config, base: Checkpoint) -> dict[str, str]:
    """Identity field to the digest of what it names, for a config whose files are `located`.

    `base` is the untuned student. What is not there, or only on a server, has none. Raises
    `UserError` for a function that cannot be found.
    """
    return {field: found for field, found in _all(cfg, base) if found is not None}


def _all(cfg: Config, base: Checkpoint) -> Iterator[tuple[str, str | None]]:
    yield from _files(cfg)
    yield from _functions(cfg)
    yield "student.name", _student(cfg.student.name, base)
    yield "teacher.name", _model(cfg.teacher)
    if (embedding := cfg.filters.novelty.embedding) is not None:
        yield "filters.novelty.embedding.model", weights.identify(embedding.model)
    if cfg.judge.model is not None:
        yield "judge.model.name", _model(cfg.judge.model)
    rubric = cfg.filters.quality.rubric
    if rubric is not None and rubric.model is not None:
        yield "filters.quality.rubric.model.name", _model(rubric.model)


def _files(cfg: Config) -> Iterator[tuple[str, str | None]]:
    files = {
        "evaluate.json_schema": cfg.evaluate.json_schema,
        "filters.format.json_schema": cfg.filters.format.json_schema,
        "generate.backtranslate.path": cfg.generate.backtranslate.path,
        "generate.records.json_schema": cfg.generate.records.json_schema,
    }
    for field, path in files.items():
        yield field, path and digest_file(Path(path))
    if tasks := cfg.guard.lm_eval_path:
        yield "guard.lm_eval_path", digest_tree(Path(tasks))


def _functions(cfg: Config) -> Iterator[tuple[str, str | None]]:
    own = [name for name in cfg.evaluate.metrics if ":" in name]
    if own:
        yield "evaluate.metrics", digest([source_of(find_function(name)) for name in own])
    check, program = cfg.filters.executable.check, cfg.generate.program
    if check is not None and ":" in check:
        yield "filters.executable.check", digest(source_of(find_function(check)))
    if program is not None:  # its rules are the tables and helpers beside it as much as itself
        yield "generate.program", digest(module_source_of(find_function(program)))


def _student(name: str, base: Checkpoint) -> str | None:
    """A folder was read for the base's own digest; it takes seconds, and once is enough."""
    return base.digest if Path(name).expanduser().is_dir() else weights.identify(name)


def _model(cfg: ModelConfig) -> str | None:
    match cfg.backend:
        case "llamacpp" | "transformers":
            return weights.identify(cfg.name)
        case "program":
            return digest(source_of(find_function(cfg.name)))
        case "scripted":
            path = Path(cfg.name).expanduser()
            return digest_file(path) if path.is_file() else None
        case "openai" | "anthropic":
            return None
