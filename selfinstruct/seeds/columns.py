"""Raw rows in, which column holds what out: a proposal, each part of it with its reason.

Goes by names that exports use and by what the cells hold, asks no model, and is read by people
before anything is done with it. A part that nothing speaks for is left out.
"""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from selfinstruct.seeds.shapes import Row, value_at

COMMAND = "try: selfinstruct init NEW --from {path}"
NAMES: Mapping[str, tuple[str, ...]] = {
    "response": (
        *("response", "output", "answer", "reply", "completion", "agentreply", "agentresponse"),
        *("agentanswer", "firstreply", "publicreply", "resolution", "solution", "antwort"),
        *("loesung", "lösung", "reponse", "réponse", "respuesta", "risposta", "回答", "返信"),
    ),
    "text": (
        *("text", "message", "body", "description", "question", "query", "prompt", "utterance"),
        *("comment", "content", "request", "instruction", "input", "customermessage", "ticket"),
        *("email", "review", "nachricht", "anfrage", "kundenanfrage", "frage", "beschreibung"),
        *("demande", "pregunta", "mensaje", "domanda", "質問", "本文", "subject", "betreff"),
    ),
    "label": (
        *("label", "intent", "category", "topic", "class", "target", "tag", "tags", "type"),
        *("queue", "reason", "issuetype", "kategorie", "thema", "categorie", "catégorie"),
        *("categoria", "カテゴリ", "sentiment", "priority"),
    ),
}
"""Names by which exports call a field, without case, blanks and signs, the likeliest first."""
OWN = frozenset({"instruction", "messages", "conversations", "instances"})
"""Keys of rows that are read as they are."""
MOST_LABELS = 200
ROWS_A_LABEL = 2
LABEL_LENGTH = 60
FILLED = 0.5
"""Share of the rows in which a column must hold something to be the text."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: cells that say something, how many different ones, and words a cell."""

    name: str
    rows: int
    filled: int
    distinct: int
    words: float
    longest: int
    lines: int

    @property
    def told(self) -> str:
        """The same for people."""
        return f"{self.filled} of {self.rows} filled, {self.words:.0f} words each"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Our field to a column, the reason of each; `instruction` is the one that all rows have, and
    `others` say what else may be a label.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    instruction: str = ""
    others: tuple[str, ...] = ()


def propose(rows: Sequence[Row]) -> Proposal:
    """What the columns of a file are. Nothing where the rows have a shape that is read as it is,
    unless all of them have one instruction and differ in their input.
    """
    found = {column.name: column for column in _columns(rows)}
    if OWN & found.keys() or any(OWN & row.keys() for row in rows):
        return _of_our_own(rows)
    columns: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for part, pick in (("response", _response), ("label", _label), ("text", _text)):
        chosen = pick([each for each in found.values() if each.name not in columns.values()])
        if chosen is not None:
            columns[part], reasons[part] = chosen
    if "text" not in columns:
        return Proposal()
    ours = "input" if "label" in columns else "instruction"
    order = {ours: "text", "label": "label", "response": "response"}
    taken = set(columns.values())
    return Proposal(
        {mine: columns[part] for mine, part in order.items() if part in columns},
        {mine: reasons[part] for mine, part in order.items() if part in columns},
        "",
        tuple(c.name for c in found.values() if c.name not in taken and _is_label(c)),
    )


def _of_our_own(rows: Sequence[Row]) -> Proposal:
    """One instruction for all rows names the task; what is asked is then the input."""
    counts = Counter(str(row.get("instruction") or "").strip() for row in rows)
    words, count = counts.most_common(1)[0]
    inputs = {str(row.get("input") or "").strip() for row in rows}
    labelled = any(row.get("label") for row in rows)
    if not words or count < len(rows) or labelled or "" in inputs or len(inputs) < len(rows) / 2:
        return Proposal()
    reason = f"all {len(rows)} rows have one instruction ({words!r}) and differ in their input"
    return Proposal({"instruction": "input"}, {"instruction": reason}, words)


def _columns(rows: Sequence[Row]) -> list[Column]:
    """Every column that holds text, those within objects as `a.b`."""
    names = dict.fromkeys(name for row in rows for name in _names(row))
    found = []
    for name in names:
        cells = [_cell(value_at(row, name)) for row in rows]
        texts = [cell for cell in cells if cell]
        if texts:
            found.append(_column(name, len(rows), texts))
    return found


def _names(row: Row) -> list[str]:
    return [
        name
        for key, value in row.items()
        if key
        for name in ([f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key])
    ]


def _cell(value: object) -> str:
    """A cell as text; a list or another value that no field takes is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _column(name: str, rows: int, texts: Sequence[str]) -> Column:
    return Column(
        name,
        rows,
        len(texts),
        len({" ".join(text.split()).casefold() for text in texts}),
        sum(len(text.split()) for text in texts) / len(texts),
        max(map(len, texts)),
        max(text.count("\n") for text in texts),
    )


def _rank(part: str, column: Column) -> int | None:
    """The place of a column's name among those of a part, None where it is not among them."""
    last = column.name.rpartition(".")[2]
    keys = [re.sub(r"[\W_]+", "", each).casefold() for each in (last, column.name)]
    ranks = [NAMES[part].index(key) for key in keys if key in NAMES[part]]
    if not ranks and "." in column.name:  # `intent.name`
        outer = re.sub(r"[\W_]+", "", column.name.partition(".")[0]).casefold()
        ranks = [len(NAMES[part]) + NAMES[part].index(outer)] if outer in NAMES[part] else []
    return min(ranks, default=None)


def _named(part: str, columns: Sequence[Column]) -> Column | None:
    ranked = [(rank, each) for each in columns if (rank := _rank(part, each)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


Pick = tuple[str, str]
"""A column and why."""


def _response(columns: Sequence[Column]) -> Pick | None:
    """By its name alone: which of two texts answers the other cannot be told from the words."""
    known = [each for each in columns if not _is_label(each) or each.words > 3]
    chosen = _named("response", known)
    return None if chosen is None else (chosen.name, f"named so; {chosen.told}")


def _label(columns: Sequence[Column]) -> Pick | None:
    """By its name, or as the only column of few different short cells."""
    able = [each for each in columns if _is_label(each)]
    chosen = _named("label", able)
    if chosen is not None:
        return chosen.name, f"named so; {chosen.distinct} different ones in {chosen.filled} rows"
    if len(able) == 1:
        return (
            able[0].name,
            f"the only column of few different short cells: {able[0].distinct} in "
            f"{able[0].filled} rows",
        )
    return None


def _text(columns: Sequence[Column]) -> Pick | None:
    """By its name, or as the column with the most words."""
    able = [each for each in columns if each.filled >= FILLED * each.rows and not _is_label(each)]
    chosen = _named("text", [each for each in able if each.words >= 2 or each.distinct > 1])
    if chosen is not None:
        return chosen.name, f"named so; {chosen.told}"
    wordy = max(able, key=lambda each: each.words, default=None)
    if wordy is None or wordy.words < 3:
        return None
    return wordy.name, f"the column with the most words: {wordy.told}"


def _is_label(column: Column) -> bool:
    """Whether cells are few, short and come again: a name for many rows."""
    few = 2 <= column.distinct <= min(MOST_LABELS, column.filled / ROWS_A_LABEL)
    return few and column.lines == 0 and column.longest <= LABEL_LENGTH and column.words <= 6


def as_setting(name: str, table: Mapping[str, str]) -> str:
    """A table as one `key.path=value` that can be pasted into a shell."""
    inside = ", ".join(
        f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in table.items()
    )
    return shlex.quote(f"{name}={{{inside}}}")
