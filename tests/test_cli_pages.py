import pytest

from tests.command import run


@pytest.mark.parametrize(
    ("verb", "told"), [("review", "--fraction"), ("ui", "Read-only")]
)
def test_help_ends_with_what_to_type(verb: str, told: str) -> None:
    done = run(verb, "--help")
    assert done.returncode == 0
    assert told in done.stdout and f"selfinstruct {verb}" in done.stdout
