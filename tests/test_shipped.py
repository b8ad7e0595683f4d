import pytest

from selfinstruct.shipped import shipped


@pytest.mark.parametrize(
    ("kind", "name"), [("configs", "quickstart.yaml"), ("seeds", "general.jsonl")]
)
def test_what_ships_is_there(kind: str, name: str) -> None:
    assert shipped(kind, name).read_text(encoding="utf-8")  # type: ignore[arg-type]
