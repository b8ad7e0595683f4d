"""The tables of a ledger: how a new file begins, and what brings one of an older version up to it.

SQL, and no file: `database` opens those, `store` knows what the rows mean.
"""

from dataclasses import dataclass

from selfinstruct.store import lookup

MIXED = """
CREATE TABLE mixed (
    round INTEGER NOT NULL, id TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (round, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER mix_deleted AFTER DELETE ON stages WHEN OLD.stage = 'mix' BEGIN
    DELETE FROM mixed WHERE round = OLD.round;
END;
"""
TOLD = """
CREATE TABLE told (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE about (
    id TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX about_by_key ON about (key);
"""
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE real (
    split TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (split, position)
) STRICT;
CREATE TABLE prompts (
    id TEXT PRIMARY KEY, template TEXT NOT NULL, version TEXT NOT NULL,
    messages TEXT NOT NULL, parents TEXT NOT NULL
) STRICT;
CREATE TABLE attempts (
    key TEXT PRIMARY KEY, round INTEGER NOT NULL, wave INTEGER NOT NULL,
    prompt TEXT NOT NULL REFERENCES prompts (id), sample INTEGER NOT NULL, model TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    finish_reason TEXT, text TEXT, prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    started REAL NOT NULL, ended REAL, served TEXT, request TEXT, told TEXT
) STRICT;
CREATE TABLE candidates (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL,
    reason TEXT, attempt TEXT, body TEXT NOT NULL, PRIMARY KEY (round, wave, position)
) STRICT;
CREATE INDEX candidates_by_id ON candidates (id);
CREATE TABLE scores (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    value REAL NOT NULL, source TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE INDEX scores_by_id ON scores (id);
CREATE TABLE waves (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, PRIMARY KEY (round, wave)
) STRICT;
CREATE TABLE stages (
    round INTEGER NOT NULL, stage TEXT NOT NULL, result TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (round, stage)
) STRICT;
CREATE TABLE reports (
    checkpoint TEXT NOT NULL, split TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (checkpoint, split)
) STRICT;
"""


@dataclass(frozen=True)
class Schema:
    """How a new file begins, and the scripts that bring an older one up to it.

    The first migration leads from version 1 to 2, the next from 2 to 3: a list that only grows.
    `writer` is the command that brings an older file up to date, with `{run}` for its folder.
    """

    create: str
    migrations: tuple[str, ...] = ()
    writer: str = (
        "the command that began the run again, or: selfinstruct doctor {run} --rebuild-search"
    )

    @property
    def version(self) -> int:
        """The `user_version` of a file that is up to date."""
        return 1 + len(self.migrations)


LEDGER = Schema(
    SCHEMA + MIXED + TOLD + lookup.CREATE + lookup.CREATE_EDITED,
    (
        "ALTER TABLE attempts ADD COLUMN served TEXT;",
        """
        CREATE TABLE scores (
            round INTEGER NOT NULL, wave INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
            value REAL NOT NULL, source TEXT NOT NULL, detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX scores_by_id ON scores (id);
        """,
        f"ALTER TABLE attempts ADD COLUMN request TEXT;{MIXED}{lookup.MIGRATE}",
        f"ALTER TABLE attempts ADD COLUMN told TEXT;{TOLD}{lookup.MIGRATE_EDITED}",
    ),
)
