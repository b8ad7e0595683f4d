"""What makes a ledger of hundreds of thousands of rows quick to search: SQL, nothing else.

`facts` has one short row for every real row and candidate, so that a question to any of its columns
is a scan of a few megabytes instead of all the words; `texts` is a full-text index (FTS5) of the
words and of the parents' ids. Triggers keep both: whoever adds or deletes rows need not know, and a
migration fills them from what is there.

Measured on 200,000 candidates (205 MB): a condition on two columns takes 32 ms over `facts` and 560
ms over the stored JSON; a rare word takes 0.4 ms in `texts` and 170 ms as a LIKE over the JSON, in
which most letters outside of ASCII are spelled as escapes. `texts` and `facts` add 40 % to the
file, and 0.07 ms to what each candidate takes to store.

Of a text with a NUL in it, SQLite (3.40) takes what comes before: words behind one are stored and
shown, and not found.
"""

COLUMNS = (
    *("split", "round", "wave", "position", "id", "reason", "value", "attempt", "prompt"),
    *("label", "kind", "origin", "depth", "license", "source", "request", "words"),
)
_TEXTS = "CREATE VIRTUAL TABLE texts USING fts5 (text, parents, content = '');\n"
_FACTS = """
CREATE TABLE facts (
    doc INTEGER PRIMARY KEY, split TEXT, round INTEGER NOT NULL, wave INTEGER,
    position INTEGER NOT NULL, id TEXT NOT NULL, reason TEXT, value ANY, attempt TEXT, prompt TEXT,
    label TEXT, kind TEXT, origin TEXT, depth INTEGER, license TEXT, source TEXT, request TEXT,
    words INTEGER NOT NULL
) STRICT;
CREATE INDEX facts_by_id ON facts (id);
CREATE INDEX facts_by_attempt ON facts (attempt);
CREATE INDEX facts_by_place ON facts (round, wave, position);
CREATE INDEX real_by_id ON real (id);
CREATE INDEX attempts_by_prompt ON attempts (prompt);
CREATE INDEX attempts_by_place ON attempts (round, wave);
CREATE INDEX prompts_by_version ON prompts (version, template);
CREATE INDEX scores_by_name ON scores (name, id, value);
"""

_LINE = "replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' ')"
_SQUEEZED = (  # every space becomes 1 2, every 2 1 goes: of a run of spaces one is left
    f"trim(replace(replace(replace({_LINE}, ' ', char(1) || char(2)), char(2) || char(1), ''),"
    " char(1) || char(2), ' '))"
)


def _described(place: str, at: str, table: str) -> str:
    """The rows of one table as `facts` and `texts` are to have them, as a query; `at` is the path
    of the words in their body.

    No view: SQLite up to now looks at less of a file where it comes to one first (`require_whole`).
    """

    def field(name: str) -> str:
        return f"json_extract(body, {at} || '{name}')"

    said = " || char(10) || ".join(
        (
            f"coalesce({field('instruction')}, '')",
            f"coalesce({field('input')}, '')",
            "coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10))"
            f" FROM json_each(body, {at} || 'turns')), '')",
            f"coalesce({field('response')}, '')",
        )
    )
    told = ("label", "kind", "origin", "depth", "license", "source", "request")
    parents = f"(SELECT group_concat(value, ' ') FROM json_each(body, {at} || 'parents'))"
    return f"""
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, {_SQUEEZED} AS line
        FROM (SELECT {place}, {", ".join(f"{field(each)} AS {each}" for each in told)},
            trim({said}, char(10)) AS text, coalesce({parents}, '') AS parents
            FROM {table}))
"""


REAL = _described(
    "split, 0 AS round, NULL AS wave, position, id, NULL AS reason, NULL AS value,"
    " NULL AS attempt, NULL AS prompt",
    "'$.'",
    "real",
)
MADE = _described(
    "NULL AS split, candidates.round, candidates.wave, position, candidates.id, reason,"
    " json_extract(body, '$.value') AS value, attempt, template || '@' || version AS prompt",
    "CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END",
    "candidates LEFT JOIN attempts ON key = attempt"
    " LEFT JOIN prompts ON prompts.id = attempts.prompt",
)
REVIEWED = -1
"""The wave of what came of a round's review: there all waves of the round have been."""
EDITED = _described(
    f"NULL AS split, edited.round, {REVIEWED} AS wave, edited.position,"
    " json_extract(body, '$.id') AS id, NULL AS reason, NULL AS value,"
    " attempts.key AS attempt, template || '@' || version AS prompt",
    "'$.'",
    "(SELECT round, json_each.key AS position, json_extract(json_each.value, '$.row') AS body"
    " FROM stages, json_each(result, '$.edited') WHERE stage = 'review') AS edited"
    " LEFT JOIN attempts ON attempts.key = json_extract(body, '$.attempt')"
    " LEFT JOIN prompts ON prompts.id = attempts.prompt",
)
"""The rows that people made of candidates, which stand in the stage `review` of their round."""
_COLUMNS = ", ".join(COLUMNS)
_OF_REAL = ("split", "position")
_OF_MADE = ("round", "wave", "position")


def _triggers(table: str, rows: str, key: tuple[str, ...], fact: str) -> str:
    """What adds a new row of a table to `facts` and `texts`, and what takes it away."""
    new, old = (
        f"FROM ({rows}) WHERE {' AND '.join(f'{name} = {row}.{name}' for name in key)}"
        for row in ("NEW", "OLD")
    )
    return f"""
CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN
    INSERT INTO facts ({_COLUMNS}) SELECT {_COLUMNS} {new};
    INSERT INTO texts (rowid, text, parents) SELECT last_insert_rowid(), text, parents {new};
END;
CREATE TRIGGER {table}_deleted BEFORE DELETE ON {table} BEGIN
    INSERT INTO texts (texts, rowid, text, parents) SELECT 'delete', doc, text, parents
        FROM (SELECT doc FROM facts WHERE {fact}), (SELECT text, parents {old});
    DELETE FROM facts WHERE {fact};
END;
"""


_TRIGGERS = (
    _triggers(
        "real",
        REAL,
        _OF_REAL,
        "round = 0 AND wave IS NULL AND position = OLD.position AND split = OLD.split",
    ),
    _triggers(
        "candidates",
        MADE,
        _OF_MADE,
        "round = OLD.round AND wave = OLD.wave AND position = OLD.position",
    ),
)
CREATE = "".join((_TEXTS, _FACTS, *_TRIGGERS))
"""For a ledger without rows, as version 4 made it."""
_FILL = tuple(
    statement
    for rows, key in ((REAL, _OF_REAL), (MADE, _OF_MADE))
    for statement in (
        f"INSERT INTO facts ({_COLUMNS}) SELECT {_COLUMNS} FROM ({rows}) ORDER BY {', '.join(key)}",
        f"""INSERT INTO texts (rowid, text, parents) SELECT doc, text, parents
    FROM ({rows}) AS seen CROSS JOIN facts
    ON facts.round = seen.round AND facts.wave IS seen.wave
    AND facts.position = seen.position AND facts.split IS seen.split""",
    )
)
MIGRATE = "".join((CREATE, *(f"{statement};\n" for statement in _FILL)))
"""For one that has some."""
_EDITED_WORDS = (
    f"FROM ({EDITED}) AS seen CROSS JOIN facts ON facts.round = seen.round"
    f" AND facts.wave = {REVIEWED} AND facts.position = seen.position"
)
CREATE_EDITED = f"""
CREATE TRIGGER review_added AFTER INSERT ON stages WHEN NEW.stage = 'review' BEGIN
    INSERT INTO facts ({_COLUMNS}) SELECT {_COLUMNS} FROM ({EDITED}) WHERE round = NEW.round;
    INSERT INTO texts (rowid, text, parents) SELECT doc, text, parents {_EDITED_WORDS}
        WHERE seen.round = NEW.round;
END;
CREATE TRIGGER review_deleted BEFORE DELETE ON stages WHEN OLD.stage = 'review' BEGIN
    INSERT INTO texts (texts, rowid, text, parents) SELECT 'delete', doc, text, parents
        {_EDITED_WORDS} WHERE seen.round = OLD.round;
    DELETE FROM facts WHERE round = OLD.round AND wave = {REVIEWED};
END;
"""
"""What keeps both tables of edited rows, since version 5."""
_FILL_EDITED = (
    f"INSERT INTO facts ({_COLUMNS}) SELECT {_COLUMNS} FROM ({EDITED}) ORDER BY round, position",
    f"INSERT INTO texts (rowid, text, parents) SELECT doc, text, parents {_EDITED_WORDS}",
)
MIGRATE_EDITED = "".join((CREATE_EDITED, *(f"{statement};\n" for statement in _FILL_EDITED)))
"""For a ledger that has reviews."""
REBUILD = (
    "DELETE FROM facts",
    "INSERT INTO texts (texts) VALUES ('delete-all')",
    *_FILL,
    *_FILL_EDITED,
)
"""The statements that fill both anew, for one transaction."""
