"""Personal data in text: found by its form, and replaced by placeholders. Knows no names of people.

What is found has a form of its own (an address of mail, a number with a check digit) or stands
behind a word that says what it is. A name, a birthday or a story that only one person can tell has
neither, and stays.
"""

from selfinstruct.privacy.find import Finder, Span
from selfinstruct.privacy.placeholders import hide_in_messages, hide_in_row
from selfinstruct.privacy.survey import Survey, survey

__all__ = ["Finder", "Span", "Survey", "hide_in_messages", "hide_in_row", "survey"]
