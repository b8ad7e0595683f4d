"""Every setting as people look it up: what it takes, what it is for, what a change of it costs.

All of it is read from the sections in `config`, so that nothing is written down twice.
"""

from selfinstruct.manual.changed import Given, settings_of
from selfinstruct.manual.find import find, named
from selfinstruct.manual.page import settings_page
from selfinstruct.manual.walk import Group, Knob, groups

__all__ = ["Given", "Group", "Knob", "find", "groups", "named", "settings_of", "settings_page"]
