import pytest
import yaml

from selfinstruct.disk.edit import set_value
from selfinstruct.errors import UserError

SHARE = ("mixture", "synthetic_share")

COMMENTED = """# selfinstruct run a.yaml
name: a # the name

mixture: # how much
  unit: rows
  synthetic_share: 0.5 # half

rounds: {max: 3}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (COMMENTED, COMMENTED.replace("0.5 # half", "0.25 # half")),
        ("mixture:\n  unit: rows\n", "mixture:\n  synthetic_share: 0.25\n  unit: rows\n"),
        ("mixture: {unit: rows} # x\n", "mixture: {synthetic_share: 0.25, unit: rows} # x\n"),
        ('{"name": "a"}\n', '{mixture: {synthetic_share: 0.25}, "name": "a"}\n'),
        ("mixture: {}\n", "mixture: {synthetic_share: 0.25}\n"),
        ("name: a\n", "name: a\n\nmixture:\n  synthetic_share: 0.25\n"),
        ("", "mixture:\n  synthetic_share: 0.25\n"),
        ("# only a comment\n", "# only a comment\nmixture:\n  synthetic_share: 0.25\n"),
        ('mixture:\n    synthetic_share: "0.5"\n', "mixture:\n    synthetic_share: 0.25\n"),
    ],
)
def test_one_value_changes_and_nothing_else(before: str, after: str) -> None:
    assert set_value(before, SHARE, "0.25") == after
    told = yaml.safe_load(before) or {}
    expected = {**told, "mixture": {**told.get("mixture", {}), "synthetic_share": 0.25}}
    assert yaml.safe_load(after) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mixture: 3\n", "mixture is one value, not a section"),
        ("mixture: {synthetic_share: [1]}\n", "holds a list"),
    ],
)
def test_what_is_no_section_is_refused(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        set_value(text, SHARE, "0.25")
