"""Every knob and every default, one section a stage; `load` reads a file of them."""

from selfinstruct.config.aiming import AimConfig, RequestConfig
from selfinstruct.config.asking import (
    ContaminationConfig,
    DemosConfig,
    FiltersConfig,
    GenerateConfig,
    HeuristicsConfig,
    MemorisationConfig,
    ModelConfig,
    NoveltyConfig,
    RecordsConfig,
    SeedsConfig,
    TaskConfig,
)
from selfinstruct.config.dialogue import DialogueConfig, SpeakersConfig, TurnsConfig
from selfinstruct.config.filtering import (
    ContradictionConfig,
    ExecutableConfig,
    FormatConfig,
    LanguageConfig,
    LengthConfig,
    ScriptConfig,
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
from selfinstruct.config.load import Config, load_config, load_prices, parse_config
from selfinstruct.config.privacy import PrivacyConfig

__all__ = [
    "AimConfig",
    "BudgetConfig",
    "Config",
    "ContaminationConfig",
    "ContradictionConfig",
    "DemosConfig",
    "DialogueConfig",
    "EvaluateConfig",
    "ExecutableConfig",
    "FiltersConfig",
    "FormatConfig",
    "GateConfig",
    "GenerateConfig",
    "GuardConfig",
    "HeuristicsConfig",
    "JudgeConfig",
    "LanguageConfig",
    "LengthConfig",
    "MemorisationConfig",
    "MixtureConfig",
    "ModelConfig",
    "NoveltyConfig",
    "PriceConfig",
    "PrivacyConfig",
    "RecordsConfig",
    "RequestConfig",
    "RoundsConfig",
    "ScriptConfig",
    "SeedsConfig",
    "SpeakersConfig",
    "StudentConfig",
    "TaskConfig",
    "TurnsConfig",
    "WatchConfig",
    "load_config",
    "load_prices",
    "parse_config",
]
