import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.seeds.formats import MAX_BYTES, resolve
from selfinstruct.seeds.read import read_examples
from tests.seed_files import GOOD, fault, line, read, rest, words


@pytest.mark.parametrize("name", ["seeds.json", "seeds.jsonl"])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_alpaca_array_is_read_with_the_lines_of_its_rows(
    tmp_path: Path, name: str, indent: int | None
) -> None:
    rows = [{"instruction": f"Add {n}.", "input": "1", "output": str(n + 1)} for n in range(3)]
    examples = read(tmp_path, " \n" + json.dumps(rows, indent=indent), name).examples
    assert [words(example) for example in examples] == [
        ("Add 0.", "1", "1"),
        ("Add 1.", "1", "2"),
        ("Add 2.", "1", "3"),
    ]
    lines = [2, 2, 2] if indent is None else [3, 8, 13]
    assert [example.source for example in examples] == [f"{name}:{number}" for number in lines]


def test_json_lines_may_be_named_json(tmp_path: Path) -> None:
    assert words(read(tmp_path, line(GOOD), "seeds.json").examples[0])[2] == "Pear."


def test_csv_keeps_quotes_commas_newlines_and_physical_lines(tmp_path: Path) -> None:
    text = 'text,category\r\n"one, ""two""\nthree",a\r\n\r\n ,\r\nplain\u2028text,b\r\n'
    examples = read(
        tmp_path,
        text,
        "seeds.csv",
        columns={"input": "text", "label": "category"},
        instruction="Name the intent.\n",
    ).examples
    assert [(e.instruction, e.input, e.label, e.source) for e in examples] == [
        ("Name the intent.", 'one, "two"\nthree', "a", "seeds.csv:2"),
        ("Name the intent.", "plain\u2028text", "b", "seeds.csv:6"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + line(GOOD).encode(),
        line(GOOD).replace("\n", "\r\n").encode(),
        b"\n  \n" + line(GOOD).encode() + b"\t\n\n",
        line(GOOD).rstrip("\n").encode(),
        (b"\xef\xbb\xbf" + line(GOOD).encode()) * 2,
    ],
    ids=["byte-order-mark", "crlf", "blank-lines", "no-last-newline", "joined-files"],
)
def test_files_of_other_editors_read_the_same(tmp_path: Path, data: bytes) -> None:
    result = read(tmp_path, data)
    assert [words(example) for example in result.examples] == [("Name a fruit.", "", "Pear.")]
    assert result.skipped == 0


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\u200b", "\u202e"])
def test_unicode_separators_and_format_characters_stay_in_the_text(
    tmp_path: Path, separator: str
) -> None:
    row = {"instruction": f"a{separator}b", "response": "c"}
    assert read(tmp_path, line(row)).examples[0].instruction == f"a{separator}b"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"instruction": "a", }\n', "not JSON: "),
        ('{"instruction": "a"\n', "not JSON: "),
        ("plain words\n", "not JSON: Expecting value at column 1"),
        ('"text"\n', "text where an object belongs"),
        ("17\n", "a number where an object belongs"),
        ("{\n", "an object over several lines"),
        (line(GOOD).rstrip() + line(GOOD), "not JSON: Extra data"),
        (line(GOOD).rstrip() + ",\n", "not JSON: Extra data"),
        (line(GOOD).replace("\n", "\r") * 2, "not JSON: Extra data"),
        (rest('"response": ', '"b", "\\ud800": 1, "\\ud800": 2'), "key '\\ud800' twice"),
        (rest('"response": "b", "x": ', "NaN"), "'NaN' is no number"),
        (rest('"response": "b", "x": ', "-Infinity"), "'-Infinity' is no number"),
        (rest('"response": "b", "x": ', "1e400"), "'1e400' is no number"),
        (rest('"response": "b", "x": ', "9" * 5000), "a number of 5,000 digits"),
        (rest('"response": "b", "x": ', "[" * 200_000), "nested too deeply"),
        (rest('"response": "b", ', '"response": "c"'), "key 'response' twice"),
        (rest('"response": ', '"a\x00b"'), "not JSON: Invalid control character at column"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_line_that_is_no_row_is_named_by_line_and_reason(
    tmp_path: Path, bad: str, reason: str
) -> None:
    content = line(GOOD) + "\n" + bad
    message = fault(tmp_path, content)
    assert f"\nseeds.jsonl:3: {reason}" in message
    skipped = read(tmp_path, content, skip_bad=True)
    assert (len(skipped.examples), skipped.skipped) == (1, 1)
    assert reason in skipped.faults[0]


def test_latin_1_lines_are_named_and_may_be_skipped(tmp_path: Path) -> None:
    data = line(GOOD).encode() + '{"instruction": "né", "response": "b"}\n'.encode("latin-1")
    assert "seeds.jsonl:2: not UTF-8: byte 0xe9 at column 19" in fault(tmp_path, data)
    assert read(tmp_path, data, skip_bad=True).skipped == 1


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jsonl", line(GOOD).encode("utf-16"), "a.jsonl:1: UTF-16"),
        ("a.jsonl", line(GOOD).encode("utf-16-le"), "a.jsonl:1: UTF-16"),
        ("a.csv", "instruction,label\na,b\n".encode("utf-16-be"), "a.csv:1: UTF-16"),
        ("a.csv", "instruction,label\nné,b\n".encode("latin-1"), "a.csv:2: not UTF-8: byte 0xe9"),
        ("a.json", '[\n{"a": "é"}]'.encode("latin-1"), "a.json:2: not UTF-8: byte 0xe9 at col"),
        ("a.json", "[" * 200_000, "a.json:1: nested too deeply"),
        ("a.json", '[{"a": 1},\n]', "a.json:"),
        ("a.json", '[{"a": 1}\n{"a": 2}]', "a.json:2: not JSON: Expecting ',' or ']' at column 1"),
        ("a.json", '[{"a": 1},\n{"a": 2}', "a.json:2: not JSON: Expecting ',' or ']'"),
        ("a.json", '[{"a": 1},\n{"a": 2, "a": 3}]', "a.json:2: key 'a' twice"),
        ("a.json", '[{"a":\n\n nope}]', "a.json:3: not JSON: Expecting value at column 2"),
        ("a.json", "[]\n\n[]", "a.json:3: more text after the array"),
        ("a.csv", 'instruction,label\na,b\n"c,d\ne,f\n', "a.csv:3: unexpected end of data"),
        ("a.csv", 'instruction,label\n"c"d,e\n', "a.csv:2: ',' expected after '\"'"),
        ("a.csv", "instruction;label\nc;d\n", "a.csv:1: no comma in 'instruction;label'"),
        ("a.csv", "label,instruction,label\nc,d,e\n", "a.csv:1: column 'label' twice"),
        ("a.csv", "instruction,label\rc,d\r", "a.csv:1: new-line character seen in unquoted"),
        ("a.csv", f"instruction,label\n{'c' * 200_000},d\n", "a.csv:2: field larger than field"),
        ("a.jsonl", line(GOOD).encode("utf-32"), "a.jsonl:1: UTF-16, UTF-32"),
        ("a.jsonl", line(GOOD).encode("utf-32-be"), "a.jsonl:1: UTF-16, UTF-32"),
        ("a.jsonl", b"\0" * 100, "a.jsonl:1: UTF-16, UTF-32 or no text at all"),
        ("a.json", '[{"a": 1},]', "a.json:1: not JSON: Expecting value at column 11"),
        ("a.json", '[{"a": ' + "9" * 5000 + "}]", "a.json:1: a number of 5,000 digits"),
        ("a.json", '[{"a": 1e999}]', "a.json:1: '1e999' is no number"),
        ("a.json", '[{"a": "\0"}]', "a.json:1: not JSON: Invalid control character"),
    ],
)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_file_broken_as_a_whole_cannot_be_skipped(
    tmp_path: Path, name: str, data: str | bytes, reason: str, skip_bad: bool
) -> None:
    assert fault(tmp_path, data, name, skip_bad=skip_bad).startswith(reason)


def test_csv_rows_of_another_width_are_faults(tmp_path: Path) -> None:
    content = 'instruction,response\n"a\nb",c\nd,e,f\ng\n'
    message = fault(tmp_path, content, "a.csv")
    assert "a.csv:4: cells: 3, where the header has 2\na.csv:5: cells: 1, where the" in message
    assert len(read(tmp_path, content, "a.csv", skip_bad=True).examples) == 1


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("a\0b", "holds a NUL (U+0000)"), ("a\x1b[2Jb", "holds a control character (U+001B)")],
)
def test_what_nobody_types_is_named_in_a_csv_too(tmp_path: Path, cell: str, reason: str) -> None:
    content = f"instruction,response\nc,d\n{cell},e\n"
    assert f"a.csv:3: instruction {reason}" in fault(tmp_path, content, "a.csv")
    assert len(read(tmp_path, content, "a.csv", skip_bad=True).examples) == 1


def test_what_utf_8_forbids_is_a_fault_of_its_line(tmp_path: Path) -> None:
    for bad in (b"\xed\xa0\x80", b"\xc0\x80"):  # a surrogate, and NUL in two bytes
        data = line(GOOD).encode() + b'{"instruction": "a' + bad + b'", "response": "b"}\n'
        assert "seeds.jsonl:2: not UTF-8: byte" in fault(tmp_path, data)


def test_an_array_names_the_line_of_a_bad_element(tmp_path: Path) -> None:
    content = f"[\n{line(GOOD)},\n7,\n{line({'instruction': 'a'})}]"
    message = fault(tmp_path, content, "a.json")
    assert "a.json:4: a number where an object belongs\na.json:5: no response" in message


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_dangling(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def make_huge(path: Path) -> None:
    with path.open("wb") as handle:
        handle.truncate(MAX_BYTES + 1)  # sparse


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("a.jsonl", make_folder, "is a folder"),
        ("a.jsonl", os.mkfifo, "is not a regular file"),
        ("a.jsonl", make_loop, "Too many levels of symbolic links"),
        ("a.jsonl", make_dangling, "No such file"),
        ("a.jsonl", make_huge, "536,870,913 bytes"),
        ("a.txt", Path.touch, "has none of the endings .jsonl, .json, .csv"),
        ("a.jsonl.gz", Path.touch, "has none of the endings"),
    ],
    ids=["folder", "fifo", "loop", "dangling", "huge", "txt", "gz"],
)
def test_what_is_no_seed_file_is_not_opened(
    tmp_path: Path, name: str, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(UserError, match=reason):
        read_examples(SeedsConfig(path=name), tmp_path)


@pytest.mark.parametrize("path", ["gone.jsonl", "a\0b.jsonl", "x" * 300 + ".jsonl", "gone/a.csv"])
def test_a_missing_file_is_an_error_for_people(tmp_path: Path, path: str) -> None:
    with pytest.raises(UserError):
        read_examples(SeedsConfig(path=path), tmp_path)


def test_a_relative_path_starts_at_the_config_and_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, here = tmp_path / "config", tmp_path / "here"
    for folder in (config, here):
        folder.mkdir()
        (folder / "both.csv").touch()
    (here / "one.csv").touch()
    monkeypatch.chdir(here)
    assert resolve("both.csv", config).samefile(config / "both.csv")
    assert resolve("one.csv", config).samefile(here / "one.csv")
    assert resolve(str(here / "both.csv"), config).samefile(here / "both.csv")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two rows in every form that `datasets` has on disk; the second row has no label."""
    import datasets

    folder = tmp_path_factory.mktemp("hub")
    datasets.disable_progress_bars()
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    rows = datasets.Dataset.from_dict({"text": ["x", "y"], "label": [1, None]}, features=features)
    (folder / "folder").mkdir()
    (folder / "empty").mkdir()
    for name in ("rows.parquet", "folder/train.parquet", "folder/test.parquet"):
        rows.to_parquet(str(folder / name))
    rows.save_to_disk(str(folder / "saved"))
    datasets.DatasetDict({"a": rows, "b": rows}).save_to_disk(str(folder / "splits"))
    (folder / "broken.parquet").write_text("junk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        yield folder


def hub_config(name: str) -> SeedsConfig:
    return SeedsConfig(
        path=f"hf:{name}", columns={"input": "text"}, instruction="Sort.", skip_bad=True
    )


@pytest.mark.slow  # loads `datasets`
@pytest.mark.parametrize(
    "name",
    ["rows.parquet", "rows.parquet:train", "folder", "folder:test", "saved", "splits:b"],
)
def test_datasets_on_disk_are_read(hub: Path, name: str) -> None:
    result = read_examples(hub_config(name), hub)
    assert [(e.input, e.label, e.source) for e in result.examples] == [
        ("x", "good", f"hf:{name}:1")
    ]
    assert result.faults == (f"hf:{name}:2: no response and no label",)


@pytest.mark.slow  # loads `datasets`
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("splits", "has no split 'train'"),
        ("splits:c", "has no split 'c'"),
        ("saved:train", "saved without splits"),
        ("folder:c", 'Unknown split "c"'),
        ("broken.parquet", "cannot load hf:broken.parquet"),
        ("empty", "doesn't contain any data files"),
        ("/no/such/folder", "cannot load hf:/no/such/folder"),
        ("", "names no dataset"),
    ],
)
def test_a_dataset_that_cannot_be_loaded_is_an_error_for_people(
    hub: Path, name: str, reason: str
) -> None:
    with pytest.raises(UserError, match=reason) as caught:
        read_examples(hub_config(name), hub)
    assert caught.value.next_step
