from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.aiming.goals import Unmet, goals, keep
from selfinstruct.config import (
    DemosConfig,
    FiltersConfig,
    GenerateConfig,
    LicensesConfig,
    PrivacyConfig,
)
from selfinstruct.errors import IncompleteError
from selfinstruct.filters.children import Children
from selfinstruct.generate import (
    Aim,
    Course,
    Filled,
    Memory,
    generate,
    require_full,
)
from selfinstruct.progress import Progress
from selfinstruct.recipes import Ask
from selfinstruct.types import (
    Completion,
    Example,
    Prompt,
    RealData,
    Rejection,
    Request,
    Sampling,
    Screened,
)
from tests.scripted_teacher import answer

CFG = GenerateConfig(accept=8, prompts_per_wave=2, samples_per_prompt=3)


def rows(name: str, count: int = 6) -> tuple[Example, ...]:
    return tuple(
        Example(
            "Name it.", f"{name} row {i} speaks of thing {i * 7}", f"reply {i}", label="ab"[i % 2]
        )
        for i in range(count)
    )


DATA = RealData(rows("train"), rows("dev"), rows("gate"), rows("final"))
AIM = Aim(1, 0, DATA, (), "label_and_response", {"label_first": 1.0})


def ask_in_wave(wave: int) -> Ask:
    def ask(
        prompts: Sequence[Prompt], sampling: Sampling, samples: int
    ) -> Sequence[Sequence[Completion]]:
        requests = [
            Request(prompt.messages, sampling, sample, seed=wave * 100 + sample)
            for prompt in prompts
            for sample in range(samples)
        ]
        texts = iter([Completion(text, "stop") for text in answer(requests)])
        return [[next(texts) for _ in range(samples)] for _ in prompts]

    return ask


class Notebook:
    """A memory that can be told to forget everything after some wave."""

    def __init__(self, waves: dict[int, Screened] | None = None) -> None:
        self.waves = dict(waves or {})
        self.committed: list[int] = []
        self.memory = Memory(self.waves.get, self.commit)

    def commit(self, index: int, wave: Screened) -> None:
        self.committed.append(index)
        self.waves[index] = wave


def run(notebook: Notebook, aim: Aim = AIM, cfg: GenerateConfig = CFG) -> Screened:
    return fill(notebook, aim, cfg).screened


def fill(notebook: Notebook, aim: Aim = AIM, cfg: GenerateConfig = CFG) -> Filled:
    return generate(ask_in_wave, notebook.memory, aim, cfg, FiltersConfig())


def test_a_round_ends_when_it_is_full_and_loses_no_candidate() -> None:
    notebook = Notebook()
    done = run(notebook)
    assert len(done.accepted) == CFG.accept
    assert notebook.committed == list(range(len(notebook.waves)))
    assert done.accepted == tuple(r for w in notebook.waves.values() for r in w.accepted)
    assert done.rejected == tuple(r for w in notebook.waves.values() for r in w.rejected)
    assert {"refusal"} <= {item.reason for item in done.rejected}


def test_accepted_rows_are_synthetic_and_know_their_round_and_parents() -> None:
    train = {row.id for row in DATA.train}
    for row in run(Notebook(), replace(AIM, round=3)).accepted:
        assert (row.origin, row.round, row.label in ("a", "b")) == ("synthetic", 3, True)
        assert row.parents
        assert row.depth >= 1
        assert row.depth > 1 or set(row.parents) <= train


@pytest.mark.parametrize("known", [0, 1, 2])
def test_a_round_resumed_after_any_wave_equals_an_uninterrupted_one(known: int) -> None:
    whole = Notebook()
    expected = run(whole)
    kept = {index: wave for index, wave in whole.waves.items() if index < known}
    resumed = Notebook(kept)
    assert run(resumed) == expected
    assert resumed.committed == [index for index in whole.waves if index >= known]


def test_later_waves_may_show_rows_that_earlier_ones_made() -> None:
    done = run(Notebook(), cfg=replace_accept(60))
    made = {row.id for row in done.accepted}
    assert any(set(row.parents) & made for row in done.accepted)


CAPPED = FiltersConfig(max_children=2)


def capped(notebook: Notebook, shown: list[Prompt] | None = None) -> Screened:
    """A round of more rows than twelve training rows with two children each can have."""

    def asking(wave: int) -> Ask:
        def ask(
            prompts: Sequence[Prompt], sampling: Sampling, samples: int
        ) -> Sequence[Sequence[Completion]]:
            if shown is not None:
                shown.extend(prompts)
            return ask_in_wave(wave)(prompts, sampling, samples)

        return ask

    cfg = replace_accept(40).model_copy(
        update={"max_candidates": 90, "demos": DemosConfig(real=2, synthetic=0)}
    )
    aim = replace(AIM, data=replace_train(rows("train", 12)))
    return generate(asking, notebook.memory, aim, cfg, CAPPED).screened


def replace_train(train: tuple[Example, ...]) -> RealData:
    return replace(DATA, train=train)


def test_a_row_that_has_had_its_children_is_shown_no_more_while_its_label_has_others() -> None:
    shown: list[Prompt] = []
    notebook = Notebook()
    done = capped(notebook, shown)
    assert any(item.reason == "too_many_children" for item in done.rejected)
    label = {row.id: row.label for row in rows("train", 12)}
    accepted: tuple[Example, ...] = ()
    left_out = 0
    for wave in notebook.waves.values():
        children = Children(2)
        children.add(accepted)
        full = children.full(2, accepted)
        for row in (*wave.accepted, *(item.what for item in wave.rejected)):
            kin = {name for name, its in label.items() if its == row.label}
            if not kin <= full:
                assert not full & set(row.parents)
                left_out += bool(kin & full)
        accepted = (*accepted, *wave.accepted)
    assert left_out


@pytest.mark.parametrize("known", [1, 3, 6, 9])
def test_a_round_that_leaves_rows_out_and_is_resumed_equals_an_uninterrupted_one(
    known: int,
) -> None:
    whole, asked, again = Notebook(), list[Prompt](), list[Prompt]()
    expected = capped(whole, asked)
    kept = {index: wave for index, wave in whole.waves.items() if index < known}
    assert capped(Notebook(kept), again) == expected
    assert len(whole.waves) > known
    assert again == asked[len(asked) - len(again) :]


def recounted(
    aim: Aim, cfg: GenerateConfig, accepted: Sequence[Example], cap: int | None
) -> tuple[Counter[str | None], list[list[Example]], frozenset[str]]:
    """Rows by label, those to show of each label, and those that are full: counted from all rows,
    as each wave once did.
    """
    children = Children(cap)
    children.add((*aim.pool, *accepted))
    full = children.full(cfg.demos.real + cfg.demos.synthetic, (*aim.pool, *accepted))
    pool = aim.to_show((*aim.pool, *accepted))
    shallow = [row for row in pool if row.depth <= cfg.demos.max_depth and row.id not in full]
    shown = [[row for row in shallow if label in (None, row.label)] for label in (None, "a", "b")]
    return Counter(row.label for row in (*aim.data.train, *pool)), shown, full


@pytest.mark.parametrize("cap", [None, 1, 3])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_what_waves_leave_to_the_next_is_what_counting_all_rows_again_gives(
    cap: int | None, depth: int
) -> None:
    pool = tuple(replace(row, origin="synthetic", depth=1) for row in rows("pool", 9))
    shown = frozenset(row.id for row in pool[::2])
    aim = replace(
        AIM,
        pool=pool,
        to_show=lambda some: tuple(row for row in some if row.depth > 1 or row.id in shown),
    )
    cfg = CFG.model_copy(
        update={
            "accept": 40,
            "max_candidates": 80,
            "demos": DemosConfig(real=1, synthetic=2, max_depth=depth),
        }
    )
    notebook = Notebook()
    generate(ask_in_wave, notebook.memory, aim, cfg, FiltersConfig(max_children=cap))
    course, accepted = Course(aim, cfg, cap), list[Example]()
    for wave in (*notebook.waves.values(), Screened()):
        labels, by_label, full = recounted(aim, cfg, accepted, cap)
        assert course.labels == labels
        assert [list(course.pool.of(label)) for label in (None, "a", "b")] == by_label
        assert course.full == full
        course.add(wave)
        accepted += wave.accepted
    assert len(notebook.waves) > 3
    assert bool(course.full) == (cap is not None)


def replace_accept(accept: int) -> GenerateConfig:
    return CFG.model_copy(update={"accept": accept})


def test_no_held_out_row_is_ever_shown_to_the_teacher() -> None:
    seen: list[str] = []

    def spying(wave: int) -> Ask:
        def ask(
            prompts: Sequence[Prompt], sampling: Sampling, samples: int
        ) -> Sequence[Sequence[Completion]]:
            seen.extend(message.content for prompt in prompts for message in prompt.messages)
            return ask_in_wave(wave)(prompts, sampling, samples)

        return ask

    memory = Notebook().memory
    generate(spying, memory, AIM, replace_accept(40), FiltersConfig())
    shown = "\n".join(seen)
    assert "train row" in shown
    assert not any(f"{name} row" in shown for name in ("dev", "gate", "final"))


def test_progress_counts_the_round_and_its_reasons() -> None:
    steps: list[Progress] = []
    done = generate(
        ask_in_wave,
        Notebook().memory,
        AIM,
        CFG,
        FiltersConfig(),
        steps.append,
    ).screened
    assert steps[-1].accepted == len(done.accepted)
    assert sum(steps[-1].rejected.values()) == len(done.rejected)
    assert steps[-1].target == CFG.accept


def test_a_program_is_named_before_it_is_asked_and_one_that_gives_nothing_ends_its_round() -> None:
    """It may take as long as it likes; and asked without a `stall` it was asked for ever."""
    name = "tests.test_recipes_program:knows_fees"
    cfg = GenerateConfig(
        recipe="program", program=name, stall=None, max_candidates=30, prompts_per_wave=10
    )
    steps: list[Progress] = []
    notebook = Notebook()
    done = generate(
        ask_in_wave,
        notebook.memory,
        replace(AIM, recipes={"program": 1.0}),
        cfg,
        FiltersConfig(),
        steps.append,
    )
    assert steps[1].note == f"asking {name}"
    assert (done.ending, len(notebook.waves)) == ("candidates", 3)
    assert [item.reason for item in done.screened.rejected] == ["empty"] * 30


def test_what_passes_after_the_round_is_full_is_kept_as_a_rejection_in_its_order() -> None:
    dropped = tuple(Rejection(row, "echo") for row in rows("lost", 2))
    whole = Screened(rows("made", 5), dropped)
    found = keep(whole, goals(replace_accept(3)), {})
    assert found.accepted == whole.accepted[:3]
    assert found.rejected[:2] == whole.rejected
    late = [(item.what, item.reason) for item in found.rejected[2:]]
    assert late == [(row, "round_full") for row in whole.accepted[3:]]
    assert keep(whole, goals(replace_accept(5)), {}) == whole


@pytest.mark.parametrize("accept", [1, 5, 8, 17])
def test_a_round_stops_at_exactly_what_was_asked_for(accept: int) -> None:
    notebook = Notebook()
    found = fill(notebook, cfg=replace_accept(accept))
    assert (len(found.screened.accepted), found.ending) == (accept, "full")
    asked = sum(len(each.accepted) + len(each.rejected) for each in notebook.waves.values())
    assert asked == accept + len(found.screened.rejected)


def test_a_round_that_is_not_full_trains_or_stops_as_it_was_told() -> None:
    cfg = CFG.model_copy(update={"accept": 50, "max_candidates": 6})
    found = fill(Notebook(), cfg=cfg)
    assert found.ending == "candidates"
    require_full(found, cfg, 1)
    stop = cfg.model_copy(update={"on_exhausted": "stop"})
    require_full(Filled(found.screened, "full"), stop, 1)
    with pytest.raises(IncompleteError) as caught:
        require_full(found, stop, 1)
    told = str(caught.value)
    assert f"round 1: {len(found.screened.accepted)} of 50 rows accepted" in told
    for words in (
        "max_candidates",
        f"most dropped: {found.screened.rejected[0].reason}",
        "generate.on_exhausted=go_on",
        "name=OTHER",
    ):
        assert words in told


@pytest.mark.parametrize(("outputs", "kept"), [("reject", False), ("keep", True)])
def test_a_row_that_names_somebody_is_dropped_before_its_answer_is_paid_for(
    outputs: str, kept: bool
) -> None:
    answered: list[str] = []

    def leaking(wave: int) -> Ask:
        def ask(
            prompts: Sequence[Prompt], sampling: Sampling, samples: int
        ) -> Sequence[Sequence[Completion]]:
            answers = [each for each in prompts if each.template == "label_first/answer.j2"]
            answered.extend(prompt.messages[-1].content for prompt in answers)
            given = ask_in_wave(wave)(prompts, sampling, samples)
            return [
                [Completion(f"{each.text} from u{n}@web.de", "stop") for each in row]
                for n, row in enumerate(given)
            ]

        return ask

    privacy = PrivacyConfig.model_validate({"outputs": outputs})
    aim = replace(AIM, privacy=privacy)
    cfg = CFG.model_copy(update={"max_candidates": 12})
    done = generate(leaking, Notebook().memory, aim, cfg, FiltersConfig()).screened
    named = [item for item in done.rejected if item.reason == "personal_data"]
    assert bool(done.accepted) is kept
    assert bool(answered) is kept
    assert {item.value for item in named} == (set() if kept else {"email"})


def test_rows_come_under_the_terms_of_their_teacher() -> None:
    done = run(Notebook(), replace(AIM, terms="Gemma"))
    assert {row.license for row in done.accepted} == {"Gemma AND NOASSERTION"}


PLAIN = {"accept": 24, "prompts_per_wave": 3, "samples_per_prompt": 3}
BOTH = {"label_first": 0.5, "self_instruct": 0.5}
FEATURES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "quotas": ({"quotas": {"a": 18}}, {}),
    "requests": (
        {
            "requests": [
                {"ask": "in march", "count": 7},
                {"ask": "a domain", "count": 4, "label": "b"},
            ]
        },
        {},
    ),
    "personas": ({"personas": ["a child", "a clerk"], "styles": ["x", "y", "z"]}, {}),
    "focus": ({}, {"focus": {"a": 0.5, "b": 1.5}}),
    "recipes": ({}, {"recipes": BOTH, "target": "response"}),
    "adapt": ({"adapt": 0.25}, {"recipes": BOTH, "target": "response"}),
    "all": (
        {
            "quotas": {"a": 4},
            "requests": [{"ask": "in march", "count": 7}],
            "personas": ["a child", "a clerk"],
            "adapt": 0.25,
            "balance": 0.5,
        },
        {"recipes": BOTH, "target": "response", "focus": {"a": 0.5, "b": 1.5}},
    ),
}


def aimed(name: str) -> tuple[GenerateConfig, Aim]:
    knobs, changes = FEATURES[name]
    return GenerateConfig.model_validate({**PLAIN, **knobs}), replace(AIM, **changes)


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("known", [1, 2])
def test_a_round_that_aims_and_is_resumed_asks_what_an_uninterrupted_one_does(
    name: str, known: int
) -> None:
    cfg, aim = aimed(name)
    whole, asked = Notebook(), list[str]()
    expected = generate(spy(asked), whole.memory, aim, cfg, FiltersConfig())
    assert len(whole.waves) > known
    kept = {index: wave for index, wave in whole.waves.items() if index < known}
    resumed, again = Notebook(kept), list[str]()
    assert generate(spy(again), resumed.memory, aim, cfg, FiltersConfig()) == expected
    assert asked[-len(again) :] == again
    plain = GenerateConfig.model_validate(PLAIN)
    assert generate(spy([]), Notebook().memory, AIM, plain, FiltersConfig()) != expected


def spy(asked: list[str]) -> Callable[[int], Ask]:
    """The scripted teacher, which writes down the last turn of every prompt."""

    def in_wave(wave: int) -> Ask:
        def ask(
            prompts: Sequence[Prompt], sampling: Sampling, samples: int
        ) -> Sequence[Sequence[Completion]]:
            asked.extend(prompt.messages[-1].content for prompt in prompts)
            return ask_in_wave(wave)(prompts, sampling, samples)

        return ask

    return in_wave


def test_a_full_round_has_exactly_the_rows_of_every_quota_and_request() -> None:
    knobs = {
        "quotas": {"a": 9},
        "requests": [{"ask": "in march", "count": 5}, {"ask": "a domain", "count": 3}],
    }
    cfg = GenerateConfig.model_validate({**PLAIN, **knobs})
    found = fill(Notebook(), cfg=cfg)
    assert (found.ending, found.unmet) == ("full", ())
    rows = Counter((row.request, row.label if not row.request else None) for row in done(found))
    assert rows == {("", "a"): 9, ("in march", None): 5, ("a domain", None): 3, ("", "b"): 7}
    assert {item.reason for item in found.screened.rejected} >= {"quota_full"}


REQUEST = "What is asked for: in march"


def test_a_request_that_is_filled_is_never_asked_again() -> None:
    cfg = GenerateConfig.model_validate({**PLAIN, "requests": [{"ask": "in march", "count": 2}]})
    notebook = Notebook()
    asked: dict[int, list[str]] = {}

    def in_wave(wave: int) -> Ask:
        return spy(asked.setdefault(wave, []))(wave)

    generate(in_wave, notebook.memory, AIM, cfg, FiltersConfig())
    kept = [sum(bool(row.request) for row in notebook.waves[n].accepted) for n in sorted(asked)]
    (full,) = [n for n in sorted(asked) if sum(kept[: n + 1]) == 2 and kept[n]]
    for wave, prompts in asked.items():
        assert wave <= full or not any(REQUEST in prompt for prompt in prompts)
    assert len(asked) > full + 2


def test_the_walk_over_personas_goes_on_from_wave_to_wave() -> None:
    asked: list[str] = []
    cfg, aim = aimed("personas")
    generate(spy(asked), Notebook().memory, aim, cfg, FiltersConfig())
    aims = [text.partition("\n")[2] for text in asked if "Who writes" in text]
    assert len(aims) >= 12
    for turn in range(len(aims) // 6):
        assert len(set(aims[6 * turn : 6 * turn + 6])) == 6


def done(found: Filled) -> tuple[Example, ...]:
    return found.screened.accepted


def test_a_quota_that_is_not_reached_is_told_with_its_numbers() -> None:
    cfg = GenerateConfig.model_validate(
        {**PLAIN, "accept": 40, "max_candidates": 12, "quotas": {"a": 30}, "on_exhausted": "stop"}
    )
    found = fill(Notebook(), cfg=cfg)
    got = sum(row.label == "a" for row in done(found))
    assert found.unmet == (Unmet("a", "", 30, got),)
    with pytest.raises(IncompleteError, match=f"quota a: {got} of 30 rows"):
        require_full(found, cfg, 1)


def test_recipes_are_called_with_their_own_orders_in_the_order_of_their_names() -> None:
    cfg, aim = aimed("recipes")
    found = generate(ask_in_wave, Notebook().memory, aim, cfg, FiltersConfig())
    sources = {row.source for row in done(found)}
    assert sources == {"recipe:label_first", "recipe:self_instruct"}
    assert all((row.label is None) == (row.source != "recipe:label_first") for row in done(found))


def test_what_is_held_out_reaches_no_order() -> None:
    """Other dev, gate and final rows, none near a candidate: the same prompts, word for word."""
    cfg, aim = aimed("all")
    prompts = []
    for name in ("held", "other"):
        dev, gate, final = (rows(f"{name} {split}") for split in ("dev", "gate", "final"))
        data = RealData(DATA.train, dev, gate, final)
        asked: list[str] = []
        generate(spy(asked), Notebook().memory, replace(aim, data=data), cfg, FiltersConfig())
        prompts.append(asked)
    assert prompts[0] == prompts[1] != []


def test_rows_under_a_licence_that_is_not_allowed_are_dropped_before_an_answer_is_paid_for() -> (
    None
):
    policy = LicensesConfig(allow=("Gemma",))
    asked: list[str] = []
    aim = replace(AIM, terms="Gemma", licenses=policy)
    cfg = CFG.model_copy(update={"max_candidates": 12})
    done = generate(spy(asked), Notebook().memory, aim, cfg, FiltersConfig()).screened
    assert not done.accepted
    dropped = [item for item in done.rejected if item.reason == "license"]
    assert {(item.value, item.threshold) for item in dropped} == {
        ("Gemma AND NOASSERTION", "Gemma")
    }
    allowed = LicensesConfig(allow=("gemma", "NOASSERTION"))
    assert run(Notebook(), replace(aim, licenses=allowed)).accepted
