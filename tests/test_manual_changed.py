from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.manual.changed import settings_of

CONFIG = """\
seeds: &rows
  path: x.jsonl
# a comment
teacher:
  backend: llamacpp
  name: bundled
gate:
  alpha: 0.05
  min_gain: 0.03
generate: {accept: 7, question: {temperature: 0.5, top_p: 1.0, max_tokens: 9}}
filters:
  quality:
    label_agreement: {}
    rubric: {least: 3}
"""


def told(tmp_path: Path, text: str = CONFIG) -> dict[str, tuple[int | None, str, bool]]:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return {each.knob.name: (each.line, each.value, each.differs) for each in settings_of(path)}


def test_each_setting_of_a_file_has_its_line_its_value_and_whether_it_differs(
    tmp_path: Path,
) -> None:
    assert told(tmp_path) == {
        "seeds.path": (2, "x.jsonl", True),
        "teacher.backend": (5, "llamacpp", True),
        "teacher.name": (6, "bundled", True),
        "gate.alpha": (8, "0.05", False),
        "gate.min_gain": (9, "0.03", True),
        "generate.accept": (10, "7", True),
        "generate.question": (
            10,
            "{temperature: 0.5, top_p: 1.0, max_tokens: 9, stop: []}",
            True,
        ),
        "filters.quality.label_agreement": (13, "{}", True),
        "filters.quality.rubric.least": (14, "3", True),
    }


def test_they_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "teacher: {name: bundled, backend: llamacpp}\nseeds: {path: x}\nseed: 1\n"
    assert list(told(tmp_path, text))[-2:] == ["seeds.path", "seed"]


def test_what_another_setting_brings_along_is_not_the_files(tmp_path: Path) -> None:
    text = "seeds: {path: x}\nteacher: {backend: anthropic, name: m}\n"
    assert "teacher.base_url" not in told(tmp_path, text)


def test_a_setting_that_comes_by_an_anchor_is_the_files(tmp_path: Path) -> None:
    text = (
        "seeds: {path: x}\nteacher: &it {backend: llamacpp, name: bundled}\n"
        "judge: {model: {<<: *it, name: other.gguf}}\n"
    )
    assert told(tmp_path, text)["judge.model.backend"] == (3, "llamacpp", True)


def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"c\.yaml:8: unknown key gate\.alhpa; did you mean alpha"):
        told(tmp_path, CONFIG.replace("alpha: 0.05", "alhpa: 0.05"))
