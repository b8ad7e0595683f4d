"""A project's prompts: what overrides what, versions, labels, and what a name means."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError, UserError
from selfinstruct.prompting import shipped
from selfinstruct.registry import Registry, read_ref, unused
from selfinstruct.registry.journal import journal_of
from selfinstruct.wording import FORMS
from tests.own_prompts import QUESTION, question, write

NAME = f"{QUESTION}.j2"
ME = ("me", "2026-11-30T00:00:00Z")


def commit(folder: Path, words: str) -> tuple[int, bool]:
    write(folder, QUESTION, question(words))
    return Registry(folder).commit(NAME, words, *ME)


def choose(folder: Path, text: str) -> tuple[str, str, int | None]:
    chosen = Registry(folder).choose(read_ref(text))
    return chosen.name, chosen.origin, chosen.number


def test_a_file_stands_in_the_place_of_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    assert choose(tmp_path, QUESTION) == (f"{QUESTION}@shipped", "shipped", None)
    write(tmp_path, QUESTION, question("Say"))
    name, origin, number = choose(tmp_path, QUESTION)
    chosen = Registry(tmp_path).choose(read_ref(QUESTION))
    assert (name, origin, number) == (f"{QUESTION}@{chosen.template.version}", "folder", None)
    assert choose(tmp_path, f"{QUESTION}@shipped") == (f"{QUESTION}@shipped", "shipped", None)


def test_a_snippet_of_ones_own_changes_all_that_include_it(tmp_path: Path) -> None:
    write(tmp_path, "aim", "Mine.\n")
    name, origin, _ = choose(tmp_path, QUESTION)
    assert (name != f"{QUESTION}@shipped", origin) == (True, "folder")
    assert choose(tmp_path, "label_first/answer")[1] == "shipped"


def test_versions_count_up_and_an_unchanged_prompt_keeps_its_number(tmp_path: Path) -> None:
    assert [commit(tmp_path, words) for words in ("A", "B", "B", "A", "C")] == [
        *((1, True), (2, True), (2, False), (1, False), (3, True))
    ]
    assert choose(tmp_path, QUESTION) == (f"{QUESTION}@3", "folder", 3)
    second = Registry(tmp_path).choose(read_ref(f"{QUESTION}@2"))
    assert "B {{ order.label }}" in second.template.sources[NAME].text
    assert choose(tmp_path, f"{QUESTION}@{second.template.version}")[2] == 2
    write(tmp_path, "aim", "Mine.\n")
    write(tmp_path, QUESTION, '{% include "aim.j2" %}' + question("C"))
    assert Registry(tmp_path).commit(NAME, "aim", *ME) == (4, True)
    write(tmp_path, "aim", "Other.\n")
    assert Registry(tmp_path).commit(NAME, "aim again", *ME) == (5, True)


def test_a_label_moves_and_its_history_stays(tmp_path: Path) -> None:
    commit(tmp_path, "A")
    commit(tmp_path, "B")
    registry = Registry(tmp_path)
    for at, before in (("2", None), ("1", 2)):
        move = registry.move(read_ref(f"{QUESTION}@{at}"), "production", "why", *ME)
        assert move is not None
        assert move.before == before
    assert registry.move(read_ref(f"{QUESTION}@1"), "production", "", *ME) is None
    assert registry.labels(NAME) == {"production": 1}
    assert choose(tmp_path, f"{QUESTION}@production") == (f"{QUESTION}@1", "registry", 1)
    assert [entry.kind for entry in registry.entries(NAME)] == ["version"] * 2 + ["label"] * 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{QUESTION}@producton", f"did you mean {QUESTION}@production?"),
        (f"{QUESTION}@9", "has versions 1 to 1 and labels production"),
        (f"{QUESTION}@000000000000", "means nothing"),
        ("label_first/qestion", f"no prompt label_first/qestion; did you mean {QUESTION}?"),
        ("label_first/qestion@1", f"did you mean {QUESTION}?"),
        ("label_first/answer@1", "label_first/answer has no version yet"),
        ("label_first/answer@working", "nothing is in work"),
        ("mine@shipped", "no template mine.j2"),
    ],
)
def test_a_reference_that_means_nothing_says_what_there_is(
    tmp_path: Path, text: str, complaint: str
) -> None:
    commit(tmp_path, "A")
    Registry(tmp_path).move(read_ref(f"{QUESTION}@1"), "production", "", *ME)
    with pytest.raises(UserError) as raised:
        Registry(tmp_path).choose(read_ref(text))
    assert complaint in str(raised.value)


def test_what_is_shipped_cannot_be_committed_nor_labelled(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to commit"):
        Registry(tmp_path).commit(NAME, "", *ME)
    with pytest.raises(UserError, match="has no number"):
        Registry(tmp_path).move(read_ref(QUESTION), "production", "", *ME)


def test_a_file_with_a_fault_is_named_at_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, QUESTION, "\n{% call %}")
    with pytest.raises(UserError, match=f"{path}:2: "):
        Registry(tmp_path).commit(NAME, "", *ME)
    assert not (tmp_path / ".registry").exists()


def test_what_becomes_of_committed_files_is_noticed(tmp_path: Path) -> None:
    commit(tmp_path, "A")
    commit(tmp_path, "B")
    registry = Registry(tmp_path)
    assert registry.faults() == []
    journal = journal_of(tmp_path, NAME)
    whole = journal.read_text(encoding="utf-8")
    journal.write_text(whole.split("\n")[0] + "\n", encoding="utf-8")
    assert "belongs to no version" in registry.faults()[0]
    journal.write_text(whole.replace('"me"', '"you"', 1), encoding="utf-8")
    assert "is not what was written" in registry.faults()[0]
    journal.write_text(whole, encoding="utf-8")
    source = Path(registry.choose(read_ref(f"{QUESTION}@1")).template.sources[NAME].file)
    source.unlink()
    assert "is gone" in registry.faults()[0]
    with pytest.raises(StoreError, match="is gone"):
        registry.choose(read_ref(f"{QUESTION}@1"))
    with pytest.raises(StoreError):  # a version that is gone is not taken for committed
        commit(tmp_path, "A")


def test_uses_are_found_through_other_snippets(tmp_path: Path) -> None:
    write(tmp_path, "tone", "Kindly.")
    write(tmp_path, "aim", '{% include "tone.j2" %}')
    found = dict(Registry(tmp_path).uses("tone.j2"))
    assert found["aim.j2"] is True
    assert found[NAME] is False
    assert dict(Registry(tmp_path).uses("aim.j2"))[NAME] is True
    with pytest.raises(UserError, match="did you mean tone"):
        Registry(tmp_path).uses("tune.j2")


def test_a_file_that_overrides_nothing_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "label_first/qestion", question("A"))
    write(tmp_path, "aim", "Mine.")
    assert unused(Registry(tmp_path), list(FORMS)) == ["label_first/qestion.j2"]
    write(tmp_path, "records/text", "{% if %}")  # it may be going to include it
    assert unused(Registry(tmp_path), list(FORMS)) == []


def test_versions_outlive_their_file(tmp_path: Path) -> None:
    commit(tmp_path, "A")
    (tmp_path / NAME).unlink()
    assert choose(tmp_path, f"{QUESTION}@1") == (f"{QUESTION}@1", "registry", 1)
    again = Registry(tmp_path).choose(read_ref(QUESTION)).template
    assert again.version == shipped(NAME).version


def commit_own(arguments: tuple[str, str]) -> int:
    folder, words = arguments
    name = f"{words}/question"
    write(Path(folder), name, question(words))
    own = Registry(Path(folder)).commit(f"{name}.j2", words, *ME)
    return own[0]


def commit_same(folder: str) -> tuple[int, bool]:
    return Registry(Path(folder)).commit(NAME, "same", *ME)


def test_two_that_commit_at_once_get_one_version(tmp_path: Path) -> None:
    write(tmp_path, QUESTION, question("A"))
    with ProcessPoolExecutor(3) as pool:
        found = list(pool.map(commit_same, [str(tmp_path)] * 6))
    assert sorted(found) == [(1, False)] * 5 + [(1, True)]
    with ProcessPoolExecutor(3) as pool:
        numbers = list(pool.map(commit_own, [(str(tmp_path), words) for words in "bcd"]))
    assert numbers == [1, 1, 1]
    assert Registry(tmp_path).faults() == []
