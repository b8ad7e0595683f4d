"""`label=refund and (novelty<.3 or not fate=accepted)`: a text in, parameterised SQL out.

    all         any ("or" any)*     where any is  each ("and" each)*
    each        "not" each | "(" all ")" | FIELD SIGN VALUE
    SIGN        =  !=  <  <=  >  >=  ~   (~ is: contains, A-Z like a-z)
    VALUE       a number, a word, "anything" or 'anything' (a quote inside is doubled), or none

Only the names of a table of fields become SQL, and their SQL stands in that table; every value is a
parameter. A comparison with what a row does not have is false, and `!=` is true of it.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

from selfinstruct.errors import UserError

MOST_CHARACTERS = 10_000
MOST_TERMS = 200
MOST_LEVELS = 16
"""SQLite's own parser has room for a hundred things begun and not ended, four a level."""
SHOWN = 70
TOKEN = re.compile(
    r"""\s*(?:(?P<sign><=|>=|!=|==|[=<>~()])|(?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*')"""
    r"""|(?P<word>[^\s"'()<>=!~]+)|(?P<bad>\S))"""
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
EQUALS = ("=", "==", "!=")
SPECIAL = r"[\\%_]"
"""What LIKE takes for more than itself."""
FIELD = re.compile(r"\w[\w.:@/-]*")

Kind = Literal["text", "number", "any"]
Argument = str | float | int


@dataclass(frozen=True, slots=True)
class Field:
    """What a name stands for: SQL, with its own arguments, of a kind. `words` is a text of a row,
    so that searching it reads the row. `among`, where there is one, is a faster way to compare: a
    boolean of SQL with `{}` for the sign and a parameter for the value after the arguments.
    """

    sql: str
    kind: Kind = "text"
    arguments: tuple[Argument, ...] = ()
    words: bool = False
    among: str = ""


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean of SQL with its arguments; `words` says whether it reads the words of rows."""

    sql: str
    arguments: tuple[Argument, ...] = ()
    words: bool = False


EVERYTHING = Condition("1")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str, fields: Fields) -> Condition:
    """The condition that an expression over these fields means; an empty one holds of everything.

    Raises `UserError` that points at what is wrong.
    """
    if len(text) > MOST_CHARACTERS:
        raise UserError(f"the expression has {len(text):,} characters; {MOST_CHARACTERS:,} will do")
    require_whole_characters(text)
    if not text.strip():
        return EVERYTHING
    return _Parser(text, fields).whole()


def require_whole_characters(text: str) -> None:
    """Raises `UserError` for half of a character, which a terminal gives for what is no UTF-8."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise UserError(
            f"{text!r} holds half of a character, which nothing is compared with",
            next_step="see that the terminal is set to UTF-8, or look for the words beside it",
        )


def field_named(name: str, fields: Fields) -> Field:
    """The field of that name. Raises `UserError` that suggests the nearest."""
    if name not in fields:
        raise UserError(f"unknown field {name}", next_step=_suggestion(name, fields))
    return fields[name]


def _suggestion(name: str, fields: Fields) -> str:
    near = difflib.get_close_matches(name, fields, n=1)
    known = f"known: {', '.join(fields)}"
    return f"did you mean {near[0]}? {known}" if near else known


class _Parser:
    """One pass over the tokens; every method takes what it reads and gives its condition."""

    def __init__(self, text: str, fields: Fields) -> None:
        self._text, self._fields = text, fields
        self._tokens = _tokens(text)
        self._next = self._terms = self._level = 0

    def whole(self) -> Condition:
        found = self._all()
        if self._seen.kind != "end":
            self._fail("expected and, or, or the end", self._seen)
        return found

    @property
    def _seen(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._seen
        self._next += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self._seen.kind in ("word", "sign") and self._seen.text.lower() in texts

    def _all(self) -> Condition:
        return self._joined("or", self._any)

    def _any(self) -> Condition:
        return self._joined("and", self._each)

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._is(word):
            self._take()
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return Condition(
            f"({f' {word.upper()} '.join(each.sql for each in parts)})",
            tuple(argument for each in parts for argument in each.arguments),
            any(each.words for each in parts),
        )

    def _each(self) -> Condition:
        first = self._seen
        if not self._is("not", "("):
            return self._comparison()
        self._take()
        self._level += 1
        if self._level > MOST_LEVELS:
            self._fail(f"nested deeper than {MOST_LEVELS} levels", first)
        found = self._each() if first.text != "(" else self._group(first)
        self._level -= 1
        if first.text == "(":
            return found
        return Condition(f"(NOT {found.sql})", found.arguments, found.words)

    def _group(self, opened: _Token) -> Condition:
        found = self._all()
        if not self._is(")"):
            self._fail("this parenthesis is never closed", opened)
        self._take()
        return found

    def _comparison(self) -> Condition:
        self._terms += 1
        name = self._take()
        if self._terms > MOST_TERMS:
            self._fail(f"more than {MOST_TERMS} comparisons", name)
        if name.kind != "word" or not FIELD.fullmatch(name.text):
            self._fail("expected a field, such as label=refund", name)
        if name.text not in self._fields:
            self._fail("unknown field", name, _suggestion(name.text, self._fields))
        field = self._fields[name.text]
        sign = self._take()
        if sign.kind != "sign" or sign.text in "()":
            self._fail("expected = != < <= > >= or ~", sign)
        value = self._take()
        if value.kind not in ("word", "quoted"):
            if value.text in ("'", '"'):
                self._fail("this quote is never closed", value)
            self._fail('expected a value; "quote" it where it has spaces or signs', value)
        return self._compared(field, name, sign, value)

    def _compared(self, field: Field, name: _Token, sign: _Token, value: _Token) -> Condition:
        what, kind = field.sql, self._kind(field, name, value)
        arguments, words = field.arguments, field.words
        if value.kind == "word" and value.text.lower() == "none":
            return self._with_none(field, sign)
        given: Argument = value.text if kind == "text" else float(value.text)
        if kind == "number" and field.kind == "any":  # SQLite has every text above every number
            arguments = (*arguments, *arguments)
            what = f"(CASE WHEN typeof({what}) != 'text' THEN {what} END)"
        if field.among:
            known = field.among.format(sign.text.replace("!=", "="))
            sql = f"(NOT {known})" if sign.text == "!=" else known
        elif sign.text == "~":
            given = "%" + re.sub(SPECIAL, r"\\\g<0>", value.text) + "%"
            sql = f"coalesce({what} LIKE ? ESCAPE '\\', 0)"
        else:
            if kind == "text" and sign.text not in EQUALS:
                self._fail(f"{name.text} is a text, which has no {sign.text}", sign)
            sql = f"coalesce({what} {sign.text} ?, {int(sign.text == '!=')})"
        return Condition(sql, (*arguments, given), words)

    def _with_none(self, field: Field, sign: _Token) -> Condition:
        """Whether a row has the field, or lacks it."""
        if sign.text not in EQUALS:
            self._fail("none is compared by = and != alone", sign)
        sql = f"({field.sql} IS {'NOT ' * (sign.text == '!=')}NULL)"
        return Condition(sql, field.arguments, field.words)

    def _kind(self, field: Field, name: _Token, value: _Token) -> Kind:
        """Whether the value is compared as text or as number."""
        numeric = value.kind == "word" and NUMBER.fullmatch(value.text) is not None
        sign = self._tokens[self._next - 2]
        if sign.text == "~":
            if field.kind == "number":
                self._fail(f"{name.text} is a number, which contains nothing", sign)
            return "text"
        if field.kind == "number" and not numeric and value.text.lower() != "none":
            self._fail(f"{name.text} is a number", value)
        return "number" if numeric and field.kind != "text" else "text"

    def _fail(self, what: str, at: _Token, next_step: str = "") -> NoReturn:
        start = max(0, at.at - SHOWN // 2)
        line = self._text[start : start + SHOWN]
        shown = "".join(char if char.isprintable() else "?" for char in line)
        caret = " " * (at.at - start) + "^"
        raise UserError(
            f"{what} (column {at.at + 1} of the expression)\n    {shown}\n    {caret}",
            next_step=next_step,
        )


def _tokens(text: str) -> list[_Token]:
    found = []
    at = 0
    while match := TOKEN.match(text, at):
        kind = str(match.lastgroup)
        said = match[kind]
        if kind == "quoted":
            said = said[1:-1].replace(said[0] * 2, said[0])
        found.append(_Token(kind, said, match.start(kind)))
        at = match.end()
    return [*found, _Token("end", "", len(text.rstrip()))]
