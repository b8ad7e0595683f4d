"""What a plan says of filters beside their own control: what they would drop of the real rows."""

from collections.abc import Callable
from typing import Any

from selfinstruct.config import Config, EmbeddingConfig
from selfinstruct.filters.embedding import Encoder, count_same, open_encoder
from selfinstruct.filters.false_alarms import count_false_alarms
from selfinstruct.progress import OnProgress, Progress, silent
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


def warn_of_same_meanings(
    cfg: Config,
    data: RealData,
    encoder: Callable[[EmbeddingConfig], Encoder] = open_encoder,
    on_progress: OnProgress = silent,
) -> list[str]:
    """That the embedding model takes too many real rows for each other; nothing where there is
    none. It is opened for that, which takes seconds.
    """
    embedding = cfg.filters.novelty.embedding
    texts = list(dict.fromkeys(map(whole_question, data.train)))
    if embedding is None or not texts:
        return []
    on_progress(Progress(0, "meanings", note=f"{len(texts)} questions through {embedding.model}"))
    same = count_same(texts, encoder(embedding), embedding.threshold)
    if same <= BEARABLE * len(texts):
        return []
    return [
        f"filters.novelty.embedding drops what has a cosine above {embedding.threshold} with a "
        f"known text, as {same} of {len(texts)} real train questions have with each other; raise "
        "the threshold, or name another model"
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
