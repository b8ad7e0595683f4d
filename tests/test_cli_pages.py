from tests.command import run


def test_help_says_that_nothing_is_written_and_ends_with_what_to_type() -> None:
    done = run("ui", "--help")
    assert done.returncode == 0
    assert "Read-only" in done.stdout and "selfinstruct ui runs/quickstart" in done.stdout
