"""The text of a table in, its numbered rows out: CSV with a header, whatever parts the cells.

What parts the cells is what parts the header: the one of `,` `;` tab and `|` that makes most names
of it. A record of another width is a fault, so that a wrong one is seen at once.
"""

import csv
from collections.abc import Iterator, Sequence

from selfinstruct.errors import UserError
from selfinstruct.seeds.shapes import Row, RowError

SEPARATORS = (",", ";", "\t", "|")
SPOKEN = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}
STEPS = {
    "field limit": "shorten that cell; the closing quote of one before it may be missing",
    "new-line character": "end lines in LF or CR LF, for example: tr '\\r' '\\n' < OLD > NEW",
    "": 'put a cell with quotes, commas or newlines in "...", its own quotes as ""',
}

Line = tuple[int, Row | RowError]
"""The line a row starts on (in `datasets`: its place), from 1, and the row or why it is none."""


def separator_of(text: str) -> str:
    """What parts the cells of a table: Excel's own line `sep=;` says it, otherwise the header."""
    first, _, _ = text.partition("\n")
    stated = first.strip().removeprefix("sep=")
    if stated != first.strip() and stated in SEPARATORS:
        return stated
    return max(SEPARATORS, key=lambda each: _width(text, each))


def table_rows(text: str, name: str, separator: str) -> Iterator[Line]:
    """The records below the header, each with the line it starts on; broken quoting is fatal, since
    where the next record starts is then a guess.

    Empty cells beyond the header, as Excel leaves them, are no cells.
    """
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells) or _states_separator(cells, number):
                continue
            if not header:
                header = _header(cells, f"{name}:{number}")
                continue
            while len(cells) > len(header) and not cells[-1].strip():
                cells.pop()
            if [cell.strip() for cell in cells] == header:
                yield number, RowError("the header again, as where two files were put together")
            elif len(cells) != len(header):
                yield number, RowError(f"cells: {len(cells)}, where the header has {len(header)}")
            else:
                yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        steps = (step for words, step in STEPS.items() if words in str(error))
        raise UserError(f"{name}:{start}: {error}", next_step=next(steps)) from None


def _lines(text: str) -> Iterator[str]:
    # Never splitlines(): it also cuts at U+2028 and U+0085, inside a cell.
    return (f"{line}\n" for line in text.split("\n"))


def _width(text: str, separator: str) -> int:
    """How many cells the first record has, 0 where it cannot be read."""
    try:
        records = csv.reader(_lines(text), delimiter=separator, strict=True)
        return next((len(cells) for cells in records if any(cell.strip() for cell in cells)), 0)
    except csv.Error:
        return 0


def _states_separator(cells: Sequence[str], number: int) -> bool:
    """`sep=;`, which its own separator cuts in two."""
    return number == 1 and cells[0].strip() == "sep=" and not any(map(str.strip, cells[1:]))


def _header(cells: Sequence[str], where: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise UserError(f"{where}: column {twice[0]!r} twice", next_step="rename one of them")
    return header
