from pathlib import Path

import pytest

from selfinstruct.config import Config, KeysConfig, load_config, load_prices, override, parse_config
from selfinstruct.errors import UserError

MINIMAL = {"seeds": {"path": "x.jsonl"}, "teacher": {"backend": "llamacpp", "name": "bundled"}}

OPERATIONAL = {
    "name",
    "out",
    "prompts.folder",
    "prompts.use",
    "budget.currency",
    "budget.max_calls",
    "budget.max_cost",
    "budget.max_hours",
    "budget.max_tokens",
    "budget.price_file",
    "budget.prices",
    "evaluate.batch_size",
    "generate.on_exhausted",
    "review.fraction",
    "review.random",
    "review.required",
    "review.reshow",
    *(f"review.keys.{action}" for action in KeysConfig.model_fields),
    "review.reviewer",
    "student.device",
    "student.micro_batch",
    "student.processes",
    "student.report_to",
    "teacher.allow_http",
    "teacher.api_key_env",
    "teacher.api_key_keyring",
    "teacher.attempts",
    "teacher.batch",
    "teacher.context",
    "teacher.deadline_s",
    "teacher.device",
    "teacher.parallel",
    "teacher.requests_per_minute",
    "teacher.send_seed",
    "teacher.timeout_s",
    "teacher.token_limit",
    "teacher.tokens_per_minute",
    "teacher.use_proxy",
}

TABLES = (
    "columns",
    "split",
    "max_per_label",
    "prices",
    "patterns",
    "quotas",
    "rename_labels",
    "recipes",
    "arms",
    "use",
)
"""Fields whose keys the user names."""


def with_changes(**sections: dict[str, object]) -> dict[str, object]:
    return {**MINIMAL, **{name: {**MINIMAL.get(name, {}), **s} for name, s in sections.items()}}


def paths(tree: dict[str, object], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in tree.items():
        section = isinstance(value, dict) and key not in TABLES
        leaf = key in ("question", "answer", "whole") or not section
        found |= {f"{prefix}{key}"} if leaf else paths(value, f"{prefix}{key}.")  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (with_changes(seeds={"splitt": 1}), "unknown key seeds.splitt; did you mean split?"),
        ({**MINIMAL, "techer": {}}, "unknown key techer; did you mean teacher?"),
        ({"teacher": MINIMAL["teacher"]}, "seeds is missing"),
        (with_changes(student={"rank": 0}), "student.rank: Input should be greater than or equal"),
        (with_changes(seeds={"split": {"train": 1}}), "split needs train, dev, gate, final"),
        (
            with_changes(seeds={"split": {"train": 0.9, "dev": 0.1, "gate": 0, "final": 0}}),
            "split.train and split.gate must be above 0",
        ),
        (with_changes(teacher={"backend": "openai"}), "backend openai needs base_url"),
        (with_changes(teacher={"name": "sk-123"}), "a key stands in the config"),
        (with_changes(teacher={"backend": "opnai"}), "teacher.backend: Input should be"),
        (
            with_changes(generate={"answer": {"temperatur": 1}}),
            "unknown key generate.answer.temperatur; did you mean temperature?",
        ),
        (
            with_changes(generate={"answer": {"xx": 1}}),
            "generate.answer.xx; known: temperature, top_p, max_tokens, stop",
        ),
        ({**MINIMAL, "name": "../other"}, "name: a name is 1 to 64 letters"),
    ],
)
def test_a_fault_is_named_with_its_place(tree: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_config(tree)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "command"),
    [
        (with_changes(gate={"alhpa": 1}), "selfinstruct settings gate tells what there is"),
        ({**MINIMAL, "gaet": {}}, "selfinstruct settings tells what there is"),
        (with_changes(gate={"alpha": 2}), "selfinstruct settings gate.alpha tells what it takes"),
        (
            with_changes(generate={"recipes": {"evolv": 1}}),
            "selfinstruct settings generate.recipes tells what it takes",
        ),
        (
            with_changes(filters={"format": {"json_responses": 3}}),
            "selfinstruct settings filters.format.json_responses tells what it takes",
        ),
        (
            with_changes(budget={"prices": {"m": {"inptu": 1}}}),
            "selfinstruct settings budget.prices tells what there is",
        ),
        (with_changes(student={"epochs": "inf"}), "settings student.epochs tells what it takes"),
    ],
)
def test_a_fault_names_the_command_that_tells_more(tree: dict[str, object], command: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_config(tree)
    assert command in caught.value.next_step


@pytest.mark.parametrize(
    "tree",
    [
        with_changes(teacher={"name": "sk-canary0123456789"}),
        with_changes(teacher={"api_key_env": "canary0123456789"}),
        with_changes(teacher={"api_key": "canary0123456789"}),
        with_changes(teacher={"api_key_keyring": "canary0123456789"}),
        with_changes(teacher={"api_key_keyring": "teacher/sk-canary0123456789"}),
        with_changes(teacher={"base_url": "https://me:canary0123@a.com/v1"}),
        with_changes(teacher={"base_url": "https://a.com/v1?key=canary0123"}),
    ],
)
def test_a_key_in_a_config_is_refused_and_not_repeated(tree: dict[str, object]) -> None:
    with pytest.raises(UserError) as caught:
        parse_config(tree)
    assert "canary" not in str(caught.value)


def test_every_fault_is_reported_at_once() -> None:
    with pytest.raises(UserError) as caught:
        parse_config(with_changes(student={"rank": 0, "alphaa": 1}))
    assert "student.rank" in str(caught.value)
    assert "did you mean alpha?" in str(caught.value)


def test_the_scientific_notation_yaml_reads_as_text_becomes_a_number(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "seeds: {path: x}\nteacher: {backend: llamacpp, name: bundled}\n"
        "student: {learning_rate: 3e-4}\n"
    )
    assert load_config(path).student.learning_rate == 3e-4


def test_overrides_replace_and_create(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("seeds: {path: x}\nteacher: {backend: llamacpp, name: bundled}\n")
    cfg = load_config(path, ["rounds.max=2", "name=b", "filters.novelty.threshold=null"])
    assert (cfg.rounds.max, cfg.name, cfg.filters.novelty.threshold) == (2, "b", None)


@pytest.mark.parametrize(
    ("override", "message"),
    [("rounds.max", "is not key.path=value"), ("name.x=1", "name is a value, not a section")],
)
def test_a_bad_override_is_refused(tmp_path: Path, override: str, message: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("name: x\nseeds: {path: x}\nteacher: {backend: llamacpp, name: bundled}\n")
    with pytest.raises(UserError, match=message):
        load_config(path, [override])


@pytest.mark.parametrize("text", ["", "- 1\n", "a: [1\n", "a: !!python/object:os.system x\n"])
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"c\.yaml"):
        load_config(path)


@pytest.mark.parametrize(
    ("more", "overrides", "told"),
    [
        ("student:\n  rank: 0\n", [], "c.yaml:4: student.rank"),
        ("review:\n  keys: {edit: a}\n", [], "c.yaml:4: review.keys: 'a' is the key of accept"),
        ("review:\n  keys:\n    edit: ab\n", [], "c.yaml:5: review.keys.edit: a key is one"),
        ("techer: 1\n", [], "c.yaml:3: unknown key techer"),
        ("student: {rank: 8}\n", ["student.rank=0"], "c.yaml: student.rank"),
        ("generate:\n  arms:\n    x: -1\n", [], "c.yaml:"),
        ("review: &a\n  keys: *a\n", [], "c.yaml:"),
    ],
)
def test_a_fault_is_told_with_its_line_but_that_of_an_override(
    tmp_path: Path, more: str, overrides: list[str], told: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"seeds: {{path: x}}\nteacher: {{backend: llamacpp, name: bundled}}\n{more}")
    with pytest.raises(UserError) as caught:
        load_config(path, overrides)
    assert told in caught.value.what


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="selfinstruct init"):
        load_config(tmp_path / "none.yaml")


def test_every_field_is_either_identity_or_operational() -> None:
    cfg = parse_config(MINIMAL)
    assert paths(cfg.model_dump(mode="json")) == set(cfg.identity) | OPERATIONAL
    assert not set(cfg.identity) & OPERATIONAL


def test_the_fingerprint_follows_identity_and_nothing_else() -> None:
    plain = parse_config(MINIMAL).fingerprint
    assert parse_config({**MINIMAL, "name": "other"}).fingerprint == plain
    assert parse_config(with_changes(student={"micro_batch": 1})).fingerprint == plain
    assert parse_config(with_changes(student={"rank": 8})).fingerprint != plain


def test_a_mistyped_key_of_an_optional_section_is_suggested_too() -> None:
    model = {"backend": "program", "name": "m:f", "contxt": 5}
    with pytest.raises(UserError, match="did you mean context"):
        parse_config({**MINIMAL, "judge": {"model": model}})


def test_shipped_configs_load_and_say_how_to_run_them() -> None:
    root = Path(__file__).parents[1] / "configs"
    found = sorted(root.glob("*.yaml"))
    assert {path.stem for path in found} >= {
        "quickstart",
        "billing_openai",
        "general_self_instruct",
        "banking77",
        "banking77_all",
    }
    for path in found:
        assert isinstance(load_config(path), Config)
        assert f"selfinstruct run configs/{path.name}" in path.read_text().split("\n")[0]


def test_a_field_that_an_older_run_did_not_know_had_its_default() -> None:
    now = parse_config(MINIMAL)
    old = {key: value for key, value in now.identity.items() if not key.startswith("guard.")}
    assert now.identity_beside(old) == now.identity
    other = parse_config({**MINIMAL, "guard": {"rows": 5}})
    assert other.identity_beside(old) != other.identity
    judged = parse_config({**MINIMAL, "judge": {"model": MINIMAL["teacher"]}})
    assert judged.identity_beside({}) != judged.identity
    assert judged.identity_beside(now.identity) != judged.identity
    assert now.identity_beside(judged.identity) != now.identity


def test_a_field_that_an_older_run_counted_in_and_decides_nothing_now_changes_nothing() -> None:
    now = parse_config({**MINIMAL, "judge": {"model": MINIMAL["teacher"]}})
    once = {"teacher.api_key_env": "A", "judge.model.api_key_env": "B", "review.keys.accept": "y"}
    assert now.identity_beside({**now.identity, **once}) == now.identity
    for field in ("teacher.name", "no.such.field"):
        assert now.identity_beside({**now.identity, field: "other"}) != now.identity


def test_prices_are_read_from_a_table_in_yaml_or_json(tmp_path: Path) -> None:
    path = tmp_path / "prices"
    for text in ("m: {input: 0.15, output: 1}\n", '{"m": {"input": 0.15, "output": 1.0}}'):
        path.write_text(text)
        found = load_prices(path)
        assert {name: (each.input, each.output) for name, each in found.items()} == {
            "m": (0.15, 1.0)
        }


@pytest.mark.parametrize(
    "text",
    [
        "m: {input: 1}",
        "m: {input: -1, output: 1}",
        "m: {input: .nan, output: 1}",
        "m: {input: .inf, output: 1}",
        "m: {input: 1, output: 1, cached: 1}",
        "m: 3",
        "- m",
        "",
        "a: [1",
    ],
)
def test_a_table_of_prices_with_a_fault_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"prices\.yaml"):
        load_prices(path)
    with pytest.raises(UserError, match="none"):
        load_prices(tmp_path / "none")


def test_settings_of_a_config_that_is_loaded_can_be_replaced() -> None:
    cfg = parse_config(MINIMAL)
    other = override(cfg, ["filters.novelty.threshold=null", "name=b"])
    assert (other.name, other.filters.novelty.threshold) == ("b", None)
    assert override(other, ["filters.novelty.threshold=0.7", "name=run"]) == cfg
    with pytest.raises(UserError, match=r"settings: unknown key rounds\.mx; did you mean max"):
        override(cfg, ["rounds.mx=1"])
