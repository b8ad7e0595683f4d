-- A finished run of six gate rows as ledger version 3 stored it. Never edited: later versions have to open it.
BEGIN TRANSACTION;
CREATE TABLE attempts (
    key TEXT PRIMARY KEY, round INTEGER NOT NULL, wave INTEGER NOT NULL,
    prompt TEXT NOT NULL REFERENCES prompts (id), sample INTEGER NOT NULL, model TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    finish_reason TEXT, text TEXT, prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    started REAL NOT NULL, ended REAL, served TEXT
) STRICT;
INSERT INTO "attempts" VALUES('call-1',1,0,'9bdbe10eb3f58e8f',3,'scripted','done','stop','charged [2Jtwo times',50,20,'',1.79601564423454618454e+09,1.79601564423503518106e+09,NULL);
CREATE TABLE candidates (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL,
    reason TEXT, attempt TEXT, body TEXT NOT NULL, PRIMARY KEY (round, wave, position)
) STRICT;
INSERT INTO "candidates" VALUES(1,0,0,'f993aa37b6229f03',NULL,'call-1','{"id": "f993aa37b6229f03", "instruction": "Name the intent.", "input": "charged two times", "response": "Sorry, I will look.", "label": "charged twice", "origin": "synthetic", "round": 1, "depth": 0, "attempt": "call-1"}');
INSERT INTO "candidates" VALUES(1,0,1,'36cb284225706375','too_similar','call-1','{"reason": "too_similar", "value": 0.9, "threshold": 0.7, "neighbour": "050a7bd6aded2e62", "what": {"id": "36cb284225706375", "instruction": "Name the intent.", "input": "train ticket!", "response": "", "origin": "real", "round": 0, "depth": 0, "attempt": "call-1"}}');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "meta" VALUES('schema_by','"0.1.0"');
INSERT INTO "meta" VALUES('data','{"duplicates": 2, "skipped": 0, "unused": 0}');
INSERT INTO "meta" VALUES('data_digest','"8b7de85ada475b46"');
INSERT INTO "meta" VALUES('identity','{"evaluate.max_new_tokens": 96}');
INSERT INTO "meta" VALUES('lost','{}');
INSERT INTO "meta" VALUES('worked_s','0.020818554000015865');
CREATE TABLE prompts (
    id TEXT PRIMARY KEY, template TEXT NOT NULL, version TEXT NOT NULL,
    messages TEXT NOT NULL, parents TEXT NOT NULL
) STRICT;
INSERT INTO "prompts" VALUES('9bdbe10eb3f58e8f','label_first/question','v1','[{"role": "user", "content": "write a ticket"}]','["p1"]');
CREATE TABLE real (
    split TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (split, position)
) STRICT;
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
CREATE TABLE reports (
    checkpoint TEXT NOT NULL, split TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (checkpoint, split)
) STRICT;
INSERT INTO "reports" VALUES('b','gate','{"checkpoint": "b", "split": "gate", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6", "530462c520eea40b", "c3bad02f5d27e8e8"], "scores": {"accuracy": [1.0, 1.0, 0.0, 0.0, 0.0, 0.0], "nll": [1.95, 1.96, 1.97, 1.98, 1.99, 2.0]}, "answers": ["b says 0", "b says 1", "b says 2", "b says 3", "b says 4", "b says 5"]}');
INSERT INTO "reports" VALUES('c','gate','{"checkpoint": "c", "split": "gate", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6", "530462c520eea40b", "c3bad02f5d27e8e8"], "scores": {"accuracy": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], "nll": [1.5, 1.51, 1.52, 1.53, 1.54, 1.55]}, "answers": ["c says 0", "c says 1", "c says 2", "c says 3", "c says 4", "c says 5"]}');
INSERT INTO "reports" VALUES('d','gate','{"checkpoint": "d", "split": "gate", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6", "530462c520eea40b", "c3bad02f5d27e8e8"], "scores": {"accuracy": [1.0, 1.0, 1.0, 1.0, 1.0, 0.0], "nll": [1.875, 1.885, 1.895, 1.905, 1.915, 1.925]}, "answers": ["d says 0", "d says 1", "d says 2", "d says 3", "d says 4", "d says 5"]}');
INSERT INTO "reports" VALUES('d','final','{"checkpoint": "d", "split": "final", "ids": ["d8e857548f03d5b1", "4b1c1bba188f9976", "a251016ad17a33a6", "90034d3f862388a6"], "scores": {"accuracy": [1.0, 1.0, 1.0, 0.0], "nll": [1.925, 1.935, 1.945, 1.955]}, "answers": ["d says 0", "d says 1", "d says 2", "d says 3"]}');
CREATE TABLE scores (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    value REAL NOT NULL, source TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
INSERT INTO "scores" VALUES(1,0,'f993aa37b6229f03','label_agreement',0.75,'model','the champion');
CREATE TABLE stages (
    round INTEGER NOT NULL, stage TEXT NOT NULL, result TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (round, stage)
) STRICT;
INSERT INTO "stages" VALUES(0,'evaluate base on gate','{"checkpoint": "b"}',2.0);
INSERT INTO "stages" VALUES(0,'train','{"name": "real-only", "digest": "c"}',1.0);
INSERT INTO "stages" VALUES(0,'evaluate real-only on gate','{"checkpoint": "c"}',2.0);
INSERT INTO "stages" VALUES(1,'train','{"name": "round-1", "digest": "d"}',1.0);
INSERT INTO "stages" VALUES(1,'evaluate round-1 on gate','{"checkpoint": "d"}',2.0);
INSERT INTO "stages" VALUES(1,'generate','{"accepted": 1}',3.0);
INSERT INTO "stages" VALUES(1,'mix','{"digest": "711e8f5fed2e5250", "rows": 2, "synthetic": 1, "asked_share": 0.5, "achieved_share": 0.5, "unit": "rows"}',0.1);
INSERT INTO "stages" VALUES(1,'gate','{"verdict": {"outcome": "inconclusive", "metric": "accuracy", "n": 6, "champion": 1.0, "candidate": 0.8333333333333334, "gain": {"value": -0.16666666666666666, "low": -0.5404100780684898, "high": 0.29041007806848984}, "p_value": 1.0, "alpha": 0.05, "wins": 0, "losses": 1, "detectable": 0.8333333333333334, "why": "Inconclusive: accuracy went from 1.000 to 0.833 on 6 rows (0 better, 1 worse), a gain of -0.167 with a 95 % interval of -0.540 to +0.290; under 20 rows nothing is decided, since so few find no gain below 0.833 four times in five.", "guards": [], "alarms": [], "judge": null, "look": 1}, "candidate": "d", "champion": "c"}',0.1);
INSERT INTO "stages" VALUES(0,'evaluate round-1 on final','{"checkpoint": "d"}',1.0);
INSERT INTO "stages" VALUES(0,'finish','{"champion": "d", "name": "real-only"}',1.0);
CREATE TABLE waves (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, PRIMARY KEY (round, wave)
) STRICT;
INSERT INTO "waves" VALUES(1,0);
CREATE INDEX candidates_by_id ON candidates (id);
CREATE INDEX scores_by_id ON scores (id);
PRAGMA user_version = 3;
COMMIT;
