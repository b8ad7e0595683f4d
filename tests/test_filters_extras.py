import sys
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.plan import plan_run
from selfinstruct.config import FiltersConfig, load_config
from selfinstruct.errors import UserError
from selfinstruct.filters.extras import EMBEDDING, LANGUAGE, MINHASH, Extra, require, require_extras
from selfinstruct.runs import Run

CONFIGS = Path(__file__).parents[1] / "configs"
NEEDS: list[tuple[Extra, str, dict[str, Any]]] = [
    (LANGUAGE, "filters.language.expected=auto", {"language": {"expected": "auto"}}),
    (
        EMBEDDING,
        "filters.novelty.embedding={model: any}",
        {"novelty": {"embedding": {"model": "any"}}},
    ),
    (MINHASH, "filters.novelty.minhash={}", {"novelty": {"minhash": {}}}),
]


@pytest.mark.parametrize(("extra", "_setting", "filters"), NEEDS)
def test_a_filter_asks_for_its_own_extra_and_for_no_other(
    extra: Extra, _setting: str, filters: dict[str, Any]
) -> None:
    cfg = FiltersConfig.model_validate(filters)
    require_extras(cfg, lambda module: module == extra.module)
    with pytest.raises(UserError) as caught:
        require_extras(cfg, lambda module: module != extra.module)
    assert extra.setting in caught.value.what
    assert f"pip install 'selfinstruct[{extra.name}]'" in (caught.value.next_step or "")


def test_the_filters_as_they_are_need_no_extra() -> None:
    require_extras(FiltersConfig(), lambda _: False)


def test_what_is_installed_is_seen_without_loading_it() -> None:
    require(Extra("x", "json", "json", "x"))
    with pytest.raises(UserError, match=r"package no-such-package, which is not installed"):
        require(Extra("x", "no_such_module_of_ours", "no-such-package", "x"))


@pytest.mark.parametrize(("extra", "setting", "_filters"), NEEDS)
def test_plan_and_run_say_it_before_anything_is_spent(
    extra: Extra,
    setting: str,
    _filters: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, extra.module, None)  # as where it is not installed
    command = rf"pip install 'selfinstruct\[{extra.name}\]'"
    settings = [f"out={tmp_path}", setting, "student.name=no-such-student"]
    with pytest.raises(UserError, match=command):
        plan_run(CONFIGS / "quickstart.yaml", settings, pilot=4)
    run = Run(load_config(CONFIGS / "quickstart.yaml", settings), CONFIGS)
    with pytest.raises(UserError, match=command):
        run.execute()
    with pytest.raises(UserError, match=command):
        run.pilot(4)
