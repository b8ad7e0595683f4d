import gc
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model

from selfinstruct import chat
from selfinstruct.checkpoints.base import choose_device
from selfinstruct.errors import OutOfMemoryError, UserError
from selfinstruct.models.transformers_model import TransformersModel
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by
from tests.narrow import Narrow
from tests.tiny import save_tiny_model

WORDS = ("hi", "a longer question about the weather", "x", "cards and money " * 5, "why?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[TransformersModel]:
    opened = TransformersModel.load(str(folder), device="cpu", batch_size=8)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def alone(folder: Path) -> Iterator[TransformersModel]:
    """The same model, answering one request at a time."""
    opened = TransformersModel.load(str(folder), device="cpu", batch_size=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def adapter(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = transformers.AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(0)
    lora = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    path = tmp_path_factory.mktemp("adapter")
    get_peft_model(base, lora).save_pretrained(str(path))
    return path


def ask(text: str, seed: int = 0, **sampling: Any) -> Request:
    given = {"temperature": 0.0, "max_tokens": 12, **sampling}
    return Request((Message("user", text),), Sampling(**given), seed=seed)


def answers(model: TransformersModel, requests: Sequence[Request]) -> list[Completion]:
    answered = sorted(answered_by(model, requests), key=lambda each: each.index)
    assert [each.index for each in answered] == list(range(len(requests)))
    return [each.completion for each in answered]


def told(text: str, answer: str) -> tuple[Message, ...]:
    return (Message("system", "s"), Message("user", text), Message("assistant", answer))


def test_greedy_is_what_the_library_generates(folder: Path, alone: TransformersModel) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    plain: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    prompt = chat.encode_prompt(tokenizer, (Message("user", "hi"),))
    output = plain.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False)
    expected = tokenizer.decode(output[0][len(prompt) :], skip_special_tokens=True)
    [completion] = answers(alone, [ask("hi")])
    assert completion.text == expected
    assert completion.prompt_tokens == len(prompt)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_batch_changes_no_answer(
    model: TransformersModel, alone: TransformersModel, temperature: float
) -> None:
    requests = [ask(text, seed=at, temperature=temperature) for at, text in enumerate(WORDS)]
    assert answers(model, requests) == answers(alone, requests)


def test_the_seed_fixes_the_draw(model: TransformersModel) -> None:
    hot = {"temperature": 1.5, "top_p": 1.0}
    first, again, other = answers(
        model, [ask("hi", 1, **hot), ask("hi", 1, **hot), ask("hi", 2, **hot)]
    )
    assert first == again
    assert first.text != other.text


def test_greedy_and_sampled_rows_share_a_batch(
    model: TransformersModel, alone: TransformersModel
) -> None:
    mixed = answers(model, [ask("hi"), ask("hi", 3, temperature=2.0, top_p=1.0)])
    assert mixed[0] == answers(alone, [ask("hi")])[0]
    assert mixed[0].text != mixed[1].text


def test_a_small_nucleus_is_greedy(model: TransformersModel) -> None:
    greedy, nucleus = answers(model, [ask("hi"), ask("hi", 5, temperature=1.0, top_p=1e-6)])
    assert nucleus.text == greedy.text


def test_each_request_has_its_own_length(model: TransformersModel) -> None:
    limits = [1, 5, 9]
    completions = answers(model, [ask("hi", max_tokens=limit) for limit in limits])
    assert [each.completion_tokens for each in completions] == limits
    assert {each.finish_reason for each in completions} == {"length"}


def test_a_stop_string_is_cut(model: TransformersModel) -> None:
    [whole] = answers(model, [ask("x")])
    stop = whole.text[4:6]
    before = whole.text.index(stop)
    cut, free = answers(model, [ask("x", stop=("never there", stop)), ask("x")])
    assert (cut.text, cut.finish_reason) == (whole.text[:before], "stop")
    assert cut.completion_tokens < whole.completion_tokens
    assert free == whole


def test_the_end_of_turn_ends_an_answer(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path)
    plain: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    end = plain.config.eos_token_id
    with torch.no_grad():  # whatever was read, the end of the turn comes next
        plain.model.norm.weight.zero_()
        plain.lm_head = torch.nn.Linear(plain.config.hidden_size, plain.config.vocab_size)
        plain.lm_head.weight.zero_()
        plain.lm_head.bias.zero_()
        plain.lm_head.bias[end] = 9.0
    model = TransformersModel.load(str(folder), device="cpu")
    model._model = plain.eval()
    model._model.generation_config.eos_token_id = end
    [completion] = answers(model, [ask("hi")])
    assert completion == Completion("", "stop", completion.prompt_tokens, 1, completion.model)


def test_nll_is_the_loss_of_the_library(folder: Path, model: TransformersModel) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    plain: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    rows = [told(text, f"answer {text}"[: 3 + at * 7]) for at, text in enumerate(WORDS)]
    for row, score in zip(rows, model.nll(rows), strict=True):
        encoded = chat.encode(tokenizer, row)
        ids = torch.tensor([encoded.prompt_ids + encoded.answer_ids])
        labels = torch.tensor([[-100] * len(encoded.prompt_ids) + encoded.answer_ids])
        with torch.inference_mode():
            loss = plain(ids, labels=labels).loss.item()
        assert score.mean == pytest.approx(loss, abs=1e-4)
        assert score.tokens == len(encoded.answer_ids)


def test_the_batch_changes_no_score(model: TransformersModel, alone: TransformersModel) -> None:
    rows = [told(text, f"answer {text}") for text in WORDS]
    together = [score.mean for score in model.nll(rows)]
    assert together == pytest.approx([score.mean for score in alone.nll(rows)], abs=1e-4)
    turned = [score.mean for score in model.nll(rows[::-1])]
    assert turned == pytest.approx(together[::-1], abs=1e-4)
    assert model.nll([]) == []


def test_a_score_takes_logits_of_the_answer_alone(alone: TransformersModel) -> None:
    seen: list[torch.Size] = []
    hook = alone._model.lm_head.register_forward_hook(lambda *args: seen.append(args[2].shape))
    [score] = alone.nll([told("a question " * 40, "yes")])
    hook.remove()
    assert seen == [(score.tokens, alone._vocabulary)]


def test_an_adapter_changes_answers_and_digest(
    folder: Path, adapter: Path, model: TransformersModel
) -> None:
    tuned = TransformersModel.load(str(folder), adapter, device="cpu")
    row = told("hi", "answer")
    assert tuned.nll([row])[0].mean != pytest.approx(model.nll([row])[0].mean, abs=1e-3)
    assert answers(tuned, [ask("hi")])[0].text != answers(model, [ask("hi")])[0].text
    assert tuned.digest != model.digest
    assert tuned.digest == TransformersModel.load(str(folder), adapter, device="cpu").digest
    assert adapter.name in tuned.name


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_batch_too_large_for_memory_is_cut_and_answers_and_scores_stay(
    folder: Path, model: TransformersModel, most: int
) -> None:
    device = Narrow(most)
    narrow = TransformersModel(device.load(folder, "cpu"), batch_size=8)
    requests = [ask(word, seed=at, temperature=0.7) for at, word in enumerate(WORDS)]
    assert answers(narrow, requests) == answers(model, requests)
    refused = [size for size in device.tried if size > most]
    rows, done = [told(word, word[::-1]) for word in WORDS], list[int]()
    scores = narrow.nll(rows, done.append)
    assert [size for size in device.tried if size > most] == refused  # not found out twice
    expected = [score.mean for score in model.nll(rows)]
    assert [score.mean for score in scores] == pytest.approx(expected, rel=1e-5)
    assert done[-1] == len(WORDS)


def test_scores_find_out_by_themselves_what_fits(folder: Path, model: TransformersModel) -> None:
    narrow = TransformersModel(Narrow(2).load(folder, "cpu"), batch_size=8)
    rows = [told(word, word[::-1]) for word in WORDS]
    expected = [score.mean for score in model.nll(rows)]
    assert [score.mean for score in narrow.nll(rows)] == pytest.approx(expected, rel=1e-5)


def test_a_prompt_that_does_not_fit_alone_stops_it(folder: Path) -> None:
    narrow = TransformersModel(Narrow(0).load(folder, "cpu"), batch_size=8)
    with pytest.raises(OutOfMemoryError, match="a single row"):
        list(narrow.generate([ask("hi"), ask("why?")]))


def test_a_row_beyond_the_context_is_refused(model: TransformersModel) -> None:
    fine, long = answers(model, [ask("hi"), ask("word " * 500)])
    assert fine.finish_reason == "length"
    assert (long.text, long.finish_reason) == ("", "error")
    assert "the model has 2048" in long.error
    with pytest.raises(UserError, match="does not fit the context"):
        model.nll([told("word " * 500, "yes")])


def test_a_closed_model_is_gone(folder: Path) -> None:
    model = TransformersModel.load(str(folder), device="cpu")
    weights = weakref.ref(model._model)
    model.close()
    gc.collect()
    assert weights() is None


def test_loading_says_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    TransformersModel.load(str(folder), device="cpu").close()
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(UserError, match=r"cannot be loaded"):
        TransformersModel.load(str(tmp_path))


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path)
    plain: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(plain.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="cannot be loaded"):
        TransformersModel.load(str(folder))


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu(folder: Path, model: TransformersModel) -> None:
    assert choose_device("auto").type == "cuda"
    fast = TransformersModel.load(str(folder), device="cuda")
    rows = [told(text, f"answer {text}") for text in WORDS]
    expected = [score.mean for score in model.nll(rows)]
    assert [score.mean for score in fast.nll(rows)] == pytest.approx(expected, abs=0.05)
    assert len(answers(fast, [ask(text, 1, temperature=0.7) for text in WORDS])) == len(WORDS)


@pytest.mark.slow
def test_the_bundled_model_answers_and_scores() -> None:
    model = TransformersModel.load("bundled", device="cpu")
    [capital] = answers(model, [ask("What is the capital of France?", max_tokens=30)])
    assert "Paris" in capital.text
    assert capital.finish_reason == "stop"
    question = "What is the capital of France?"
    right, wrong = model.nll([told(question, "Paris"), told(question, "Oranges")])
    assert right.mean < wrong.mean
    model.close()
