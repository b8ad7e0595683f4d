import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfinstruct.config import GateConfig
from selfinstruct.errors import UserError
from selfinstruct.judging.gate import Checks, decide, primary_metric
from selfinstruct.types import Interval, Report
from selfinstruct.verdict import Guard, JudgeHealth, Verdict

CFG = GateConfig()


def report(**scores: Sequence[float]) -> Report:
    n = len(next(iter(scores.values()), ()))
    return Report(
        checkpoint="digest",
        split="gate",
        ids=tuple(f"row {index}" for index in range(n)),
        scores={metric: tuple(values) for metric, values in scores.items()},
        answers=("",) * n,
    )


def flips(wins: int, losses: int, n: int) -> tuple[Report, Report]:
    ties = [1.0] * (n - wins - losses)
    candidate = [1.0] * wins + [0.0] * losses + ties
    champion = [0.0] * wins + [1.0] * losses + ties
    return report(accuracy=candidate), report(accuracy=champion)


def judge(wins: int, losses: int, n: int, cfg: GateConfig = CFG, rounds_max: int = 5) -> Verdict:
    return decide(*flips(wins, losses, n), cfg, cfg.alpha / rounds_max)


@pytest.mark.parametrize(
    ("wins", "losses", "n", "outcome"),
    [
        (7, 0, 120, "accept"),  # 2^-7 = 0.0078
        (6, 0, 120, "inconclusive"),  # 2^-6 = 0.0156
        (20, 1, 120, "accept"),
        (20, 20, 120, "inconclusive"),
        (0, 0, 120, "inconclusive"),
        (0, 0, 400, "reject"),
        (2, 20, 120, "reject"),
        (0, 1, 2, "inconclusive"),
    ],
)
def test_right_or_wrong_is_decided_by_flips(wins: int, losses: int, n: int, outcome: str) -> None:
    assert judge(wins, losses, n).outcome == outcome


@pytest.mark.parametrize(
    ("rounds_max", "alpha", "outcome"),
    [(1, 0.05, "accept"), (5, 0.05, "inconclusive"), (5, 0.2, "accept")],
)
def test_each_round_may_use_its_share_of_alpha(rounds_max: int, alpha: float, outcome: str) -> None:
    verdict = judge(6, 0, 60, GateConfig(alpha=alpha), rounds_max)
    assert verdict.p_value == pytest.approx(2**-6)
    assert verdict.alpha == pytest.approx(alpha / rounds_max)
    assert verdict.outcome == outcome


def test_a_sure_gain_below_the_smallest_worth_having_is_not_accepted() -> None:
    verdict = judge(10, 0, 200, GateConfig(min_gain=0.06))
    assert verdict.p_value <= verdict.alpha
    assert verdict.outcome == "inconclusive"
    assert "smaller than the 0.06 that counts" in verdict.why


@given(st.integers(0, 40), st.integers(0, 40), st.integers(2, 80))
@settings(deadline=None)
def test_changing_places_turns_the_gain_round(wins: int, losses: int, ties: int) -> None:
    n = wins + losses + ties
    there, back = judge(wins, losses, n), judge(losses, wins, n)
    assert there.gain.value == pytest.approx(-back.gain.value)
    assert there.gain.low == pytest.approx(-back.gain.high)
    assert (there.wins, there.losses) == (back.losses, back.wins)
    assert [there.outcome, back.outcome].count("accept") <= 1


@pytest.mark.parametrize("min_gain", [0.0, 0.01])
@pytest.mark.parametrize("metric", ["accuracy", "rouge_l", "nll"])
@pytest.mark.parametrize("n", [2, 50, 1000])
def test_the_same_scores_are_never_accepted(metric: str, n: int, min_gain: float) -> None:
    same = report(**{metric: [float(index % 2) for index in range(n)]})
    cfg = GateConfig.model_validate({"metric": metric, "min_gain": min_gain})
    verdict = decide(same, same, cfg, cfg.alpha)
    assert verdict.outcome != "accept"
    assert (verdict.p_value, verdict.gain.value) == (1, 0)


@pytest.mark.parametrize(
    ("metric", "better"), [("nll", -0.2), ("rouge_l", 0.2)], ids=["nll", "rouge_l"]
)
def test_the_direction_of_a_metric_is_known(metric: str, better: float) -> None:
    rng = np.random.default_rng(3)
    champion = rng.gamma(2.0, 1.0, 80)
    noise = rng.normal(0.0, 0.3, 80)
    cfg = GateConfig.model_validate({"metric": metric})
    verdicts = [
        decide(
            report(**{metric: list(champion + step + noise)}),
            report(**{metric: list(champion)}),
            cfg,
            cfg.alpha / 5,
        )
        for step in (better, -better)
    ]
    assert [verdict.outcome for verdict in verdicts] == ["accept", "reject"]
    assert verdicts[0].gain.value > 0 > verdicts[1].gain.value
    moved = verdicts[0].candidate - verdicts[0].champion
    assert math.copysign(1, moved) == math.copysign(1, better)


@pytest.mark.parametrize(
    ("metric", "held", "expected"),
    [
        ("auto", {"accuracy", "rouge_l", "nll"}, "accuracy"),
        ("auto", {"rouge_l", "nll"}, "nll"),
        ("rouge_l", {"accuracy", "rouge_l", "nll"}, "rouge_l"),
    ],
)
def test_primary_metric(metric: str, held: set[str], expected: str) -> None:
    scores = {name: [1.0, 0.0] for name in held}
    cfg = GateConfig.model_validate({"metric": metric})
    assert primary_metric(cfg, report(**scores)) == expected


def test_a_metric_that_was_not_scored_is_an_error() -> None:
    with pytest.raises(UserError, match="decides on accuracy"):
        primary_metric(GateConfig(metric="accuracy"), report(nll=[1.0]))


def test_the_reports_must_be_of_the_same_rows() -> None:
    candidate, champion = flips(3, 1, 10)
    shuffled = replace(candidate, ids=candidate.ids[::-1])
    with pytest.raises(UserError, match="same rows"):
        decide(shuffled, champion, CFG, 0.01)
    with pytest.raises(UserError, match="same rows"):
        decide(replace(candidate, split="dev"), champion, CFG, 0.01)
    with pytest.raises(UserError, match="9 accuracy scores for 10 rows"):
        short = {"accuracy": candidate.scores["accuracy"][1:]}
        decide(replace(candidate, scores=short), champion, CFG, 0.01)


@pytest.mark.parametrize("n", [0, 1])
def test_a_gate_needs_rows(n: int) -> None:
    with pytest.raises(UserError, match="too few"):
        decide(report(nll=[1.0] * n), report(nll=[1.0] * n), CFG, 0.01)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["candidate", "champion"])
def test_a_score_that_is_no_number_never_decides(bad: float, place: str) -> None:
    good, broken = report(nll=[1.0, 2.0, 3.0]), report(nll=[1.0, bad, 3.0])
    pair = (broken, good) if place == "candidate" else (good, broken)
    with pytest.raises(UserError, match=f"{place}'s nll on row row 1"):
        decide(*pair, CFG, 0.01)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (judge(20, 1, 120), ["Accepted", "20 better, 1 worse", "+0.158", "p = 1e-05"]),
        (judge(2, 20, 120), ["Rejected", "-0.150", "rules out the gain of 0.01"]),
        (judge(9, 5, 120), ["may be chance", "find a gain of 0.105", "0.033 takes about 1185"]),
    ],
)
def test_why_is_one_sentence_with_the_numbers(verdict: Verdict, words: list[str]) -> None:
    assert all(word in verdict.why for word in words)
    assert verdict.why.count(". ") == 0
    assert verdict.why.endswith(".")


def test_an_inconclusive_verdict_without_a_hope_names_no_number_of_rows() -> None:
    verdict = judge(20, 20, 120, GateConfig(min_gain=0))
    assert verdict.outcome == "inconclusive"
    assert "takes about" not in verdict.why


def test_the_smallest_detectable_gain_is_never_below_what_the_exact_test_can_see() -> None:
    assert judge(0, 0, 20).detectable >= 7 / 20
    assert judge(30, 30, 1000).detectable == pytest.approx(
        (2.326 + 0.842) * math.sqrt(62 / 1002 / 1000), rel=1e-3
    )


def wrong_accepts(runs: int, rounds: int, n: int, cfg: GateConfig) -> int:
    """Runs in which one of `rounds` candidates, each as good as the champion, was accepted."""
    rng = np.random.default_rng(11)
    runs_with_one = 0
    for _ in range(runs):
        skill = rng.beta(2.0, 2.0, n)
        champion = report(accuracy=list((rng.random(n) < skill).astype(float)))
        candidates = ((rng.random(n) < skill).astype(float) for _ in range(rounds))
        runs_with_one += any(
            decide(report(accuracy=list(scores)), champion, cfg, cfg.alpha / rounds).outcome
            == "accept"
            for scores in candidates
        )
    return runs_with_one


def test_no_better_candidates_are_accepted_in_at_most_one_run_of_twenty() -> None:
    runs = 400
    found = wrong_accepts(runs, rounds=10, n=120, cfg=GateConfig(alpha=0.05, min_gain=0))
    assert found / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_the_simulation_would_notice_a_gate_that_forgets_the_number_of_rounds() -> None:
    runs = 60
    found = wrong_accepts(runs, rounds=10, n=120, cfg=GateConfig(alpha=0.5, min_gain=0))
    assert found / runs > 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_a_gain_of_twenty_points_is_mostly_found_on_120_rows() -> None:
    rng = np.random.default_rng(5)
    tables = rng.multinomial(120, (0.25, 0.05, 0.7), size=200)
    found = [judge(int(w), int(x), 120, rounds_max=5).outcome for w, x, _ in tables]
    assert found.count("accept") / 200 > 0.9


def test_continuous_scores_of_equal_students_rarely_win() -> None:
    rng = np.random.default_rng(7)
    accepts = 0
    for trial in range(80):
        champion = rng.gamma(2.0, 1.0, 30)
        candidate = champion + rng.normal(0.0, 0.4, 30) * champion
        accepts += (
            decide(
                report(nll=list(candidate)),
                report(nll=list(champion)),
                GateConfig(alpha=0.1, min_gain=0),
                0.1,
                seed=trial,
            ).outcome
            == "accept"
        )
    assert accepts / 80 <= 0.1 + 2 * math.sqrt(0.1 * 0.9 / 80)


def test_every_small_table_agrees_with_the_written_rule() -> None:
    cfg, rounds_max, n = GateConfig(alpha=0.05, min_gain=0.02), 2, 40
    for wins, losses in product(range(21), range(20)):
        verdict = judge(wins, losses, n, cfg, rounds_max)
        total = wins + losses
        p = sum(math.comb(total, k) for k in range(wins, total + 1)) / 2**total
        if p <= 0.025 and (wins - losses) / n >= 0.02:
            assert verdict.outcome == "accept"
        else:
            assert verdict.outcome == ("reject" if verdict.gain.high < 0.02 else "inconclusive")


@pytest.mark.parametrize(("min_rows", "outcome"), [(20, "inconclusive"), (2, "accept")])
def test_few_rows_decide_nothing_unless_told_to(min_rows: int, outcome: str) -> None:
    verdict = judge(15, 0, 19, GateConfig(min_rows=min_rows), rounds_max=1)
    assert verdict.outcome == outcome
    if outcome == "inconclusive":
        assert "under 20 rows nothing is decided" in verdict.why
        assert f"{verdict.detectable:.3f}" in verdict.why


def test_rows_of_one_group_are_one_piece_of_evidence() -> None:
    candidate, champion = flips(12, 0, 60)
    alone, five = list(range(60)), [index // 5 for index in range(60)]
    by_row = decide(candidate, champion, CFG, 0.05, groups=alone)
    by_group = decide(candidate, champion, CFG, 0.05, groups=five)
    assert by_row == decide(candidate, champion, CFG, 0.05)
    assert (by_row.outcome, by_group.outcome) == ("accept", "inconclusive")
    assert by_group.p_value == pytest.approx(2**-3)  # twelve wins in three groups
    assert by_group.gain.value == by_row.gain.value
    assert by_group.detectable > by_row.detectable


def test_grouped_rows_of_equal_students_rarely_win() -> None:
    rng, accepts = np.random.default_rng(2), 0
    groups = np.repeat(np.arange(30), 4).tolist()
    for trial in range(150):
        ours, theirs = (np.repeat(rng.random(30) < 0.5, 4).astype(float) for _ in range(2))
        pair = report(accuracy=list(ours)), report(accuracy=list(theirs))
        cfg = GateConfig(min_gain=0)
        accepts += decide(*pair, cfg, 0.05, seed=trial, groups=groups).outcome == "accept"
    assert accepts / 150 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 150)


def guard(held: str, name: str = "general") -> Guard:
    return Guard(name, "nats", 90, 60.0, 63.0, Interval(-3, -5, -1), 6.0, 0.01, held)  # type: ignore[arg-type]


def judged(healthy: bool) -> JudgeHealth:
    doubt = "" if healthy else "named no winner on 70 of 120 rows"
    return JudgeHealth(120, 20, 1, 99, 30, 4 if healthy else 70, 0.5, 0.0, healthy, doubt)


@pytest.mark.parametrize(
    ("wins", "losses", "checks", "outcome", "words"),
    [
        (20, 1, Checks((guard("held"),)), "accept", "no loss of more than the margin on general"),
        (20, 1, Checks((guard("held"), guard("unsure"))), "inconclusive", "cannot rule out a loss"),
        (20, 1, Checks((guard("unsure"), guard("broken"))), "reject", "it lost more than 6 on"),
        (9, 5, Checks((guard("broken"),)), "reject", "may be chance"),
        (9, 5, Checks((guard("unsure"),)), "inconclusive", "cannot rule out"),
        (2, 20, Checks((guard("unsure"),)), "reject", "rules out the gain"),
        (20, 1, Checks(alarms=("nll_p95 of the student",)), "reject", "watch sounds on nll_p95"),
        (
            9,
            5,
            Checks(alarms=("rare_words of the mixture",)),
            "inconclusive",
            "sounds on rare_words",
        ),
        (20, 1, Checks(judge=judged(healthy=True)), "accept", "Accepted"),
        (20, 1, Checks(judge=judged(healthy=False)), "inconclusive", "named no winner"),
        (2, 20, Checks(judge=judged(healthy=False)), "inconclusive", "70 of 120 rows"),
    ],
)
def test_other_checks_only_take_an_accept_away(
    wins: int, losses: int, checks: Checks, outcome: str, words: str
) -> None:
    verdict = decide(*flips(wins, losses, 120), CFG, 0.01, checks=checks)
    assert (verdict.outcome, words in verdict.why) == (outcome, True), verdict.why
    assert verdict.why.count(". ") == 0
    assert (verdict.guards, verdict.alarms) == (checks.guards, checks.alarms)


def test_few_rows_decide_nothing_whatever_a_guard_says() -> None:
    verdict = decide(*flips(15, 0, 19), CFG, 0.05, checks=Checks((guard("broken"),)))
    assert verdict.outcome == "inconclusive"


def test_a_verdict_counts_the_looks_at_the_gate_rows() -> None:
    assert decide(*flips(5, 5, 40), CFG, 0.05, checks=Checks(look=3)).look == 3


def test_a_score_of_a_whole_set_is_told_without_counts_of_rows() -> None:
    cfg = GateConfig(metric="macro_f1", min_gain=0)
    rng = np.random.default_rng(3)
    theirs = rng.normal(0.5, 0.3, 60)
    ours = theirs + rng.normal(0.2, 0.2, 60)
    verdict = decide(report(macro_f1=list(ours)), report(macro_f1=list(theirs)), cfg, 0.05)
    assert verdict.outcome == "accept"
    assert "better" not in verdict.why
