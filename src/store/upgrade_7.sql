-- From version 6 to 7.

-- Menus and QR codes: the kinds of API calls are rows, so that a new kind needs no new table.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE api_call_kind (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO api_call_kind (kind) VALUES ('preview'), ('delete'), ('speed_get'), ('speed_set'), ('menu'),
    ('menu_delete'), ('menu_read'), ('menu_conditional'), ('menu_conditional_delete'), ('qrcode'), ('picture');
CREATE TABLE api_call_6 AS SELECT * FROM api_call;
DROP TABLE api_call;
CREATE TABLE api_call (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL REFERENCES api_call_kind (kind),
    role       TEXT NOT NULL CHECK (role IN ('command', 'pre_send', 'action')),
    job        TEXT REFERENCES job (id),
    batch      INTEGER REFERENCES batch (id),
    parameters TEXT NOT NULL,
    who        TEXT,
    why        TEXT,
    made_at    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'planned', 'asking', 'in_doubt', 'done',
                   'failed', 'dropped')),
    next_at    INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    verifies   INTEGER NOT NULL DEFAULT 0 CHECK (verifies IN (0, 1)),
    errcode    INTEGER,
    errmsg     TEXT,
    answer     TEXT,
    ended_at   INTEGER,
    call       INTEGER,
    ahead_s    INTEGER CHECK (ahead_s >= 0),
    served_at  INTEGER,
    CHECK ((state IN ('planned', 'in_doubt')) = (next_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed', 'dropped')) = (ended_at IS NOT NULL)),
    CHECK (state NOT IN ('waiting', 'dropped') OR (role = 'pre_send' AND ahead_s IS NOT NULL)),
    CHECK (kind <> 'delete' OR batch IS NOT NULL),
    CHECK (role = 'command' OR job IS NOT NULL)
) STRICT;INSERT INTO api_call (id, account, kind, role, job, batch, parameters, who, why, made_at, state, next_at,
    attempts, verifies, errcode, errmsg, answer, ended_at, call, ahead_s, served_at)
SELECT id, account, kind, role, job, batch, parameters, who, why, made_at, state, next_at,
    attempts, verifies, errcode, errmsg, answer, ended_at, call, ahead_s, served_at
FROM api_call_6;
DROP TABLE api_call_6;
CREATE INDEX api_call_next ON api_call (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX api_call_job ON api_call (job) WHERE job IS NOT NULL;
CREATE INDEX api_call_menu ON api_call (account, id) WHERE kind IN ('menu', 'menu_delete', 'menu_read');
CREATE INDEX api_call_waiting ON api_call (account) WHERE state = 'waiting';
CREATE UNIQUE INDEX api_call_pre_send ON api_call (job, kind, parameters)
    WHERE state IN ('waiting', 'dropped');
CREATE INDEX api_call_qrcode ON api_call (account, parameters) WHERE kind = 'qrcode';
CREATE INDEX api_call_picture ON api_call (account, parameters) WHERE kind = 'picture';
CREATE TABLE code_scan (
    account TEXT NOT NULL,
    scene   TEXT NOT NULL CHECK (length(scene) BETWEEN 1 AND 64),
    day     TEXT NOT NULL CHECK (length(day) = 10),
    event   TEXT NOT NULL CHECK (event IN ('subscribe', 'scan')),
    count   INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (account, scene, day, event)
) STRICT, WITHOUT ROWID;
