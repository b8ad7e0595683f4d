"""What a plan says of a round's aims and prompts, for programs and for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.aiming.goals import goals
from selfinstruct.config import GenerateConfig


def aims(cfg: GenerateConfig) -> dict[str, Any]:
    """What a round will aim at: counts of accepted rows, who writes, and what shifts."""
    return {
        "quotas": cfg.quotas,
        "requests": [each.model_dump() for each in cfg.requests],
        "rest": goals(cfg)["", None].count,
        "balance": cfg.balance,
        "personas": list(cfg.personas),
        "styles": list(cfg.styles),
        "focus": cfg.focus,
        "adapt": cfg.adapt,
    }


def tell_aims(aim: dict[str, Any]) -> dict[str, str]:
    """The same for people: a name and a line for each, and nothing of what is not set."""
    facts = {}
    if aim["quotas"]:
        told = ", ".join(f"{label} {n}" for label, n in aim["quotas"].items())
        facts["quotas"] = f"{told} accepted rows a round"
    if aim["requests"]:
        facts["requests"] = "; ".join(
            f"{each['count']} rows"
            + (f" of {each['label']}" if each["label"] is not None else "")
            + f": {each['ask']}"
            for each in aim["requests"]
        )
    if facts:
        facts["the rest"] = f"{aim['rest']} rows"
    grid = [f"{len(aim[name])} {name}" for name in ("personas", "styles") if aim[name]]
    if grid:
        facts["written by"] = f"{' x '.join(grid)}, each cell as often"
    if aim["focus"]:
        facts["focus"] = "labels on which the champion is weak on dev, once it has been scored"
    if aim["adapt"] is not None:
        facts["adapts"] = (
            "prompts shift to what is kept; each recipe and label keeps at least "
            f"{aim['adapt']:.0%} of its own"
        )
    return facts


def tell_recipes(weights: Mapping[str, float]) -> str:
    """The recipes of a run, with their shares where there are several."""
    if len(weights) == 1:
        return f"recipe {next(iter(weights))}"
    return f"recipes {', '.join(f'{name} {share:.0%}' for name, share in weights.items())}"


def tell_prompts(prompts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The prompts of a run that are not the shipped ones, and those that share a recipe."""
    own = [each for each in prompts if each["origin"] != "shipped" and each["weight"] is None]
    arms = [each for each in prompts if each["weight"] is not None]
    facts = {}
    if own:
        facts["own prompts"] = ", ".join(each["told"] for each in own)
    if arms:
        total = sum(each["weight"] for each in arms)
        facts["arms"] = ", ".join(f"{each['told']} {each['weight'] / total:.0%}" for each in arms)
    return facts
