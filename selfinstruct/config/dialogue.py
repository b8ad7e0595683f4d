"""The knobs of the recipe `dialogue`: which conversations are asked for, and how they are read."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from selfinstruct.config.section import Drawn, Section
from selfinstruct.types import Sampling


class TurnsConfig(Section):
    """How long a conversation is, in turns of both speakers, the last answer included."""

    least: Annotated[int, Field(ge=2)] = 4
    """The fewest. The user begins and the assistant ends, so that their number is even."""
    most: Annotated[int, Field(ge=2)] = 12
    """The most; a conversation is asked for with a number drawn between the two."""

    @model_validator(mode="after")
    def _there_is_such_a_conversation(self) -> Self:
        """An even number lies between `least` and `most`."""
        if self.least + self.least % 2 > self.most:
            raise ValueError(
                f"no even number of turns lies in {self.least}..{self.most}; a conversation begins"
                " with the user and ends with the assistant"
            )
        return self


class SpeakersConfig(Section):
    """What the two are called, in any language; the first name of each is shown to the teacher, the
    others are understood as well. Case does not count.
    """

    user: tuple[str, ...] = ("User", "Customer", "Client", "Caller", "Human")
    """Names of who asks."""
    assistant: tuple[str, ...] = (
        *("Assistant", "Agent", "Support agent", "Support", "Customer support"),
        *("Customer service", "Customer service representative", "Representative"),
        *("AI", "AI assistant", "Chatbot", "Bot"),
    )
    """Names of who answers."""

    @model_validator(mode="after")
    def _two_speakers_can_be_told_apart(self) -> Self:
        """`user` and `assistant` each have a name with a letter in it, and none in common."""
        for role, names in (("user", self.user), ("assistant", self.assistant)):
            if not names or not all(any(map(str.isalnum, name)) for name in names):
                raise ValueError(f"speakers.{role} needs a name, and each name a letter")
        both = {name.casefold() for name in self.user} & {
            name.casefold() for name in self.assistant
        }
        if both:
            raise ValueError(f"{', '.join(sorted(both))} cannot be both user and assistant")
        return self


class DialogueConfig(Section):
    """Conversations of several turns (recipe `dialogue`): one for each meeting of a scenario, a
    persona and an outcome, all of them in turn.
    """

    scenarios: tuple[str, ...] = ()
    """What they are about; by default the labels of the seeds, where there are any. A scenario that
    is a label gives its conversations that label.
    """
    personas: tuple[str, ...] = ()
    """Who the user of a conversation is, in words that follow "is": "in a hurry", "a customer of
    ten years". They meet every scenario and outcome; `generate.personas` take their place, and so
    may not be given beside them.
    """
    outcomes: tuple[str, ...] = ()
    """How it ends, in a sentence without its full stop: "the money is paid back"."""
    turns: TurnsConfig = TurnsConfig()
    """A conversation with fewer or more is dropped as too_few_turns or too_many_turns."""
    mode: Literal["whole", "turn_by_turn"] = "whole"
    """The teacher writes a conversation in one answer, or the turns of user and assistant one by
    one, each in its role: closer to how a student is used, for as many calls as there are turns.
    """
    whole: Drawn = Sampling(temperature=0.9, top_p=0.95, max_tokens=768)
    """Sampling for a conversation in one answer; turns use `question` and `answer`."""
    speakers: SpeakersConfig = SpeakersConfig()
    """How the teacher marks who speaks."""
