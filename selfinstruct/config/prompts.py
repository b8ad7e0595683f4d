"""The knobs of what models are asked with."""

from selfinstruct.config.section import Section, operational


class PromptsConfig(Section):
    """Where a run's own prompts are. What they say is compared with what the run began with; where
    they are, and by which name they were found, may change.
    """

    folder: str | None = operational(None)
    """The folder of your own prompts; a relative path starts at the config's folder. `null`
    is `prompts` beside the config, if it is there.
    """
    use: dict[str, str | int] = operational({})
    """Prompt to the version it is used at, a number or a label, such as
    `label_first/question: production`. All others are as the folder holds them, or as shipped.
    """
