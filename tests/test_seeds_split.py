import json
import string
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from selfinstruct.config import LicensesConfig, SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.seeds import notes, read_real_data
from selfinstruct.seeds.split import AHEAD_ROWS, AHEAD_SHARE, group_rows, question, split_examples
from selfinstruct.types import SPLITS, Example, Message, RealData, Split

SHARES: dict[Split, float] = {"train": 0.45, "dev": 0.10, "gate": 0.35, "final": 0.10}


def config(**changes: Any) -> SeedsConfig:
    return SeedsConfig(path="seeds.jsonl", **{"near_duplicate": None, **changes})


def rows(*labels: str | None, groups: tuple[str | None, ...] = ()) -> list[Example]:
    """One row a label, each with a question of its own."""
    padded = (*groups, *[None] * (len(labels) - len(groups)))
    return [
        Example("Sort.", input=f"text {n}", label=label, response="r", group=group)
        for n, (label, group) in enumerate(zip(labels, padded, strict=True))
    ]


def places(data: RealData) -> dict[str, Split]:
    return {row.id: split for split in SPLITS for row in data.split(split)}


def split_ids(examples: list[Example], seed: int = 0, **changes: Any) -> dict[str, Split]:
    return places(split_examples(examples, config(**changes), seed))


SEEDS = st.integers(0, 2**32)
LABELS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=60)
GROUPS = st.lists(st.none() | st.sampled_from(string.ascii_lowercase), max_size=60)
SHARE_SETS = st.tuples(*(st.integers(1, 9),) * 4).map(
    lambda parts: {s: part / sum(parts) for s, part in zip(SPLITS, parts, strict=True)}
)


@st.composite
def grouped_rows(draw: st.DrawFn) -> list[Example]:
    labels = draw(LABELS)
    groups = draw(GROUPS)[: len(labels)]
    return rows(*labels, groups=tuple(groups))


@settings(deadline=None)
@given(grouped_rows(), SHARE_SETS, SEEDS)
def test_every_row_is_in_one_split_and_every_group_whole(
    examples: list[Example], shares: dict[Split, float], seed: int
) -> None:
    assume(len(set(group_rows(examples, None))) >= 2)
    data = split_examples(examples, config(split=shares), seed)
    placed = [row for split in SPLITS for row in data.split(split)]
    assert sorted(row.id for row in placed) == sorted(row.id for row in examples)
    assert data.unused == 0
    where = places(data)
    for one, other in combinations(examples, 2):
        if one.group is not None and one.group == other.group:
            assert where[one.id] == where[other.id]
    order = {row.id: position for position, row in enumerate(examples)}
    for split in SPLITS:
        positions = [order[row.id] for row in data.split(split)]
        assert positions == sorted(positions)


@settings(deadline=None)
@given(grouped_rows(), st.integers(2, 60), SHARE_SETS, SEEDS)
def test_appended_rows_move_no_earlier_row(
    examples: list[Example], size: int, shares: dict[Split, float], seed: int
) -> None:
    earlier = examples[:size]
    assume(len(set(group_rows(earlier, None))) >= 2)
    before = split_ids(earlier, seed, split=shares)
    after = split_ids(examples, seed, split=shares)
    assert {row.id: after[row.id] for row in earlier} == before


def test_a_row_that_joins_two_groups_takes_the_later_to_the_earlier() -> None:
    examples = rows(*["a"] * 40, groups=("g", *[None] * 9, "h"))
    before = split_ids(examples)
    link = Example("Sort.", input=examples[0].input, label="a", response="again", group="h")
    after = split_ids([*examples, link])
    assert before[examples[0].id] != before[examples[10].id]
    assert {after[row.id] for row in (examples[0], examples[10], link)} == {before[examples[0].id]}
    assert {row.id: after[row.id] for row in examples[:10]} == {
        row.id: before[row.id] for row in examples[:10]
    }


@settings(deadline=None)
@given(LABELS, SHARE_SETS, SEEDS)
def test_no_split_runs_ahead_of_its_share_of_a_label(
    labels: list[str | None], shares: dict[Split, float], seed: int
) -> None:
    examples = rows(*labels)
    where = split_ids(examples, seed, split=shares)
    counts = Counter((row.label, where[row.id]) for row in examples)
    for (label, split), count in counts.items():
        size = labels.count(label)
        assert count <= shares[split] * size + max(AHEAD_ROWS, AHEAD_SHARE * size) + 1e-9


@settings(deadline=None)
@given(grouped_rows(), SHARE_SETS, SEEDS)
def test_a_label_that_leads_two_groups_is_in_train_and_gate(
    examples: list[Example], shares: dict[Split, float], seed: int
) -> None:
    groups = group_rows(examples, None)
    leads = Counter(
        row.label for n, row in enumerate(examples) if groups[n] == n and row.label is not None
    )
    assume(len(set(groups)) >= 2)
    where = split_ids(examples, seed, split=shares)
    for label, count in leads.items():
        if count >= 2:
            found = {where[row.id] for row in examples if row.label == label}
            assert found >= {"train", "gate"}


def test_the_split_of_a_row_is_the_same_in_every_process_and_release() -> None:
    where = split_ids(rows(*["a", "b", None] * 8))
    assert (
        "".join(where[row.id][0] for row in rows(*["a", "b", None] * 8))
        == "gtgtgggtgtdfgtgtttgttgtf"
    )


def test_the_seed_decides_where_a_row_goes() -> None:
    examples = rows(*["a"] * 40)
    seen = Counter(split_ids(examples, seed)[examples[30].id] for seed in range(400))
    for split, share in SHARES.items():
        assert seen[split] / 400 == pytest.approx(share, abs=0.06)


def test_a_deleted_row_moves_few_others() -> None:
    examples = rows(*[f"label {n}" for n in range(12) for _ in range(30)])
    before = split_ids(examples)
    moved = []
    for position in range(0, 360, 12):
        after = split_ids(examples[:position] + examples[position + 1 :])
        moved.append(sum(before[name] != split for name, split in after.items()) / 359)
    assert 0 < sum(moved) / len(moved) < 0.04


WORDS = st.lists(st.sampled_from("abcdef"), max_size=8).map(" ".join)


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12, unique=True))
def test_near_duplicates_are_the_components_of_rouge_l(texts: list[str]) -> None:
    threshold = 0.65  # no two texts of at most eight words are exactly that alike
    scorer = RougeScorer(["rougeL"])
    expected = list(range(len(texts)))
    for one, other in combinations(range(len(texts)), 2):
        if scorer.score(texts[one], texts[other])["rougeL"].fmeasure > threshold:
            low, high = sorted((expected[one], expected[other]))
            expected = [low if group == high else group for group in expected]
    examples = [Example("Sort.", input=text, label="a") for text in texts]
    if "" in texts:  # a labelled row without input asks its instruction
        examples[texts.index("")] = Example("?!", label="a")
    assert group_rows(examples, threshold) == expected


@pytest.mark.parametrize("threshold", [None, 0.7, 1.0])
@pytest.mark.parametrize("text", ["same words here", "?!", "\N{PEAR}", "\u4e00\u4e8c"])
def test_equal_questions_are_one_group_at_any_threshold(text: str, threshold: float | None) -> None:
    examples = [
        Example("Say.", input=text, response="a"),
        Example("Other question entirely", response="b"),
        Example("Say.", input=text, response="c"),
    ]
    assert group_rows(examples, threshold) == [0, 1, 0]


def test_a_threshold_of_zero_is_the_strictest_and_not_off() -> None:
    examples = [Example("one two three", response="a"), Example("three four five", response="b")]
    assert group_rows(examples, 0.0) == [0, 0]
    assert group_rows(examples, None) == [0, 1]


def test_groups_chain_through_questions_and_names() -> None:
    asked = [("x", "g"), ("y", None), ("y", "h"), ("z", "g"), ("z", "h"), ("w", None)]
    examples = [
        Example("Sort.", input=text, label="a", response=str(n), group=group)
        for n, (text, group) in enumerate(asked)
    ]
    assert group_rows(examples, None) == [0, 0, 0, 0, 0, 5]


def test_a_conversation_stays_with_those_that_go_on_from_it() -> None:
    said = [
        message
        for word in ("first", "second", "third")
        for message in (Message("user", f"{word}?"), Message("assistant", f"{word} it is"))
    ]
    talks = [
        Example(said[end - 2].content, response=said[end - 1].content, turns=tuple(said[: end - 2]))
        for end in (2, 4, 6)
    ]
    system = (Message("system", "Be brief."), *talks[1].turns)
    other = replace(talks[1], turns=(said[4], said[1]))
    answered_otherwise = replace(talks[0], response="no")
    rows = [talks[2], other, talks[0], answered_otherwise, replace(talks[1], turns=system)]
    assert group_rows(rows, 1.0) == [0, 1, 0, 0, 0]
    assert group_rows([other, *talks], None) == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (Example("Sort.", input="x", label="a"), "x"),
        (Example("Sort x.", label="a"), "Sort x."),
        (Example("Sort.", input="x", response="a"), "Sort.\nx"),
        (Example("Sort.", response="a"), "Sort."),
        (
            Example(
                "Why?",
                response="a",
                turns=(Message("system", "s"), Message("user", "u"), Message("assistant", "v")),
            ),
            "u\nv\nWhy?",
        ),
    ],
)
def test_the_question_leaves_out_what_all_rows_share(example: Example, expected: str) -> None:
    assert question(example) == expected


def test_a_share_of_zero_gets_no_rows() -> None:
    data = split_examples(
        rows(*["a", "b"] * 20), config(split={"train": 0.5, "dev": 0, "gate": 0.5, "final": 0}), 0
    )
    assert (data.dev, data.final) == ((), ())


def test_caps_count_rows_by_label_and_leave_the_others_alone() -> None:
    examples = rows(*["a"] * 40, *["b"] * 4, *[None] * 30)
    free = split_examples(examples, config(), 0)
    capped = split_examples(examples, config(max_per_label={"train": 3, "gate": 1}), 0)
    assert Counter(row.label for row in capped.gate) == {"a": 1, "b": 1, None: 1}
    assert max(Counter(row.label for row in capped.train).values()) == 3
    assert set(capped.train) < set(free.train)
    assert (capped.dev, capped.final) == (free.dev, free.final)
    assert sum(len(capped.split(split)) for split in SPLITS) + capped.unused == len(examples)


def test_caps_count_rows_by_kind_where_there_is_no_label() -> None:
    examples = [Example(f"Task {n}", response="r", kind="xy"[n % 2]) for n in range(60)]
    data = split_examples(examples, config(max_per_label={"train": 2}), 0)
    assert Counter(row.kind for row in data.train) == {"x": 2, "y": 2}


def test_what_a_cap_keeps_does_not_depend_on_the_order() -> None:
    examples = rows(*["a"] * 40)
    capped = config(max_per_label={"train": 40, "gate": 2})
    gate = split_examples(examples, config(), 0).gate
    kept = split_examples(examples, capped, 0).gate
    positions = [gate.index(row) for row in kept]
    assert positions != [0, 1]


@pytest.mark.parametrize(
    ("examples", "numbers"),
    [
        ([], "rows 0, near-duplicate groups 0, train 0, gate 0"),
        (rows("a"), "rows 1, near-duplicate groups 1"),
        (rows(*["a"] * 5, groups=("g",) * 5), "rows 5, near-duplicate groups 1"),
    ],
)
def test_no_train_or_no_gate_row_is_an_error_with_numbers(
    examples: list[Example], numbers: str
) -> None:
    with pytest.raises(UserError, match=numbers) as caught:
        split_examples(examples, config(), 0)
    assert caught.value.next_step


def test_two_rows_are_one_to_learn_from_and_one_to_decide_on() -> None:
    for labels in (("a", "a"), ("a", "b"), (None, None)):
        data = split_examples(rows(*labels), config(), 0)
        assert (len(data.train), len(data.gate)) == (1, 1)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            RealData(tuple(rows(*["a"] * 45)), (), tuple(rows(*["a"] * 35)), ()),
            (
                "dev has no rows, though 10% were asked for",
                "final has no rows",
                "large groups, each whole in one split, bend the shares: train 56%",
            ),
        ),
        (
            RealData(
                tuple(rows(*["a"] * 24)),
                tuple(rows(*["a"] * 5)),
                tuple(rows(*["a"] * 19)),
                tuple(rows(*["a"] * 5)),
            ),
            ("gate has 19 rows; under 20",),
        ),
        (
            RealData(
                tuple(rows(*["a"] * 45)),
                tuple(rows(*["b", None, *["a"] * 8])),
                tuple(rows(*["a"] * 35)),
                tuple(rows(*["a"] * 10)),
            ),
            (
                "1 of 100 rows have no label",
                "labels without a train row cannot be learned: b",
                "labels without a gate row are not judged: b",
            ),
        ),
        (
            RealData(
                tuple(rows(*["a"] * 45)),
                tuple(rows(*["a"] * 40)),
                tuple(rows(*["a"] * 35)),
                tuple(rows(*["a"] * 20)),
            ),
            (
                "large groups, each whole in one split, bend the shares: "
                "train 32% (asked: 45%), dev 29% (asked: 10%)",
            ),
        ),
    ],
    ids=["empty", "few", "labels", "lopsided"],
)
def test_odd_splits_are_noted(data: RealData, expected: tuple[str, ...]) -> None:
    found = notes(data, config())
    assert [note[: len(start)] for note, start in zip(found, expected, strict=True)] == [*expected]


def test_an_even_split_is_worth_no_note() -> None:
    assert notes(split_examples(rows(*["a", "b"] * 60), config(), 0), config()) == ()


def test_caps_explain_a_lopsided_split() -> None:
    capped = config(max_per_label={"dev": 1, "gate": 12})
    data = split_examples(rows(*["a", "b"] * 60), capped, 0)
    assert notes(data, config()) != ()
    assert notes(data, capped) == ()


def test_reading_and_splitting_keep_the_counts(tmp_path: Path) -> None:
    lines = [f'{{"instruction": "Question {n}", "response": "r"}}' for n in range(20)]
    (tmp_path / "seeds.jsonl").write_text("\n".join([*lines, lines[0], "{}"]))
    data = read_real_data(config(skip_bad=True), tmp_path, seed=3)
    assert (data.duplicates, data.skipped, data.unused) == (1, 1, 0)
    assert len(places(data)) == 20
    assert data.digest == read_real_data(config(skip_bad=True), tmp_path, seed=3).digest
    assert data.digest != read_real_data(config(skip_bad=True), tmp_path, seed=4).digest


def licensed(tmp_path: Path, *licenses: str) -> SeedsConfig:
    lines = [
        json.dumps(
            {"instruction": f"ask {i} {'abcdefgh'[i % 8]}", "response": "r", "license": name}
        )
        for i, name in enumerate(licenses)
    ]
    (tmp_path / "seeds.jsonl").write_text("\n".join(lines))
    return SeedsConfig(path="seeds.jsonl", near_duplicate=None)


def test_rows_under_a_licence_that_is_not_allowed_stop_the_run_with_counts_and_remedies(
    tmp_path: Path,
) -> None:
    cfg = licensed(tmp_path, *["MIT"] * 10, *["CC-BY-NC-4.0"] * 4, *[""] * 6)
    with pytest.raises(UserError) as error:
        read_real_data(cfg, tmp_path, 0, LicensesConfig(allow=("MIT",)))
    told = str(error.value)
    assert "10 of 20 seed rows" in told
    assert "NOASSERTION 6, CC-BY-NC-4.0 4" in told
    assert "allowed: MIT" in told
    assert "licenses.on_forbidden=drop" in told


def test_or_they_are_left_out_and_counted(tmp_path: Path) -> None:
    cfg = licensed(tmp_path, *["MIT"] * 10, *["CC-BY-NC-4.0"] * 4, *[""] * 6)
    policy = LicensesConfig(allow=("MIT", "NOASSERTION"), on_forbidden="drop")
    data = read_real_data(cfg, tmp_path, 0, policy)
    rows = [row for split in SPLITS for row in data.split(split)]
    assert data.forbidden == 4
    assert {row.license for row in rows} == {"MIT", ""}
    assert len(rows) == 16
    with pytest.raises(UserError, match="20 of 20 seed rows"):
        read_real_data(cfg, tmp_path, 0, LicensesConfig(allow=("Gemma",), on_forbidden="drop"))
