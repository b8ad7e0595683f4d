import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from selfinstruct.config import FiltersConfig, GenerateConfig
from selfinstruct.generate import Aim, Memory, generate, is_finished
from selfinstruct.recipes import RECIPES, Ask
from selfinstruct.types import (
    Completion,
    Example,
    Progress,
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
AIM = Aim(1, 0, DATA, (), "label_and_response")


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
    return generate(RECIPES["label_first"], ask_in_wave, notebook.memory, aim, cfg, FiltersConfig())


def test_a_round_ends_when_it_is_full_and_loses_no_candidate() -> None:
    notebook = Notebook()
    done = run(notebook)
    assert len(done.accepted) >= CFG.accept
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
    generate(RECIPES["label_first"], spying, memory, AIM, replace_accept(40), FiltersConfig())
    shown = "\n".join(seen)
    assert "train row" in shown
    assert not any(f"{name} row" in shown for name in ("dev", "gate", "final"))


def test_progress_counts_the_round_and_its_reasons() -> None:
    steps: list[Progress] = []
    done = generate(
        RECIPES["label_first"],
        ask_in_wave,
        Notebook().memory,
        AIM,
        CFG,
        FiltersConfig(),
        steps.append,
    )
    assert steps[-1].accepted == len(done.accepted)
    assert sum(steps[-1].rejected.values()) == len(done.rejected)
    assert steps[-1].target == CFG.accept


def wave(accepted: int, rejected: int) -> Screened:
    rng = random.Random(f"{accepted}/{rejected}")
    example = Example(str(rng.random()))
    return Screened((example,) * accepted, (Rejection(example, "echo"),) * rejected)


@pytest.mark.parametrize(
    ("waves", "limits", "finished"),
    [
        ([], {}, False),
        ([wave(5, 5)], {"accept": 6}, False),
        ([wave(6, 5)], {"accept": 6}, True),
        ([wave(1, 9)], {"max_candidates": 11}, False),
        ([wave(1, 10)], {"max_candidates": 11}, True),
        ([wave(0, 9)], {"stall": 0.1}, False),
        ([wave(0, 9), wave(1, 9)], {"stall": 0.1}, True),
        ([wave(0, 9), wave(2, 9)], {"stall": 0.1}, False),
        ([wave(0, 9), wave(0, 9)], {"stall": 0.0}, False),
        ([wave(0, 9), wave(0, 9)], {"stall": None}, False),
        ([wave(9, 0), wave(0, 9), wave(0, 9)], {"stall": 0.1}, True),
        ([wave(0, 0), wave(0, 0)], {"stall": 0.1}, True),
    ],
)
def test_a_round_is_full_or_out_of_candidates_or_stalled(
    waves: list[Screened], limits: dict[str, float | None], finished: bool
) -> None:
    cfg = GenerateConfig.model_validate({"accept": 100, "max_candidates": 1000, **limits})
    assert is_finished(waves, cfg) is finished
