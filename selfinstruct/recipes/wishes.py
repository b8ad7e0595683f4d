"""The wishes by which known rows are rewritten, each with one rewriting that shows what is meant.

Without an example a model of 135M parameters talks about the task until it is cut short in 12 of 32
answers, with one in 4 (docs/experiments.md); what it writes is poor either way.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked, and a text before and after it was done."""

    words: str
    before: str
    after: str


DEPTH = (
    Wish(
        "Add one more constraint or requirement to it.",
        "Suggest three names for a bakery.",
        "Suggest three names for a bakery, of two words at most and without the word bread.",
    ),
    Wish(
        "Make it go further into its subject.",
        "Why do leaves change colour in autumn?",
        "Why do leaves change colour in autumn, and why do some trees turn red and others yellow?",
    ),
    Wish(
        "Replace what is general in it by something more specific.",
        "Give a tip for saving energy at home.",
        "Give a tip for saving hot water in a shared flat that has one small boiler.",
    ),
    Wish(
        "Change it so that it takes several steps of reasoning.",
        "A train leaves at 9:10 and arrives at 11:05. How long does it take?",
        "A train leaves at 9:10 and takes 115 minutes. From the station a bus goes every half hour,"
        " on the hour. When does the first bus go that I can catch?",
    ),
    Wish(
        "Add something to work on: data, a table, code or a short text.",
        "Work out an average.",
        "Work out the average rainfall of these days.\n\nMonday: 4 mm\nTuesday: 0 mm\n"
        "Wednesday: 11 mm",
    ),
)
"""What makes a task harder (WizardLM, arXiv 2304.12244, section 3.2)."""

BREADTH = Wish(
    "Think of another one of the same field, about as long and as hard, but rarer.",
    "Write a short poem about the sea.",
    "Write a short poem about a lighthouse that has been switched off.",
)

LATE_PARCEL = "late parcel"
"""What the messages below are about."""
MESSIER = (
    Wish(
        "Say it again with a detail that a real person would mention: a date, an amount.",
        "My parcel has not come yet.",
        "My parcel was due on Tuesday 4 June and has not come yet.",
    ),
    Wish(
        "Say it again in as few words as people really type.",
        "Hello, I would like to know why my parcel has not been delivered yet.",
        "why is parcel still not here",
    ),
    Wish(
        "Say it again without naming the matter outright.",
        "My parcel has not come yet.",
        "I stayed at home for the third day and nobody rang the bell.",
    ),
    Wish(
        "Say it again as somebody would who is upset or in a hurry.",
        "Could you tell me why my parcel has not come yet?",
        "Where is my parcel?? I needed it YESTERDAY",
    ),
    Wish(
        "Say it again and mention another small matter by the way.",
        "My parcel has not come yet.",
        "My parcel has not come yet. And by the way, the link in your mail is broken.",
    ),
)
"""What may become of a message without becoming one of another label."""
