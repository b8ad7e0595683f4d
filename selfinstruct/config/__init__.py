"""Every knob and every default, one section a stage; `load` reads a file of them."""

from selfinstruct.config.asking import (
    ContaminationConfig,
    DemosConfig,
    FiltersConfig,
    GenerateConfig,
    HeuristicsConfig,
    ModelConfig,
    NoveltyConfig,
    SeedsConfig,
    TaskConfig,
)
from selfinstruct.config.judging import (
    BudgetConfig,
    EvaluateConfig,
    GateConfig,
    GuardConfig,
    JudgeConfig,
    MixtureConfig,
    PriceConfig,
    RoundsConfig,
    StudentConfig,
    WatchConfig,
)
from selfinstruct.config.load import Config, load_config, load_prices, override, parse_config

__all__ = [
    "BudgetConfig",
    "Config",
    "ContaminationConfig",
    "DemosConfig",
    "EvaluateConfig",
    "FiltersConfig",
    "GateConfig",
    "GenerateConfig",
    "GuardConfig",
    "HeuristicsConfig",
    "JudgeConfig",
    "MixtureConfig",
    "ModelConfig",
    "NoveltyConfig",
    "PriceConfig",
    "RoundsConfig",
    "SeedsConfig",
    "StudentConfig",
    "TaskConfig",
    "WatchConfig",
    "load_config",
    "load_prices",
    "override",
    "parse_config",
]
