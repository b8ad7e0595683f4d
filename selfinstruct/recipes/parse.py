"""A teacher's raw text in, the items it holds out: lists, single texts, instances, yes or no.

Written for what small models really send: any numbering, bullets, bold, quotes, code fences,
preambles, echoed roles, chatter at the end. Nothing here raises on any text, and nothing is
invented: every item is a piece of the text, white space aside. A number inside a text is never a
border; only the next number of a list, at the start of a line, is. Recognising preambles and
chatter is English only; in other languages they stay in the item, for the filters to judge.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NOUNS = "task|instruction|example|ticket|message|question|text|item|sample|variation"
_MARKER = re.compile(
    rf"""
    # Possessive (*+), or a line of twenty thousand blanks would take half a minute to be no marker.
    (?P<indent>\s*+) [*_\#>(\[]*+ \s*+
    (?P<noun>(?:{_NOUNS})\b\s*+\#?\s*+)?
    (?P<number>\d{{1,3}})(?!\d)
    (?: [*_]* [.)\]:、．）：]+ (?!\d) [*_]*   # "3." "3)" "**3.**" "Task 3:", never "3.5", "12:30"
      | \s+[-–—](?=\s)                       # "3 - "
      | (?(noun)[*_]*\s*$ | (?!))            # "Example 3" alone on its line
    )\s*
    """,  # noqa: RUF001 (the full-width marks that CJK lists use)
    re.VERBOSE | re.IGNORECASE,
)
_BULLET = re.compile(r"(?P<indent>\s*)[-*•‣▪–+]\s+(?=\S)")  # noqa: RUF001
_FENCE = re.compile(r"\s*(?:```|~~~)")
_LIST_GAP = 2  # a list may skip one number; a larger jump is a number inside an item

_META = "ticket|message|example|task|instruction|reply|response|version|sample|draft|variation"
_PREAMBLE = re.compile(
    rf"""\s*(?:
    (?:(?:sure|certainly|of\ course|absolutely|okay|ok|great|yes)\b[^\n:]{{0,60}}?[,.!]\s*)?
      (?:here(?:'s|’s|\ is|\ are)|below\ (?:is|are)|the\ following\ (?:is|are))\b
      (?!\ (?:my|our)\b)[^\n:]{{0,80}}\b(?:(?:{_META})s?\b[^\n:]{{0,60}}|one):
    | (?:sure|certainly|of\ course)\b(?:[!.]|[^\n:]{{0,80}}:)\s*(?=\n|$)
    )\s*""",  # noqa: RUF001
    re.VERBOSE | re.IGNORECASE,
)
_CHATTER = re.compile(
    rf"""\s*[(\[*_]*(?:
      (?:please\ )?let\ me\ know\ if\ (?:you(?:'d|\ would)?\ (?:need|want|like)|there)\b
        .*\b(?:more|further|another|other|else|changes?|adjust\w*|revis\w*|modif\w*)\b
    | feel\ free\ to\ (?:modify|adjust|customi[sz]e|use|change|edit|adapt|ask)\b
    | i\ hope\ (?:this|these|that|it)\ (?:helps?|meets?|works?|is\ helpful)\b
    | would\ you\ like\ me\ to\b
    | (?:these|the\ above)\ (?:{_META})s?\b
    | this\ (?:{_META})\ (?:is|shows|follows|uses|includes|covers|describes|provides|has\ been)\b
    | note(?:\ that\b|\s*:)
    )""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(
    r"""
    <\|/?[a-z][a-z0-9_]{0,40}\|>                      # ChatML, Llama 3, Phi, gpt-oss, Cohere
    | <\uff5c[^\uff5c<>\n]{1,40}\uff5c>                 # DeepSeek
    | <\|turn> | <turn\|> | </?(?:start|end)_of_turn>  # Gemma
    | </s> | ^[ \t]*<s> | <(?:bos|eos|pad|unk)>
    | \[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\] | <</?SYS>>  # Mistral
    | ^[ \t]*\#{2,}[ \t]*(?:system|user|assistant|human)\b:?
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_ROLE = re.compile(
    r"\s*(?:(?:system|user|assistant|human)\s*\n|(?:user|assistant|human)\s*:)\s*", re.IGNORECASE
)
_LABEL = re.compile(
    r"""\s*[*_]*(?:(?:an?|the|my|your)\ )?(?:new\ |another\ |customer'?s?\ )?
    (?: (?:ticket|message|example|reply|response|answer|text|input|output|customer)
      | (?:task|instruction)(?:\ is)? )  # "The answer is: 42" says it, and stays
    [*_]*\s*:[*_]*\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("«", "»"), ("„", "“"), ("「", "」"))  # noqa: RUF001
_YES_NO = re.compile(r"\W*(?:answer\W+)?(?P<word>yes|no)\b", re.IGNORECASE)
_FIELD = re.compile(
    r"[*_#\s]*(?P<name>input|output|class label)[*_]*\s*:[*_]*[ \t]*", re.IGNORECASE
)
_LAYERS = 8
"""Wrappings of one text at most; a teacher that loops writes "Ticket: Ticket: ..." without end."""
_NO_INPUT = re.compile(r"[<(\[*_]*(?:no\s?input|none|n/a|empty)[>)\]*_.]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instance:
    """One input, which may be empty, with its output."""

    input: str
    output: str


def read_texts(text: str) -> tuple[str, ...]:
    """The items of a list, or the one text there is.

    It is a list only if it starts as one, after a preamble at most: a text with a list inside stays
    whole.
    """
    lines = _after_preamble(without_control(text)).splitlines()
    starts = _list_starts(lines, first=None)
    if not starts or any(line.strip() for line in lines[: starts[0].line]):
        return _kept([_strip_chatter("\n".join(lines))])
    return _items(lines, starts)


def read_text(text: str) -> tuple[str, ...]:
    """The one text there is, whole even where it is a list; none if there are no words."""
    return _kept([_strip_chatter(_after_preamble(without_control(text)))])


def read_list(text: str, first: int) -> tuple[str, ...]:
    """The items of a list that was asked to go on from number `first`.

    Words before the first number are that item if the list then goes on with the next number, and a
    preamble otherwise.
    """
    text = without_control(text)
    lines = _after_preamble(text).splitlines()
    starts = _list_starts(lines, first)
    if not starts:
        return _kept([_strip_chatter("\n".join(lines))])
    head = "\n".join(lines[: starts[0].line]) if starts[0].number == first + 1 else ""
    return (*_kept([head]), *_items(lines, starts))


def read_yes_no(text: str) -> bool | None:
    """True for a text that opens with yes, False for no, None for any other."""
    match = _YES_NO.match(text)
    return None if match is None else match["word"].lower() == "yes"


def read_instances(text: str, output_first: bool = False) -> tuple[Instance, ...]:
    """The instances written as `Input:` and `Output:` (or `Class label:`) fields, in order.

    `output_first` is how they were asked for; a text that opens with an input goes input first all
    the same. An instance whose output is missing has an empty one. A text without any field is the
    output of a task that needs no input.
    """
    fields = list(fields_of(without_control(text).splitlines(), _FIELD))
    if not fields:
        return tuple(Instance("", item) for item in read_text(text))
    opening = "output" if output_first and fields[0][0] == "output" else "input"
    found: list[dict[str, str]] = []
    for name, content in fields:
        if not found or name == opening or name in found[-1]:
            found.append({})
        found[-1][name] = content
    return tuple(
        Instance(as_input(item.get("input", "")), item.get("output", "")) for item in found
    )


@dataclass(frozen=True, slots=True)
class _Start:
    line: int
    number: int
    indent: int
    length: int


def _list_starts(lines: list[str], first: int | None) -> list[_Start]:
    """The lines that open an item: numbered ones if a number comes first, bullets otherwise."""
    outside = [index for index, line in _outside_fences(lines) if line.strip()]
    numbered = _numbered(lines, outside, first)
    bullets = [
        _Start(index, 0, len(match["indent"]), match.end())
        for index in outside
        if (match := _BULLET.match(lines[index]))
    ]
    bullets = [bullet for bullet in bullets if bullet.indent <= bullets[0].indent]
    if numbered and not (bullets and bullets[0].line < numbered[0].line):
        return numbered
    return bullets


def _numbered(lines: list[str], outside: list[int], first: int | None) -> list[_Start]:
    starts: list[_Start] = []
    for index in outside:
        match = _MARKER.match(lines[index])
        if match is None:
            continue
        start = _Start(index, int(match["number"]), len(match["indent"]), match.end())
        if not starts or (_continues(starts, start) and start.indent <= starts[0].indent):
            starts.append(start)
    expected = {1} if first is None else {1, first, first + 1}
    return [] if len(starts) == 1 and starts[0].number not in expected else starts


def _continues(starts: list[_Start], start: _Start) -> bool:
    last = starts[-1].number
    return last < start.number <= last + _LIST_GAP or last == start.number == 1


def _items(lines: list[str], starts: list[_Start]) -> tuple[str, ...]:
    ends = [start.line for start in starts[1:]] + [len(lines)]
    items = [
        "\n".join([lines[start.line][start.length :], *lines[start.line + 1 : end]])
        for start, end in zip(starts, ends, strict=True)
    ]
    return _kept([*items[:-1], _strip_chatter(items[-1])])


def _outside_fences(lines: list[str]) -> Iterator[tuple[int, str]]:
    fenced = False
    for index, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        if not fenced:
            yield index, line


def fields_of(lines: Sequence[str], field: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The named fields in order: their `name` in a line that matches `field`, in small letters, and
    what follows. A numbered heading such as `Example 2` ends a field.
    """
    name, content = "", list[str]()
    for line in lines:
        match = field.match(line)
        heading = match is None and (marker := _MARKER.match(line)) and marker["noun"]
        if match is None and not heading:
            content.append(line)
            continue
        if name:
            yield name, _unwrap("\n".join(content))
        found = match["name"].lower() if match else ""
        name = "output" if found == "class label" else found
        content = [line[match.end() :]] if match else []
    if name:
        yield name, _unwrap(_strip_chatter("\n".join(content)))


def as_input(text: str) -> str:
    """An input, empty where the text says in words that there is none."""
    return "" if _NO_INPUT.fullmatch(text) else text


def _kept(items: list[str]) -> tuple[str, ...]:
    return tuple(item for item in map(_unwrap, items) if any(map(str.isalnum, item)))


def without_closing(text: str, words: re.Pattern[str]) -> str:
    """The text without paragraphs at its end that open with these words; the first one stays."""
    paragraphs = re.split(r"\n\s*\n", text)
    while len(paragraphs) > 1 and words.match(paragraphs[-1]):
        paragraphs.pop()
    return "\n\n".join(paragraphs)


def without_control(text: str) -> str:
    """The first stretch of words between chat control tokens, without the role that names it."""
    pieces = (_strip_role(piece) for piece in _CONTROL.split(text))
    return next((piece for piece in pieces if piece.strip()), "")


def _strip_role(text: str) -> str:
    match = _ROLE.match(text)
    return text[match.end() :] if match else text


def _after_preamble(text: str) -> str:
    match = _PREAMBLE.match(text)
    return text[match.end() :] if match else text


def _strip_chatter(text: str) -> str:
    """The text without closing paragraphs that talk about the answer instead of being it."""
    return without_closing(text, _CHATTER)


def _unwrap(text: str) -> str:
    """The text without what is wrapped around the whole of it: fences, bold, quotes, field name."""
    for _ in range(_LAYERS):
        before = text
        text = text.strip()
        text = _unfenced(text)
        for mark in ("**", "__"):
            text = _peeled(text, mark, mark)
        for opening, closing in _QUOTES:
            text = _peeled(text, opening, closing)
        match = _LABEL.match(text)
        text = text[match.end() :] if match else text
        if text == before:
            break
    return text


def _unfenced(text: str) -> str:
    match = re.fullmatch(r"(```|~~~)[^\n`]*\n(?P<body>.*?)(?:\n?\1)?", text, re.DOTALL)
    return match["body"] if match and match[1] not in match["body"] else text


def _peeled(text: str, opening: str, closing: str) -> str:
    """The text without a pair that encloses all of it, or a lone half at its edge."""
    size, end = len(opening), len(text) - len(closing)
    if text.startswith(opening) and text.endswith(closing) and end >= size:
        inner = text[size:end]
        return text if opening in inner or closing in inner else inner
    marks = text.count(opening) + (text.count(closing) if closing != opening else 0)
    if marks == 1 and opening != "'" and text.startswith(opening):
        return text[size:]
    if marks == 1 and closing not in {"'", "’"} and text.endswith(closing):  # noqa: RUF001
        return text[:end]
    return text
