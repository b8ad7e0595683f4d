-- A finished run of six gate rows, with a reviewed round 2, as ledger version 4 stored it. Never edited: later
-- versions have to open it. Its triggers fill `facts` and `texts` as the rows come in.
BEGIN TRANSACTION;
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
    started REAL NOT NULL, ended REAL, served TEXT, request TEXT
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
CREATE TABLE mixed (
    round INTEGER NOT NULL, id TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (round, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER mix_deleted AFTER DELETE ON stages WHEN OLD.stage = 'mix' BEGIN
    DELETE FROM mixed WHERE round = OLD.round;
END;
CREATE VIRTUAL TABLE texts USING fts5 (text, parents, content = '');
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
CREATE TRIGGER real_added AFTER INSERT ON real BEGIN
    INSERT INTO facts (split, round, wave, position, id, reason, value, attempt, prompt, label, kind, origin, depth, license, source, request, words) SELECT split, round, wave, position, id, reason, value, attempt, prompt, label, kind, origin, depth, license, source, request, words FROM (
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, trim(replace(replace(replace(replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' '), ' ', char(1) || char(2)), char(2) || char(1), ''), char(1) || char(2), ' ')) AS line
        FROM (SELECT split, 0 AS round, NULL AS wave, position, id, NULL AS reason, NULL AS value, NULL AS attempt, NULL AS prompt, json_extract(body, '$.' || 'label') AS label, json_extract(body, '$.' || 'kind') AS kind, json_extract(body, '$.' || 'origin') AS origin, json_extract(body, '$.' || 'depth') AS depth, json_extract(body, '$.' || 'license') AS license, json_extract(body, '$.' || 'source') AS source, json_extract(body, '$.' || 'request') AS request,
            trim(coalesce(json_extract(body, '$.' || 'instruction'), '') || char(10) || coalesce(json_extract(body, '$.' || 'input'), '') || char(10) || coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(body, '$.' || 'turns')), '') || char(10) || coalesce(json_extract(body, '$.' || 'response'), ''), char(10)) AS text, coalesce((SELECT group_concat(value, ' ') FROM json_each(body, '$.' || 'parents')), '') AS parents
            FROM real))
) WHERE split = NEW.split AND position = NEW.position;
    INSERT INTO texts (rowid, text, parents) SELECT last_insert_rowid(), text, parents FROM (
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, trim(replace(replace(replace(replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' '), ' ', char(1) || char(2)), char(2) || char(1), ''), char(1) || char(2), ' ')) AS line
        FROM (SELECT split, 0 AS round, NULL AS wave, position, id, NULL AS reason, NULL AS value, NULL AS attempt, NULL AS prompt, json_extract(body, '$.' || 'label') AS label, json_extract(body, '$.' || 'kind') AS kind, json_extract(body, '$.' || 'origin') AS origin, json_extract(body, '$.' || 'depth') AS depth, json_extract(body, '$.' || 'license') AS license, json_extract(body, '$.' || 'source') AS source, json_extract(body, '$.' || 'request') AS request,
            trim(coalesce(json_extract(body, '$.' || 'instruction'), '') || char(10) || coalesce(json_extract(body, '$.' || 'input'), '') || char(10) || coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(body, '$.' || 'turns')), '') || char(10) || coalesce(json_extract(body, '$.' || 'response'), ''), char(10)) AS text, coalesce((SELECT group_concat(value, ' ') FROM json_each(body, '$.' || 'parents')), '') AS parents
            FROM real))
) WHERE split = NEW.split AND position = NEW.position;
END;
CREATE TRIGGER real_deleted BEFORE DELETE ON real BEGIN
    INSERT INTO texts (texts, rowid, text, parents) SELECT 'delete', doc, text, parents
        FROM (SELECT doc FROM facts WHERE round = 0 AND wave IS NULL AND position = OLD.position AND split = OLD.split), (SELECT text, parents FROM (
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, trim(replace(replace(replace(replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' '), ' ', char(1) || char(2)), char(2) || char(1), ''), char(1) || char(2), ' ')) AS line
        FROM (SELECT split, 0 AS round, NULL AS wave, position, id, NULL AS reason, NULL AS value, NULL AS attempt, NULL AS prompt, json_extract(body, '$.' || 'label') AS label, json_extract(body, '$.' || 'kind') AS kind, json_extract(body, '$.' || 'origin') AS origin, json_extract(body, '$.' || 'depth') AS depth, json_extract(body, '$.' || 'license') AS license, json_extract(body, '$.' || 'source') AS source, json_extract(body, '$.' || 'request') AS request,
            trim(coalesce(json_extract(body, '$.' || 'instruction'), '') || char(10) || coalesce(json_extract(body, '$.' || 'input'), '') || char(10) || coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(body, '$.' || 'turns')), '') || char(10) || coalesce(json_extract(body, '$.' || 'response'), ''), char(10)) AS text, coalesce((SELECT group_concat(value, ' ') FROM json_each(body, '$.' || 'parents')), '') AS parents
            FROM real))
) WHERE split = OLD.split AND position = OLD.position);
    DELETE FROM facts WHERE round = 0 AND wave IS NULL AND position = OLD.position AND split = OLD.split;
END;
CREATE TRIGGER candidates_added AFTER INSERT ON candidates BEGIN
    INSERT INTO facts (split, round, wave, position, id, reason, value, attempt, prompt, label, kind, origin, depth, license, source, request, words) SELECT split, round, wave, position, id, reason, value, attempt, prompt, label, kind, origin, depth, license, source, request, words FROM (
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, trim(replace(replace(replace(replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' '), ' ', char(1) || char(2)), char(2) || char(1), ''), char(1) || char(2), ' ')) AS line
        FROM (SELECT NULL AS split, candidates.round, candidates.wave, position, candidates.id, reason, json_extract(body, '$.value') AS value, attempt, template || '@' || version AS prompt, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'label') AS label, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'kind') AS kind, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'origin') AS origin, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'depth') AS depth, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'license') AS license, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'source') AS source, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'request') AS request,
            trim(coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'instruction'), '') || char(10) || coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'input'), '') || char(10) || coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'turns')), '') || char(10) || coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'response'), ''), char(10)) AS text, coalesce((SELECT group_concat(value, ' ') FROM json_each(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'parents')), '') AS parents
            FROM candidates LEFT JOIN attempts ON key = attempt LEFT JOIN prompts ON prompts.id = attempts.prompt))
) WHERE round = NEW.round AND wave = NEW.wave AND position = NEW.position;
    INSERT INTO texts (rowid, text, parents) SELECT last_insert_rowid(), text, parents FROM (
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, trim(replace(replace(replace(replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' '), ' ', char(1) || char(2)), char(2) || char(1), ''), char(1) || char(2), ' ')) AS line
        FROM (SELECT NULL AS split, candidates.round, candidates.wave, position, candidates.id, reason, json_extract(body, '$.value') AS value, attempt, template || '@' || version AS prompt, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'label') AS label, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'kind') AS kind, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'origin') AS origin, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'depth') AS depth, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'license') AS license, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'source') AS source, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'request') AS request,
            trim(coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'instruction'), '') || char(10) || coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'input'), '') || char(10) || coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'turns')), '') || char(10) || coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'response'), ''), char(10)) AS text, coalesce((SELECT group_concat(value, ' ') FROM json_each(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'parents')), '') AS parents
            FROM candidates LEFT JOIN attempts ON key = attempt LEFT JOIN prompts ON prompts.id = attempts.prompt))
) WHERE round = NEW.round AND wave = NEW.wave AND position = NEW.position;
END;
CREATE TRIGGER candidates_deleted BEFORE DELETE ON candidates BEGIN
    INSERT INTO texts (texts, rowid, text, parents) SELECT 'delete', doc, text, parents
        FROM (SELECT doc FROM facts WHERE round = OLD.round AND wave = OLD.wave AND position = OLD.position), (SELECT text, parents FROM (
    SELECT *, CASE line WHEN '' THEN 0
        ELSE length(line) - length(replace(line, ' ', '')) + 1 END AS words
        FROM (SELECT *, trim(replace(replace(replace(replace(replace(replace(text, char(10), ' '), char(13), ' '), char(9), ' '), ' ', char(1) || char(2)), char(2) || char(1), ''), char(1) || char(2), ' ')) AS line
        FROM (SELECT NULL AS split, candidates.round, candidates.wave, position, candidates.id, reason, json_extract(body, '$.value') AS value, attempt, template || '@' || version AS prompt, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'label') AS label, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'kind') AS kind, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'origin') AS origin, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'depth') AS depth, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'license') AS license, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'source') AS source, json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'request') AS request,
            trim(coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'instruction'), '') || char(10) || coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'input'), '') || char(10) || coalesce((SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'turns')), '') || char(10) || coalesce(json_extract(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'response'), ''), char(10)) AS text, coalesce((SELECT group_concat(value, ' ') FROM json_each(body, CASE WHEN reason IS NULL THEN '$.' ELSE '$.what.' END || 'parents')), '') AS parents
            FROM candidates LEFT JOIN attempts ON key = attempt LEFT JOIN prompts ON prompts.id = attempts.prompt))
) WHERE round = OLD.round AND wave = OLD.wave AND position = OLD.position);
    DELETE FROM facts WHERE round = OLD.round AND wave = OLD.wave AND position = OLD.position;
END;
INSERT INTO "meta" VALUES('schema_by','"0.1.0"');
INSERT INTO "meta" VALUES('data','{"duplicates": 2, "skipped": 0, "unused": 0, "forbidden": 0}');
INSERT INTO "meta" VALUES('data_digest','"8b7de85ada475b46"');
INSERT INTO "meta" VALUES('identity','{"evaluate.max_new_tokens": 96}');
INSERT INTO "meta" VALUES('lost','{}');
INSERT INTO "meta" VALUES('review_read','1');
INSERT INTO "meta" VALUES('worked_s','0.3580009599991172');
INSERT INTO "real" VALUES('train',0,'050a7bd6aded2e62','{"id": "050a7bd6aded2e62", "instruction": "Name the intent.", "input": "train ticket", "response": "reply", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('gate',0,'d8e857548f03d5b1','{"id": "d8e857548f03d5b1", "instruction": "Name the intent.", "input": "gate ticket 0", "response": "reply 0", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('gate',1,'4b1c1bba188f9976','{"id": "4b1c1bba188f9976", "instruction": "Name the intent.", "input": "gate ticket 1", "response": "reply 1", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('gate',2,'a251016ad17a33a6','{"id": "a251016ad17a33a6", "instruction": "Name the intent.", "input": "gate ticket 2", "response": "reply 2", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('gate',3,'90034d3f862388a6','{"id": "90034d3f862388a6", "instruction": "Name the intent.", "input": "gate ticket 3", "response": "reply 3", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('gate',4,'530462c520eea40b','{"id": "530462c520eea40b", "instruction": "Name the intent.", "input": "gate ticket 4", "response": "reply 4", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('gate',5,'c3bad02f5d27e8e8','{"id": "c3bad02f5d27e8e8", "instruction": "Name the intent.", "input": "gate ticket 5", "response": "reply 5", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('final',0,'d8e857548f03d5b1','{"id": "d8e857548f03d5b1", "instruction": "Name the intent.", "input": "gate ticket 0", "response": "reply 0", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('final',1,'4b1c1bba188f9976','{"id": "4b1c1bba188f9976", "instruction": "Name the intent.", "input": "gate ticket 1", "response": "reply 1", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('final',2,'a251016ad17a33a6','{"id": "a251016ad17a33a6", "instruction": "Name the intent.", "input": "gate ticket 2", "response": "reply 2", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "real" VALUES('final',3,'90034d3f862388a6','{"id": "90034d3f862388a6", "instruction": "Name the intent.", "input": "gate ticket 3", "response": "reply 3", "label": "a", "origin": "real", "round": 0, "depth": 0}');
INSERT INTO "prompts" VALUES('9bdbe10eb3f58e8f','label_first/question','v1','[{"role": "user", "content": "write a ticket"}]','["p1"]');
INSERT INTO "prompts" VALUES('3dc4d602ca8e07e4','label_first/question.j2','v2','[{"role": "user", "content": "write one more"}]','["050a7bd6aded2e62"]');
INSERT INTO "attempts" VALUES('call-1',1,0,'9bdbe10eb3f58e8f',3,'scripted','done','stop','charged [2Jtwo times',50,20,'',1.79602429272612810137e+09,1.79602429273027157786e+09,NULL,NULL);
INSERT INTO "attempts" VALUES('call-2',2,0,'3dc4d602ca8e07e4',0,'scripted','done','stop','where is my card',9,4,'',1796024293.122,1.79602429313029313085e+09,NULL,'{"temperature": 0.9, "top_p": 0.95, "max_tokens": 100, "stop": ["\n"], "sample": 0, "seed": 7}');
INSERT INTO "candidates" VALUES(1,0,0,'f993aa37b6229f03',NULL,'call-1','{"id": "f993aa37b6229f03", "instruction": "Name the intent.", "input": "charged two times", "response": "Sorry, I will look.", "label": "charged twice", "origin": "synthetic", "round": 1, "depth": 0, "attempt": "call-1"}');
INSERT INTO "candidates" VALUES(1,0,1,'36cb284225706375','too_similar','call-1','{"reason": "too_similar", "value": 0.9, "threshold": 0.7, "neighbour": "050a7bd6aded2e62", "what": {"id": "36cb284225706375", "instruction": "Name the intent.", "input": "train ticket!", "response": "", "origin": "real", "round": 0, "depth": 0, "attempt": "call-1"}}');
INSERT INTO "candidates" VALUES(2,0,0,'b725afcbbaf0b32e',NULL,'call-2','{"id": "b725afcbbaf0b32e", "instruction": "Name the intent.", "input": "where is my card", "response": "", "label": "a", "origin": "synthetic", "round": 2, "parents": ["050a7bd6aded2e62"], "depth": 1, "attempt": "call-2"}');
INSERT INTO "scores" VALUES(1,0,'f993aa37b6229f03','label_agreement',0.75,'model','the champion');
INSERT INTO "scores" VALUES(2,-1,'b725afcbbaf0b32e','review',0.5,'human','ann: edit: too short');
INSERT INTO "waves" VALUES(1,0);
INSERT INTO "waves" VALUES(2,0);
INSERT INTO "stages" VALUES(0,'evaluate base on gate','{"checkpoint": "b"}',2.0);
INSERT INTO "stages" VALUES(0,'train','{"name": "real-only", "digest": "c"}',1.0);
INSERT INTO "stages" VALUES(0,'evaluate real-only on gate','{"checkpoint": "c"}',2.0);
INSERT INTO "stages" VALUES(1,'train','{"name": "round-1", "digest": "d"}',1.0);
INSERT INTO "stages" VALUES(1,'evaluate round-1 on gate','{"checkpoint": "d"}',2.0);
INSERT INTO "stages" VALUES(1,'generate','{"accepted": 1}',3.0);
INSERT INTO "stages" VALUES(1,'mix','{"digest": "711e8f5fed2e5250", "rows": 2, "synthetic": 1, "asked_share": 0.5, "achieved_share": 0.5, "unit": "rows"}',0.1);
INSERT INTO "stages" VALUES(1,'gate','{"verdict": {"outcome": "inconclusive", "metric": "accuracy", "n": 6, "champion": 1.0, "candidate": 0.6666666666666666, "gain": {"value": -0.3333333333333333, "low": -0.7083446075353237, "high": 0.20834460753532363}, "p_value": 1.0, "alpha": 0.05, "wins": 0, "losses": 2, "detectable": 0.8333333333333334, "why": "Inconclusive: accuracy went from 1.000 to 0.667 on 6 rows (0 better, 2 worse), a gain of -0.333 with a 95 % interval of -0.708 to +0.208; under 20 rows nothing is decided, since so few find no gain below 0.833 four times in five.", "guards": [], "alarms": [], "judge": null, "look": 1}, "candidate": "d", "champion": "c"}',0.1);
INSERT INTO "stages" VALUES(0,'evaluate round-1 on final','{"checkpoint": "d"}',1.0);
INSERT INTO "stages" VALUES(0,'finish','{"champion": "d", "name": "real-only"}',1.0);
INSERT INTO "stages" VALUES(2,'review','{"kept": [], "dropped": [], "joined": [], "edited": [{"id": "b725afcbbaf0b32e", "row": {"id": "91738170f0b65835", "instruction": "Name the intent.", "input": "where is my new card", "response": "", "label": "a", "origin": "synthetic", "round": 2, "parents": ["b725afcbbaf0b32e"], "depth": 2, "attempt": "call-2"}}], "unedited": [], "refused": []}',1.0);
INSERT INTO "stages" VALUES(2,'mix','{"digest": "f96f8bdc2c958105", "rows": 2, "synthetic": 1, "asked_share": 0.5, "achieved_share": 0.5, "unit": "rows"}',0.1);
INSERT INTO "reports" VALUES('b','gate','{"checkpoint": "b", "split": "gate", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6", "530462c520eea40b", "c3bad02f5d27e8e8"], "scores": {"accuracy": [1.0, 1.0, 0.0, 0.0, 0.0, 0.0], "nll": [1.95, 1.96, 1.97, 1.98, 1.99, 2.0]}, "answers": ["b says 0", "b says 1", "b says 2", "b says 3", "b says 4", "b says 5"]}');
INSERT INTO "reports" VALUES('c','gate','{"checkpoint": "c", "split": "gate", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6", "530462c520eea40b", "c3bad02f5d27e8e8"], "scores": {"accuracy": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], "nll": [1.5, 1.51, 1.52, 1.53, 1.54, 1.55]}, "answers": ["c says 0", "c says 1", "c says 2", "c says 3", "c says 4", "c says 5"]}');
INSERT INTO "reports" VALUES('d','gate','{"checkpoint": "d", "split": "gate", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6", "530462c520eea40b", "c3bad02f5d27e8e8"], "scores": {"accuracy": [1.0, 1.0, 1.0, 1.0, 0.0, 0.0], "nll": [1.9, 1.91, 1.92, 1.93, 1.94, 1.95]}, "answers": ["d says 0", "d says 1", "d says 2", "d says 3", "d says 4", "d says 5"]}');
INSERT INTO "reports" VALUES('d','final','{"checkpoint": "d", "split": "final", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6"], "scores": {"accuracy": [1.0, 1.0, 1.0, 0.0], "nll": [1.925, 1.935, 1.945, 1.955]}, "answers": ["d says 0", "d says 1", "d says 2", "d says 3"]}');
INSERT INTO "mixed" VALUES(2,'050a7bd6aded2e62',1);
INSERT INTO "mixed" VALUES(2,'91738170f0b65835',1);
PRAGMA user_version = 4;
COMMIT;
