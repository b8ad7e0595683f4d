from pathlib import Path
from typing import Any

import pytest

from selfinstruct.account import SpentError
from selfinstruct.errors import StoreError, UserError
from selfinstruct.models.scripted import Scripted
from selfinstruct.prompting import Source, Template, shipped
from selfinstruct.recipes import FORMS
from selfinstruct.registry import Chosen, Ref
from selfinstruct.replay.replaying import Plan, ask_again, plan_replay, require_affordable
from selfinstruct.store import Store
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.recorded import recorded_config, write_recorded
from tests.replayed import HOW, write_replayed

PRICES = {"m": {"input": 100.0, "output": 200.0}}


def plan(
    folder: Path,
    *settings: str,
    key: str = "call-1",
    model: str | None = None,
    chosen: Chosen | None = None,
) -> Plan:
    with Store(folder) as store:
        call = store.attempt(key)
        assert call is not None
        return plan_replay(store, [call], settings, model, chosen)


def version(words: str, name: str = "label_first/question.j2") -> Chosen:
    """A prompt whose one turn has these words."""
    text = f'{{% call turn("user") %}}\n{words}\n{{% endcall %}}'
    return Chosen(Ref(name), Template(name, {name: Source(text, "at/q.j2")}), "folder")


def test_a_call_is_asked_as_it_was_but_for_what_is_changed(tmp_path: Path) -> None:
    folder = write_replayed(tmp_path)
    (same,) = plan(folder).again
    assert (same.request.sampling, same.request.sample, same.request.seed) == (HOW, 1, 8)
    assert same.before.text == "answer call-1 stays"
    (other,) = plan(folder, "temperature=.2", "stop=[a, b]", "seed=3").again
    assert other.request.sampling == Sampling(0.2, 0.95, 100, ("a", "b"))
    assert other.request.seed == 3
    assert other.request.messages == same.request.messages


@pytest.mark.parametrize(
    ("settings", "model", "asked"),
    [
        ((), "other", ("openai", "other")),
        ((), "scripted:x.jsonl", ("scripted", "x.jsonl")),
        ((), "org/name:tag", ("openai", "org/name:tag")),
        (("base_url=http://127.0.0.1:9/v1",), None, ("openai", "m")),
    ],
)
def test_another_model_is_another_teacher(
    tmp_path: Path, settings: tuple[str, ...], model: str | None, asked: tuple[str, str]
) -> None:
    teacher = plan(write_replayed(tmp_path), *settings, model=model).cfg.teacher
    assert (teacher.backend, teacher.name) == asked
    assert (teacher.base_url == "http://127.0.0.1:9/v1") == bool(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["temperature"], "is not key=value"),
        (["temperature=hot"], "--set temperature: "),
        (["temperature=-1"], "--set: temperature is 0 or more; it is -1"),
        (["temperature=.nan"], "--set: temperature is 0 or more; it is nan"),
        (["top_p=0"], "--set: top_p is above 0 and at most 1; it is 0"),
        (["max_tokens=0"], "--set: max_tokens is 1 or more; it is 0"),
        (["seed=x"], "--set"),
        (["temperatur=1"], "unknown key teacher.temperatur"),
    ],
)
def test_a_change_that_means_nothing_is_told(
    tmp_path: Path, settings: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plan(write_replayed(tmp_path), *settings)


def test_a_judges_call_is_not_asked_again(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a judge's, and shows a gate row"):
        plan(write_replayed(tmp_path), key="judge-1")


def test_a_call_of_an_older_version_needs_its_sampling(tmp_path: Path) -> None:
    folder = write_replayed(tmp_path)
    with pytest.raises(UserError, match="older version, without top_p, max_tokens") as caught:
        plan(folder, "temperature=0", key="old-1")
    assert "--set top_p=... --set max_tokens=..." in caught.value.next_step
    whole = plan(folder, "temperature=0", "top_p=1", "max_tokens=9", key="old-1")
    assert whole.again[0].request.sampling == Sampling(0.0, 1.0, 9)


def test_a_run_that_has_not_begun_is_told(tmp_path: Path) -> None:
    Store(tmp_path, write=True).close()
    with Store(tmp_path) as store, pytest.raises(StoreError, match="has not begun"):
        plan_replay(store, [])


def test_personal_data_is_hidden_from_a_remote_model_it_was_not_hidden_from(tmp_path: Path) -> None:
    folder = write_replayed(tmp_path)
    assert "ann.lee@gmail.com" in plan(folder).again[0].request.messages[0].content
    remote = plan(folder, "base_url=https://api.example.org/v1")
    assert "ann.lee@gmail.com" not in remote.again[0].request.messages[0].content


@pytest.mark.parametrize(
    ("budget", "error"),
    [
        ({}, None),
        ({"max_calls": 6}, None),
        ({"max_calls": 5}, SpentError),  # so many stand in the ledger
        ({"max_tokens": 100}, SpentError),
        ({"max_cost": 1.0}, UserError),
        ({"max_cost": 1.0, "prices": PRICES}, None),
        ({"max_cost": 0.01, "prices": PRICES}, SpentError),
    ],
)
def test_the_budget_of_the_run_holds(
    tmp_path: Path, budget: dict[str, Any], error: type[UserError] | None
) -> None:
    planned = plan(write_replayed(tmp_path, budget))
    if error is None:
        require_affordable(planned)
    else:
        with pytest.raises(error):
            require_affordable(planned)


def test_what_it_may_cost_is_what_it_took_and_its_worst(tmp_path: Path) -> None:
    planned = plan(write_replayed(tmp_path, {"prices": PRICES}))
    assert planned.likely.tokens == 15
    assert float(planned.likely.cost) == pytest.approx((10 * 100 + 5 * 200) / 1e6)
    assert planned.worst[0].tokens > 100
    assert planned.worst[0].cost > planned.likely.cost


def test_answers_come_in_order_and_without_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "canary-0123456789")
    folder = write_replayed(tmp_path)
    with Store(folder) as store:
        calls = [call for key in ("call-0", "call-1") if (call := store.attempt(key))]
        planned = plan_replay(store, calls, ["temperature=0"])

    def say(request: Request) -> Completion | str:
        if request.sample == 1:
            return Completion("", "error", error="GET ?k=canary-0123456789 failed")
        return "half \ud83d"

    first, second = ask_again(planned, Scripted(say))
    assert first.text == "half \ufffd"
    assert second.error == "GET ?k=[redacted] failed"


# -- another version of the prompt --------------------------------------------------------------


def test_another_version_is_told_what_the_calls_own_was(tmp_path: Path) -> None:
    folder = write_replayed(tmp_path)
    (again,) = plan(folder, chosen=version("{{ order.label }}, {{ shown | length }} shown")).again
    assert again.request.messages == (Message("user", "a@gmail.com, 0 shown"),)
    assert again.sent == (Message("user", "write to ann.lee@gmail.com"),)
    assert (again.request.sampling, again.request.seed) == (HOW, 8)
    assert again.wording.startswith("label_first/question@")


def test_what_a_version_tells_is_hidden_from_a_remote_model(tmp_path: Path) -> None:
    folder = write_replayed(tmp_path)
    chosen = version("{{ order.label }}")
    remote = plan(folder, "base_url=https://api.example.org/v1", chosen=chosen).again[0]
    assert "a@gmail.com" not in remote.request.messages[0].content


@pytest.mark.parametrize(
    ("key", "chosen", "message"),
    [
        ("old-1", version("hi"), "old-1 was asked before values were kept"),
        ("call-1", version("hi", "few_shot/ask.j2"), "was asked by label_first/question, and few"),
        ("call-1", version("{{ count }}"), "at/q.j2:2: unknown variable 'count'"),
        ("call-1", version("{{ order.count }}"), "at/q.j2:2: unknown attribute order.count"),
        ("call-1", version("{{ shown[0] }}"), "at/q.j2:2: "),
    ],
)
def test_a_version_that_cannot_be_told_is_refused(
    tmp_path: Path, key: str, chosen: Chosen, message: str
) -> None:
    settings = ("temperature=0", "top_p=1", "max_tokens=9")
    with pytest.raises(UserError, match=message) as caught:
        plan(write_replayed(tmp_path), *settings, key=key, chosen=chosen)
    assert "at/q.j2" not in message or "was told demos, order, shown" in caught.value.why


@pytest.mark.parametrize("recipe", ["label_first", "self_instruct"])
def test_the_version_that_asked_writes_the_same_words_again(tmp_path: Path, recipe: str) -> None:
    folder = write_recorded(recorded_config(tmp_path, recipe), ["accept"])
    seen = set()
    with Store(folder) as store:
        for key in store.answered(1):
            call = store.attempt(key)
            assert call is not None
            chosen = Chosen(Ref(call["template"]), shipped(call["template"]), "shipped")
            (again,) = plan_replay(store, [call], chosen=chosen).again
            assert again.request.messages == again.sent
            seen.add(call["template"])
    assert seen == {form.name for form in FORMS[recipe]}
