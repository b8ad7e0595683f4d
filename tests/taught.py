"""A run of the tiny student whose adapters are real and random: base, real-only and round-1."""

from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig, get_peft_model

from selfinstruct.checkpoints import weights
from selfinstruct.checkpoints.adapters import load_checkpoint, publish
from selfinstruct.config import parse_config
from selfinstruct.disk.files import write_jsonl
from selfinstruct.rows import from_example, from_mixture
from selfinstruct.store import Store
from selfinstruct.types import Mixture, RealData
from tests.frozen_run import rows, tiny_config

SYSTEM = "Name what the customer wants."


def write_taught(folder: Path, base: Path, scale: float = 1.0, dev: int = 0) -> Path:
    """The run at `folder`, with so many dev rows; round 1 is its champion."""
    cfg = parse_config({**tiny_config(base, folder.parent), "task": {"system": SYSTEM}})
    data = RealData(rows("train", 6), rows("dev", dev), rows("gate", 4), rows("final", 2))
    about = {
        "config": cfg.model_dump(mode="json"),
        "contents": {"student.name": weights.identify(str(base))},
    }
    with Store(folder, write=True) as store:
        store.freeze(data, about)
        for index, name in enumerate(("real-only", "round-1")):
            adapter = folder / "rounds" / str(index) / "adapter"
            publish(random_adapter(base, index, scale), str(base), adapter)
            digest = load_checkpoint(adapter, name).digest
            mixture = Mixture(data.train, 0.0, 0.0)
            write_jsonl(adapter.with_name("mixture.jsonl"), map(from_example, mixture.rows))
            store.commit_stage(index, "mix", from_mixture(mixture), 0.1)
            store.commit_stage(index, "train", {"name": name, "digest": digest}, 1.0)
        store.commit_stage(0, "finish", {"champion": digest, "name": "round-1"}, 1.0)
    return folder


def random_adapter(base: Path, seed: int, scale: float) -> Any:
    """A LoRA model of the base whose adapter is drawn, times `scale`."""
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        lora = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
        adapted = get_peft_model(model, lora)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data *= scale
    return adapted
