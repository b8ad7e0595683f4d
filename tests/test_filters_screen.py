from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import (
    ExecutableConfig,
    FiltersConfig,
    MemorisationConfig,
    NoveltyConfig,
)
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import Verified, Verify, check_question, screen
from selfinstruct.types import Drafts, Example, Message, Rejection, Score, Screened

CFG = FiltersConfig()
SEED = Example("Name three red fruits", response="Cherry, strawberry and raspberry.")
GATE = Example("Translate the proverb into plain English", "Wer rastet, der rostet", "Keep moving.")
FRESH = Example("Explain why the sky looks blue", response="Air scatters short waves more.")
CARD = Example("Name the intent", "When will my card arrive?", "Soon.", label="card_arrival")


def judge(
    *drafts: Example,
    train: Sequence[Example] = (SEED,),
    pool: Sequence[Example] = (),
    held_out: Sequence[Example] = (GATE,),
    cfg: FiltersConfig = CFG,
) -> Screened:
    return screen(Drafts(drafts), Indexes.build(train, pool, held_out, cfg), cfg)


def reasons(screened: Screened) -> list[tuple[str, str | None]]:
    return [(rejection.reason, rejection.neighbour) for rejection in screened.rejected]


@pytest.mark.parametrize(
    ("draft", "reason", "neighbour"),
    [
        (replace(SEED, origin="synthetic"), "duplicate", SEED.id),
        (replace(SEED, response=" cherry, STRAWBERRY and\nraspberry."), "duplicate", SEED.id),
        (replace(SEED, response="Tomato and beet."), "too_similar", SEED.id),
        (Example("Name three red fruits now", response="Cherry."), "too_similar", SEED.id),
        (Example("Name it"), "too_short", None),
        (replace(FRESH, response=""), "empty_response", None),
        (replace(GATE, response="Who rests, rusts."), "contaminated", GATE.id),
        (replace(FRESH, instruction=f"Kindly {GATE.instruction}"), "contaminated", GATE.id),
    ],
)
def test_screen_names_the_reason_and_the_neighbour(
    draft: Example, reason: str, neighbour: str | None
) -> None:
    screened = judge(draft)
    assert reasons(screened) == [(reason, neighbour)]
    assert screened.rejected[0].what is draft
    assert screened.accepted == ()


def test_the_pool_is_known_as_well() -> None:
    assert reasons(judge(FRESH, pool=[FRESH])) == [("duplicate", FRESH.id)]
    again = replace(FRESH, response="Because of the air.")
    assert reasons(judge(again, pool=[FRESH])) == [("too_similar", FRESH.id)]


def test_the_likeness_and_its_limit_are_told() -> None:
    rejection = judge(Example("Name three red fruits now", response="Cherry.")).rejected[0]
    assert (rejection.value, rejection.threshold) == (8 / 9, 0.7)


def test_a_draft_is_judged_against_what_the_batch_accepted_before_it() -> None:
    near = Example("Explain why the sky looks so blue", response="Light is scattered.")
    other = Example("List the rivers of Portugal", response="Tejo, Douro, Mondego.")
    screened = judge(FRESH, other, near, replace(FRESH))
    assert screened.accepted == (FRESH, other)
    assert reasons(screened) == [("too_similar", FRESH.id), ("duplicate", FRESH.id)]


def test_a_rejected_draft_hides_no_later_one() -> None:
    empty = replace(FRESH, response="")
    assert judge(empty, FRESH).accepted == (FRESH,)


def test_instances_of_one_instruction_do_not_reject_each_other() -> None:
    told = "Sort the words by their length"
    first = Example(told, "pear fig banana", "fig pear banana")
    second = Example(told, "a bbb cc", "a cc bbb")
    third = Example(told, "oak elder ash", "oak ash elder")
    near = Example(f"{told} please", "one three five", "one five three")
    screened = judge(first, near, second, replace(first, attempt="other"), third)
    assert screened.accepted == (first, second, third)
    assert reasons(screened) == [("too_similar", first.id), ("duplicate", first.id)]


def test_instances_of_one_instruction_share_its_rejection() -> None:
    first = replace(SEED, input="in German", response="Kirsche")
    second = replace(SEED, input="in French", response="Cerise")
    assert reasons(judge(first, second)) == [("too_similar", SEED.id)] * 2


def test_an_instance_in_a_later_batch_is_not_new() -> None:
    indexes = Indexes.build([SEED], [], [GATE], CFG)
    screen(Drafts((FRESH,)), indexes, CFG)
    later = replace(FRESH, response="Another reason.")
    assert reasons(screen(Drafts((later,)), indexes, CFG)) == [("too_similar", FRESH.id)]


def test_a_leaking_first_instance_does_not_vouch_for_the_next() -> None:
    leaking = replace(FRESH, input="a b c d e f g h")
    gate = replace(GATE, response="a b c d e f g h")
    near = Example("Explain why the sky looks so blue", response="Light is scattered.")
    screened = judge(leaking, near, replace(FRESH, input="now"), held_out=[gate])
    assert screened.accepted == (near,)
    assert reasons(screened) == [("contaminated", gate.id), ("too_similar", near.id)]


def test_contradicting_answers_are_all_dropped() -> None:
    yes = Example("Is the number in the text prime", "91", "Yes")
    no = replace(yes, response="No")
    also_no = replace(yes, response="no ")
    other = replace(yes, input="97")
    screened = judge(yes, no, other, also_no)
    assert screened.accepted == (other,)
    expected = [("contradiction", no.id), ("contradiction", yes.id), ("contradiction", yes.id)]
    assert reasons(screened) == expected


def test_an_instruction_without_input_may_have_many_answers() -> None:
    other = replace(FRESH, response="Because of Rayleigh scattering.")
    assert judge(FRESH, other).accepted == (FRESH, other)


def test_an_unsound_answer_contradicts_nothing() -> None:
    sound = Example("Is the number in the text prime", "91", "No")
    refused = replace(sound, response="I'm sorry, but I can't help with that.")
    screened = judge(sound, refused)
    assert screened.accepted == (sound,)
    assert reasons(screened) == [("refusal", None)]


def test_labels_contradict_and_replies_beside_a_label_do_not() -> None:
    late = replace(CARD, input="The parcel is late again", response="Sorry!")
    lost = replace(late, label="lost_card")
    reworded = replace(late, response="We are looking into it.")
    both = [("contradiction", lost.id), ("contradiction", late.id)]
    assert reasons(judge(late, lost, train=[CARD])) == both
    assert judge(late, reworded, train=[CARD]).accepted == (late,)
    assert reasons(judge(late, reworded, train=[CARD])) == [("too_similar", late.id)]


def test_labels_of_one_instruction_contradict_without_an_input() -> None:
    late = Example("The parcel is late again", label="late")
    screened = judge(late, replace(late, label="lost"), train=[CARD])
    assert [rejection.reason for rejection in screened.rejected] == ["contradiction"] * 2


def test_labelled_rows_are_compared_by_their_input() -> None:
    new = replace(CARD, input="My top-up has failed twice", label="top_up")
    near = replace(CARD, input="When will my new card arrive?")
    screened = judge(new, near, train=[CARD])
    assert screened.accepted == (new,)
    assert reasons(screened) == [("too_similar", CARD.id)]


@pytest.mark.parametrize("text", ["", "Name the intent of it"])
def test_a_labelled_draft_that_repeats_the_instruction_is_not_new(text: str) -> None:
    train = [replace(CARD, instruction="Name the intent of it")]
    draft = replace(train[0], input=text, label="other")
    assert reasons(judge(draft, train=train)) == [("too_similar", train[0].id)]


def test_responses_are_compared_only_where_asked() -> None:
    draft = Example("List the berries in a summer pudding", response=SEED.response)
    strict = FiltersConfig(novelty=NoveltyConfig(response_threshold=0.7))
    assert judge(draft).accepted == (draft,)
    assert reasons(judge(draft, cfg=strict)) == [("response_too_similar", SEED.id)]


def talk(asked: str, answered: str, label: str | None = None) -> Example:
    turns = (Message("user", asked), Message("assistant", answered))
    return Example("Yes please", response="Done, it is on its way.", turns=turns, label=label)


CARD_TALK = talk("My card has not come", "Shall I send another one?")
FEE_TALK = talk("Why was I charged twice in May", "Do you want the money back?")


def test_the_same_last_turn_after_other_turns_is_another_question() -> None:
    near = talk("My card has not come", "Shall I send you another one?", label="card")
    assert judge(FEE_TALK, train=[CARD_TALK]).accepted == (FEE_TALK,)
    assert judge(CARD_TALK, FEE_TALK).accepted == (CARD_TALK, FEE_TALK)
    assert reasons(judge(near, train=[CARD_TALK])) == [("too_similar", CARD_TALK.id)]
    again = replace(CARD_TALK, response="Fine.")
    assert reasons(judge(replace(near, label=None), FEE_TALK, train=[CARD_TALK])) == [
        ("too_similar", CARD_TALK.id)
    ]
    assert judge(CARD_TALK, again).accepted == (CARD_TALK, again)


def test_one_near_conversation_of_a_batch_does_not_vouch_for_another() -> None:
    near = talk("My card has not come", "Shall I send you another one?")
    screened = judge(FEE_TALK, CARD_TALK, near)
    assert screened.accepted == (FEE_TALK, CARD_TALK)
    assert reasons(screened) == [("too_similar", CARD_TALK.id)]


def test_other_turns_before_the_same_last_one_contradict_nothing() -> None:
    card, fee = replace(CARD_TALK, label="card"), replace(FEE_TALK, label="fee")
    assert judge(card, fee).accepted == (card, fee)
    wrong = replace(CARD_TALK, label="fee")
    assert reasons(judge(card, wrong)) == [("contradiction", wrong.id), ("contradiction", card.id)]


def test_novelty_can_be_off() -> None:
    off = FiltersConfig(novelty=NoveltyConfig(threshold=None))
    near = replace(SEED, response="Tomato.")
    assert judge(near, cfg=off).accepted == (near,)


def test_a_copy_of_a_real_row_is_told_after_all_else() -> None:
    words = " ".join(f"word{n}" for n in range(13))
    seed = replace(SEED, response=f"Cherry, {words}")
    copy = replace(FRESH, response=f"So {words} and more")
    screened = judge(copy, train=[seed])
    assert reasons(screened) == [("memorised", seed.id)]
    assert screened.rejected[0].value == 13
    assert reasons(judge(copy, train=[seed], held_out=[seed])) == [("memorised", seed.id)]
    assert reasons(judge(copy, train=[seed], pool=[copy])) == [("duplicate", copy.id)]
    off = FiltersConfig(memorisation=MemorisationConfig(run=None, verbatim=None))
    assert judge(copy, train=[seed], cfg=off).accepted == (copy,)


def test_a_copied_question_is_dropped_before_its_answer_is_paid_for() -> None:
    words = " ".join(f"word{n}" for n in range(13))
    indexes = Indexes.build([Example(words)], [], [], CFG)
    asked = Example(f"{words} {' '.join(f'new{n}' for n in range(20))}")
    rejection = check_question(asked, indexes, CFG)
    assert rejection is not None
    assert rejection.reason == "memorised"


def test_what_could_not_be_read_is_passed_on() -> None:
    unread = Rejection(Example("?"), "unreadable")
    indexes = Indexes.build([SEED], [], [GATE], CFG)
    screened = screen(Drafts((FRESH, SEED), (unread,)), indexes, CFG)
    assert screened.accepted == (FRESH,)
    assert [rejection.reason for rejection in screened.rejected] == ["unreadable", "duplicate"]


FRUITS = [replace(SEED, instruction=f"Name {n} red fruits", kind=str(n)) for n in range(20)]
OTHER = "Explain how the tides follow the moon"


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (replace(FRESH, response="Воздух рассеивает волны."), "foreign_script"),
        (replace(FRESH, response=" ".join(map(str, range(13)))), "length_outlier"),
        (replace(FRESH, response="See:\n```python\nif\n```"), "broken_code"),
        (replace(FRESH, response="Воздух, воздух:"), "dangling_colon"),  # needs no real rows
        (replace(FRUITS[0], response="Вишня, клубника."), "foreign_script"),  # before novelty
    ],
)
def test_the_real_rows_set_standards(draft: Example, reason: str) -> None:
    assert [each.reason for each in judge(draft, train=FRUITS).rejected] == [reason]


def test_what_is_unsound_by_the_real_rows_contradicts_nothing() -> None:
    sound = Example("Is the number in the text prime", "91", "It is not")
    foreign = replace(sound, response="Да, это простое число.")
    assert judge(sound, foreign, train=FRUITS).accepted == (sound,)


def test_an_answer_that_a_known_row_gives_otherwise_is_a_contradiction() -> None:
    sound = Example("Is the number in the text prime", "91", "No")
    late = replace(CARD, input="The parcel is late again")
    for known, other in ((sound, replace(sound, response="Yes")), (late, replace(late, label="b"))):
        expected = [("contradiction", known.id)]
        assert reasons(judge(other, train=[SEED, known])) == expected
        assert reasons(judge(other, pool=[known])) == expected
        indexes = Indexes.build([SEED], [], [], CFG)
        screen(Drafts((known,)), indexes, CFG)
        assert reasons(screen(Drafts((other,)), indexes, CFG)) == expected


def test_the_children_of_a_row_are_counted_over_pool_and_batch() -> None:
    cfg = FiltersConfig(max_children=2)
    old = Example("List the rivers of Portugal", response="Tejo.", parents=(SEED.id,))
    second = replace(FRESH, instruction=OTHER, parents=(SEED.id,))
    third = replace(second, instruction="Describe a walk along the winter sea")
    screened = judge(second, third, FRESH, pool=[old], cfg=cfg)
    assert screened.accepted == (second, FRESH)
    assert reasons(screened) == [("too_many_children", SEED.id)]
    assert judge(second, third, pool=[old]).accepted == (second, third)


@pytest.mark.slow
def test_an_answer_that_stands_otherwise_is_run() -> None:
    cfg = FiltersConfig(executable=ExecutableConfig(check="run"))
    right = replace(FRESH, response="x = 1 + 1")
    wrong = replace(FRESH, instruction=OTHER, response="y = 1 / 0")
    assert judge(right, wrong, cfg=cfg).accepted == (right,)
    near = replace(SEED, instruction="Name three red fruits now", response="1 / 0")
    assert reasons(judge(near, cfg=cfg)) == [("too_similar", SEED.id)]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Example("Назови несколько красных фруктов"), "foreign_script"),
        (Example("Name the intent", FRUITS[0].instruction, label="a"), "contradiction"),
        (Example(OTHER, parents=("full",)), "too_many_children"),
        (Example(OTHER, parents=("other",)), None),
    ],
)
def test_check_question_knows_standards_answers_and_children(
    asked: Example, reason: str | None
) -> None:
    cfg = FiltersConfig(max_children=1)
    labelled = Example("Name the intent", FRUITS[0].instruction, label="b")
    full = Example("List the rivers of Portugal", response="Tejo.", parents=("full",))
    indexes = Indexes.build([*FRUITS, labelled], [full], [GATE], cfg)
    rejection = check_question(asked, indexes, cfg)
    assert (rejection and rejection.reason) == reason


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Example("Name it"), "too_short"),
        (Example("Name three red fruits now"), "too_similar"),
        (Example(GATE.instruction), "contaminated"),
        (Example("Explain why the sky looks blue"), None),
    ],
)
def test_check_question_decides_before_there_is_an_answer(
    asked: Example, reason: str | None
) -> None:
    indexes = Indexes.build([SEED], [], [GATE], CFG)
    for _ in range(2):
        rejection = check_question(asked, indexes, CFG)
        assert (rejection.reason if rejection else None) == reason


PHRASES = st.sampled_from(
    ["sort the long list", "name a red fruit", "why is it so", "ok", "it is a"]
)
EXAMPLES = st.builds(
    Example,
    instruction=PHRASES,
    input=st.one_of(st.just(""), PHRASES),
    response=st.one_of(st.just(""), PHRASES),
    label=st.sampled_from([None, None, "a", "b"]),
    parents=st.sampled_from([(), (SEED.id,), (SEED.id, GATE.id)]),
)


@given(st.lists(EXAMPLES, max_size=8), st.integers(0, 8))
def test_nothing_disappears_and_waves_decide_as_a_resumed_run(
    drafts: list[Example], cut: int
) -> None:
    cfg = FiltersConfig(max_children=1)
    unread = tuple(Rejection(example, "unreadable") for example in drafts[:2])
    indexes = Indexes.build([SEED], [], [GATE], cfg)
    first = screen(Drafts(tuple(drafts[:cut]), unread), indexes, cfg)
    assert len(first.accepted) + len(first.rejected) == len(drafts[:cut]) + len(unread)
    kept = [id(example) for example in first.accepted]
    dropped = [id(rejection.what) for rejection in first.rejected if rejection not in unread]
    assert sorted(kept + dropped) == sorted(id(example) for example in drafts[:cut])
    assert len({example.id for example in first.accepted}) == len(first.accepted)

    rebuilt = Indexes.build([SEED], first.accepted, [GATE], cfg)
    rest = Drafts(tuple(drafts[cut:]))
    assert screen(rest, indexes, cfg) == screen(rest, rebuilt, cfg)


# -- verification -----------------------------------------------------------------------------


def asked_and_told(*no: int) -> tuple[list[Sequence[Example]], Verify]:
    """A verification that turns down these positions of what it is shown, and what it was shown."""
    shown: list[Sequence[Example]] = []

    def verify(examples: Sequence[Example]) -> Verified:
        shown.append(examples)
        scores = tuple(Score(one.id, "doubt", 0.5, "model") for one in examples)
        return Verified({at: Rejection(examples[at], "label_disagrees") for at in no}, scores)

    return shown, verify


def test_models_are_shown_only_what_the_other_filters_let_through() -> None:
    short, sound = Example("Too", response="Bad."), FRESH
    shown, verify = asked_and_told()
    screened = screen(Drafts((short, sound)), Indexes.build([SEED], [], [GATE], CFG), CFG, verify)
    assert shown == [[sound]]
    assert (screened.accepted, [one.id for one in screened.scores]) == ((sound,), [sound.id])


def test_what_models_turned_down_is_nobodys_neighbour() -> None:
    first = FRESH
    again = replace(FRESH, instruction=f"{FRESH.instruction} today", response="It is the air.")
    indexes = Indexes.build([SEED], [], [GATE], CFG)
    _, keep_all = asked_and_told()
    kept = screen(Drafts((first, again)), Indexes.build([SEED], [], [GATE], CFG), CFG, keep_all)
    assert kept.accepted == (first,)
    _, verify = asked_and_told(0)
    screened = screen(Drafts((first, again)), indexes, CFG, verify)
    assert screened.accepted == (again,)
    assert [item.reason for item in screened.rejected] == ["label_disagrees"]
    later = screen(Drafts((first,)), indexes, CFG)
    assert [item.neighbour for item in later.rejected] == [again.id]


BOTH = FiltersConfig(novelty=NoveltyConfig(over="instruction_and_input"))


def test_instruction_and_input_may_be_new_together() -> None:
    known = Example("Put it into English", "Das Haus ist alt und schief", "The house is old.")
    other = Example("Put it into English", "Morgen wird es endlich regnen", "It will rain.")
    nearly = replace(known, input="Das Haus ist alt und klein", response="It is small.")
    assert reasons(judge(other, train=[known])) == [("too_similar", known.id)]
    screened = judge(other, nearly, train=[known], cfg=BOTH)
    assert screened.accepted == (other,)
    assert reasons(screened) == [("too_similar", known.id)]


def test_instances_are_held_to_each_other_where_their_inputs_have_to_be_new() -> None:
    first = Example("Put it into English", "Das Haus ist alt und schief", "The house is old.")
    nearly = replace(first, input="Das Haus ist alt und klein", response="It is small.")
    assert judge(first, nearly).accepted == (first, nearly)
    assert reasons(judge(first, nearly, cfg=BOTH)) == [("too_similar", first.id)]


def test_a_question_without_its_input_is_not_judged_by_it() -> None:
    known = Example("Translate the short sentence", "", "Which one?")
    asked = Example("Translate the short sentence")
    for cfg, reason in ((CFG, "too_similar"), (BOTH, None)):
        rejection = check_question(asked, Indexes.build([known], [], [], cfg), cfg)
        assert (rejection and rejection.reason) == reason


HARDER = Example(
    f"{SEED.instruction} that do not grow on trees",
    response="Strawberry, cranberry and redcurrant.",
    source="recipe:evolve",
    parents=(SEED.id, FRESH.id),
)
"""SEED made harder: four of its ten words are those of SEED, so they are at a ROUGE-L of 0.57."""
OF_FRESH = replace(HARDER, instruction=f"{FRESH.instruction} in rhymes", parents=(FRESH.id,))


@pytest.mark.parametrize(
    ("draft", "fell_to"),
    [
        (HARDER, None),
        (OF_FRESH, None),
        (replace(HARDER, source="recipe:few_shot"), ("too_similar", SEED.id)),
        (replace(HARDER, parents=(FRESH.id, SEED.id)), ("too_similar", SEED.id)),
        (replace(HARDER, instruction="Red fruits: name three!"), None),  # far from it all the same
        (replace(HARDER, instruction=f"{SEED.instruction}!"), ("too_similar", SEED.id)),
        (replace(HARDER, instruction=f"{SEED.instruction}: red fruits"), ("too_similar", SEED.id)),
        (replace(HARDER, response=SEED.response), ("response_too_similar", SEED.id)),
        (replace(HARDER, instruction=f"{GATE.instruction} now"), ("contaminated", GATE.id)),
    ],
)
def test_a_rewriting_is_not_held_to_the_row_it_was_made_from(
    draft: Example, fell_to: tuple[str, str] | None
) -> None:
    novelty = NoveltyConfig(threshold=0.55, response_threshold=0.7)
    cfg = FiltersConfig(novelty=novelty)
    screened = judge(draft, pool=[FRESH], cfg=cfg)
    assert reasons(screened) == ([] if fell_to is None else [fell_to])
    indexes = Indexes.build([SEED], [FRESH], [GATE], cfg)
    early = check_question(replace(draft, response=""), indexes, cfg)
    assert (early and early.reason) in (fell_to and fell_to[0], None)


def test_a_rewriting_is_held_to_every_other_row_and_rewriting() -> None:
    novelty = FiltersConfig(novelty=NoveltyConfig(threshold=0.55))
    twin = replace(SEED, instruction="Name three red fruits that please")
    assert reasons(judge(HARDER, train=[SEED, twin], cfg=novelty)) == [("too_similar", twin.id)]
    again = replace(HARDER, instruction=f"{HARDER.instruction} today", response="Beet.")
    screened = judge(HARDER, again, cfg=novelty)
    assert screened.accepted == (HARDER,)
    assert reasons(screened) == [("too_similar", HARDER.id)]
    deeper = replace(again, parents=(HARDER.id,))
    assert judge(deeper, pool=[HARDER], train=[FRESH], cfg=novelty).accepted == (deeper,)
