import pytest
import torch
import transformers
from transformers import GenerationConfig

from selfinstruct import chat
from selfinstruct.models.decoding import Done, Draw, end_tokens, first_stop
from selfinstruct.types import Request, Sampling
from tests.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (2.0, 0.7), (0.5, 0.9)])
def test_draws_follow_the_nucleus_of_the_distribution(temperature: float, top_p: float) -> None:
    count = 20_000
    scores = torch.tensor([2.0, 0.5, 1.0, -1.0, 0.0, -3.0])
    warped = transformers.TopPLogitsWarper(top_p)(torch.empty(0), scores[None] / temperature)
    expected = torch.softmax(warped[0], -1)
    how = Sampling(temperature, top_p)
    requests = [Request((), how, seed=seed) for seed in range(count)]
    draw = Draw(requests, torch.device("cpu"))
    drawn = draw(torch.empty(0), scores.expand(count, -1)).argmax(-1)
    shares = torch.bincount(drawn, minlength=len(scores)) / count
    spread = (expected * (1 - expected) / count).sqrt()
    assert ((shares - expected).abs() <= 4.5 * spread).all()


def test_of_scores_one_token_a_row_is_left_and_the_likeliest_at_no_temperature() -> None:
    scores = torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    greedy = [Request((), Sampling(temperature=0.0)) for _ in scores]
    left = Draw(greedy, torch.device("cpu"))(torch.empty(0), scores)
    assert left.tolist() == [[-torch.inf, 0.0, -torch.inf], [0.0, -torch.inf, -torch.inf]]


def test_a_row_is_done_at_its_own_limit_or_stop_string() -> None:
    samplings = [
        Sampling(max_tokens=9),
        Sampling(max_tokens=2),
        Sampling(max_tokens=9, stop=("never", "b")),
    ]
    done = Done(TOKENIZER, samplings, 1, torch.device("cpu"))
    written = TOKENIZER("abc", add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[0, *written]] * len(samplings))
    assert done(ids[:, :2], None).tolist() == [False, False, False]
    assert done(ids[:, :3], None).tolist() == [False, True, True]


@pytest.mark.parametrize(("told", "known"), [(None, []), (7, [7]), ([7, 8], [7, 8]), ([7, 7], [7])])
def test_the_end_of_the_turn_ends_an_answer_first(
    told: int | list[int] | None, known: list[int]
) -> None:
    config = GenerationConfig(eos_token_id=told)  # type: ignore[no-untyped-call]
    turn = chat.end_of_turn(TOKENIZER)
    own = [] if isinstance(told, list) else [TOKENIZER.eos_token_id]
    assert end_tokens(TOKENIZER, config) == list(dict.fromkeys([turn, *known, *own]))


@pytest.mark.parametrize(
    ("stops", "at"), [((), None), (("x",), None), (("c", "bc"), 1), (("", "c"), 0)]
)
def test_the_earliest_stop_string_counts(stops: tuple[str, ...], at: int | None) -> None:
    assert first_stop("abc", stops) == at
