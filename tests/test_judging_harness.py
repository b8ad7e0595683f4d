import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selfinstruct.errors import UserError
from selfinstruct.judging.harness import document_scores, require_harness, task_scores
from selfinstruct.types import Checkpoint, Report

TASK = """
task: {name}
dataset_path: json
dataset_kwargs:
  data_files: {{test: {data}}}
  cache_dir: {cache}
test_split: test
doc_to_text: "{{{{question}}}}"
"""
CHOICE = """
output_type: multiple_choice
doc_to_choice: "{{choices}}"
doc_to_target: gold
metric_list: [{metric: acc}, {metric: acc_norm}]
"""
FREE = """
output_type: generate_until
doc_to_target: "{{choices[gold]}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 4}
metric_list: [{metric: exact_match}]
"""
QUESTIONS: list[dict[str, Any]] = [
    {"question": f"Count to {at}:", "choices": [f"one {at}", "two", "three"], "gold": at % 3}
    for at in range(24)
]

Sample = Mapping[str, Any]


def sample(document: int, metrics: Mapping[str, object], answer_filter: str = "none") -> Sample:
    logged = {"doc_id": document, "filter": answer_filter, "metrics": list(metrics)}
    return {**logged, **metrics}


def scores(samples: list[Sample]) -> list[tuple[int, float]]:
    better = {name: name not in ("brier", "perplexity") for name in samples[0]["metrics"]}
    return list(document_scores("trivia", samples, better))


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"acc": 0.0, "acc_norm": 1.0}, 1),
        ({"f1": 0.5, "exact_match": 0, "acc": 1}, 1),
        ({"rouge": 0.25, "f1": 0.5}, 0.5),
        ({"f1": (1, 0), "rouge": 0.25}, 0.25),  # a pair that only all documents make a number of
        ({"brier": 2.0, "rouge": np.float64(0.25)}, 0.25),
        ({"acc_norm": float("nan"), "acc": True}, 1),
    ],
    ids=str,
)
def test_the_score_of_a_task_is_its_first_number_that_is_better_when_more(
    metrics: dict[str, object], expected: float
) -> None:
    assert scores([sample(0, metrics), sample(1, metrics)]) == [(0, expected), (1, expected)]


def test_a_metric_counts_only_if_every_document_has_it_as_a_number() -> None:
    logged = [sample(0, {"acc": 1.0, "other": 0.0}), sample(1, {"acc": (1, 2), "other": 0.5})]
    assert scores(logged) == [(0, 0.0), (1, 0.5)]


def test_of_several_filters_the_first_counts() -> None:
    filters = (("strict", 0), ("loose", 1))
    logged = [sample(at, {"acc": value}, name) for name, value in filters for at in (3, 5)]
    assert scores(logged) == [(3, 0), (5, 0)]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [({"perplexity": 3.0}, "it gives perplexity"), ({"mcc": (1, 0)}, "it gives mcc")],
)
def test_a_task_without_a_score_of_each_document_is_refused(
    metrics: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError, match=rf"trivia has no score of each document[^\n]*\n.*{words}"):
        scores([sample(0, metrics)])
    with pytest.raises(UserError, match="it gives nothing"):
        list(document_scores("trivia", [], {}))


def test_a_missing_harness_names_the_command_that_installs_it() -> None:
    with pytest.raises(UserError, match=r"pip install 'selfinstruct\[lm-eval\]'"):
        require_harness("no_such_harness")
    require_harness()


@pytest.fixture(scope="module")
def own_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tasks on questions of our own."""
    folder = tmp_path_factory.mktemp("tasks")
    data = folder / "questions.jsonl"
    data.write_text("".join(f"{json.dumps(question)}\n" for question in QUESTIONS))
    bodies = {
        "own_choice": CHOICE,
        "own_free": FREE,
        "own_unsafe": f"{FREE}unsafe_code: true\n",
        "own_pictures": f"{FREE}doc_to_image: picture\n",
        "own_nowhere": CHOICE,
    }
    for name, body in bodies.items():
        source = folder / "gone.jsonl" if name == "own_nowhere" else data
        text = TASK.format(name=name, data=source, cache=folder / "cache")
        (folder / f"{name}.yaml").write_text(f"{text}{body}")
    (folder / "own_group.yaml").write_text("group: own_group\ntask: [own_choice, own_free]\n")
    return folder


@pytest.fixture(scope="module")
def adapter(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that changes what the base says."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    lora = LoraConfig(r=8, lora_alpha=64, target_modules="all-linear", init_lora_weights=False)
    path = tmp_path_factory.mktemp("adapter")
    get_peft_model(model, lora).save_pretrained(str(path))
    return path


def run(
    base: Path, own_tasks: Path, *tasks: str, adapter: Path | None = None, limit: int | None = None
) -> Report:
    student = Checkpoint("student", str(base), adapter, "d1gest")
    return task_scores(student, tasks, task_path=own_tasks, limit=limit, device="cpu", batch_size=2)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_task_gives_one_score_a_document(tiny_base: Path, own_tasks: Path) -> None:
    report = run(tiny_base, own_tasks, "own_choice")
    assert (report.checkpoint, report.split) == ("d1gest", "lm_eval")
    assert report.ids == tuple(f"own_choice/{at}" for at in range(24))
    assert report.answers == ("",) * 24
    assert list(report.scores["score"]) == right_by_likelihood(tiny_base, None)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_the_adapter_is_what_is_scored(tiny_base: Path, own_tasks: Path, adapter: Path) -> None:
    report = run(tiny_base, own_tasks, "own_choice", adapter=adapter)
    assert list(report.scores["score"]) == right_by_likelihood(tiny_base, adapter)
    assert list(report.scores["score"]) != right_by_likelihood(tiny_base, None)


def right_by_likelihood(base: Path, adapter: Path | None) -> list[float]:
    """What acc_norm is, by hand: whether the choice that is likeliest by character is the right
    one.
    """
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(base)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(base)
    right = []
    for row in QUESTIONS:
        question = tokenizer(row["question"])["input_ids"]
        means = []
        for choice in row["choices"]:
            answer = tokenizer(f" {choice}")["input_ids"]
            with torch.inference_mode():
                logits = model(torch.tensor([question + answer])).logits[0, len(question) - 1 : -1]
            chosen = torch.log_softmax(logits, -1)[range(len(answer)), answer]
            means.append(float(chosen.sum()) / len(choice))
        right.append(float(int(np.argmax(means)) == row["gold"]))
    return right


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_group_is_its_tasks_and_a_limit_their_first_documents(
    tiny_base: Path, own_tasks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = run(tiny_base, own_tasks, "own_group", limit=2)
    assert report.ids == ("own_choice/0", "own_choice/1", "own_free/0", "own_free/1")
    assert "%|" not in capfd.readouterr().err  # no foreign progress bar


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("own_choise", "has no task 'own_choise'; did you mean own_choice"),
        ("own_unsafe", "own_unsafe runs code"),
        ("own_pictures", "own_pictures shows pictures"),
        ("own_nowhere", "the data of own_nowhere cannot be had"),
    ],
)
def test_a_task_that_cannot_guard_is_refused_before_a_model_is_loaded(
    own_tasks: Path, task: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        run(own_tasks / "no model", own_tasks, task)


@pytest.mark.slow
def test_a_folder_of_tasks_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone is no folder"):
        run(tmp_path / "no model", tmp_path / "gone", "own_choice")
