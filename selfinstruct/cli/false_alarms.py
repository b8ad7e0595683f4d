"""What a plan says of filters beside their own control: what they would drop of the real rows."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from selfinstruct.config import Config, EmbeddingConfig
from selfinstruct.filters.embedding import Encoder, nearest_others, open_encoder
from selfinstruct.filters.false_alarms import count_false_alarms
from selfinstruct.progress import OnProgress, silent
from selfinstruct.text import whole_question
from selfinstruct.types import RealData

BEARABLE = 0.05
"""Share of real training rows that may be taken for leaks before a plan names a remedy."""


def false_alarms(cfg: Config, data: RealData, on_progress: OnProgress = silent) -> dict[str, Any]:
    """How many real training rows, or of a sample of them, the filter would drop, by which rule and
    at which limit; counts alone, and nothing of the held-out rows.
    """
    limits = cfg.filters.contamination
    held_out = (*data.dev, *data.gate, *data.final)
    found = count_false_alarms(data.train, held_out, limits, cfg.seed, on_progress)
    return {
        "rows": found.rows,
        "of": found.of,
        "held_out": len(held_out),
        "rejected": found.either,
        "ngram": _rule(limits.ngram, found.ngram),
        "rouge_l": _rule(limits.rouge_l, found.rouge_l),
        "at": {str(limit): rows for limit, rows in found.at.items()},
        "near_duplicate": cfg.seeds.near_duplicate,
        "remedy": found.lowest(BEARABLE),
    }


def _rule(limit: float | None, rejected: int | None) -> dict[str, float] | None:
    return None if limit is None or rejected is None else {"limit": limit, "rejected": rejected}


def tell_false_alarms(found: dict[str, Any]) -> dict[str, str]:
    """The same for people, in one line; none where the filter is off or nothing is held out."""
    said = {"ngram": "{} words in a row", "rouge_l": "ROUGE-L {}"}
    rules = [
        f"{_share(found, found[rule])} by {how.format(found[rule]['limit'])}"
        for rule, how in said.items()
        if found[rule]
    ]
    if not rules:
        return {}
    rows = str(found["rows"])
    if found["rows"] < found["of"]:
        rows = f"a sample of {found['rows']} of {found['of']}"
    dropped = f"{rows} real train rows would be dropped as near dev, gate or final"
    if not found["rejected"]:
        return {"contamination": f"none of {dropped}"}
    told = f"{_share(found, found)} of {dropped}"
    return {"contamination": f"{told}: {', '.join(rules)}"}


def warn_of_false_alarms(found: dict[str, Any]) -> list[str]:
    """What to set where the filter drops too much that leaks nothing, and what is at odds."""
    notes = []
    ngram, rouge_l = found["ngram"], found["rouge_l"]
    honest = "of the real train rows, which leak nothing, and as many honest synthetic ones"
    if rouge_l and _is_too_much(found, rouge_l):
        notes.append(
            f"filters.contamination.rouge_l={rouge_l['limit']} drops {_share(found, rouge_l)} "
            f"{honest}; {_remedy(found)}"
        )
    if ngram and _is_too_much(found, ngram):
        notes.append(
            f"filters.contamination.ngram={ngram['limit']} drops {_share(found, ngram)} {honest}; "
            "a longer run drops fewer"
        )
    apart = found["near_duplicate"]
    if rouge_l and rouge_l["rejected"] and apart is not None and rouge_l["limit"] < apart:
        notes.append(
            f"filters.contamination.rouge_l ({rouge_l['limit']}) is below seeds.near_duplicate "
            f"({apart}): rows that the split itself puts into train and gate are leaks to the "
            "filter"
        )
    return notes


def meanings(
    cfg: Config, data: RealData, encoder: Callable[[EmbeddingConfig], Encoder] = open_encoder
) -> dict[str, Any] | None:
    """How near in meaning real train questions are to each other, by the cosine of each with its
    nearest other, and how many the filter would take for each other; None where it is off or there
    are no two. The model is opened for that, which takes seconds.
    """
    embedding = cfg.filters.novelty.embedding
    texts = list(dict.fromkeys(map(whole_question, data.train)))
    if embedding is None or len(texts) < 2:
        return None
    cosines = nearest_others(texts, encoder(embedding))
    median, bearable = np.quantile(cosines, [0.5, 1 - BEARABLE]).tolist()
    return {
        "model": embedding.model,
        "threshold": embedding.threshold,
        "rows": len(texts),
        "median": median,
        "bearable": bearable,
        "most": float(cosines.max()),
        "same": int((cosines > embedding.threshold).sum()),
    }


def tell_meanings(found: dict[str, Any] | None) -> dict[str, str]:
    """The same for people, in one line."""
    if found is None:
        return {}
    return {
        "nearest meaning": f"a real train question has a cosine of up to {found['median']:.2f} "
        f"(half of {found['rows']}), {found['bearable']:.2f} ({1 - BEARABLE:.0%}), "
        f"{found['most']:.2f} (all of them) with its nearest other; candidates above "
        f"{found['threshold']:g} are dropped, as {found['same']} of these would be"
    }


def warn_of_same_meanings(found: dict[str, Any] | None) -> list[str]:
    """That the embedding model takes too many real rows for each other, and which threshold would
    not, if one would.
    """
    if found is None or found["same"] <= BEARABLE * found["rows"]:
        return []
    threshold = math.ceil(100 * found["bearable"]) / 100
    remedy = (
        f"set filters.novelty.embedding.threshold={threshold:g}, or name another model"
        if threshold < 1
        else "no threshold below 1 tells them apart: name a model that was trained to"
    )
    return [
        f"filters.novelty.embedding drops what has a cosine above {found['threshold']:g} with a "
        f"known text, as {found['same']} of {found['rows']} real train questions have with each "
        f"other; {remedy}"
    ]


def warn_of_misses(cfg: Config) -> list[str]:
    """That novelty is not exact where MinHash proposes what a candidate is compared with."""
    if cfg.filters.novelty.minhash is None:
        return []
    return [
        "filters.novelty.minhash proposes the known questions that a candidate is compared with: "
        "some that are near are missed, and it takes more time and memory (docs/performance.md); "
        "filters.novelty.minhash=null finds them all"
    ]


def _remedy(found: dict[str, Any]) -> str:
    limit = found["remedy"]
    if limit is None:
        return "no limit up to 0.9 brings that to 5 %"
    there = _share(found, {"rejected": found["at"][str(limit)]})
    return f"set filters.contamination.rouge_l={limit}, which drops {there}"


def _is_too_much(found: dict[str, Any], rule: dict[str, Any]) -> bool:
    return bool(rule["rejected"] > BEARABLE * found["rows"])


def _share(found: dict[str, Any], of: dict[str, Any]) -> str:
    return f"{of['rejected'] / found['rows']:.0%}"
