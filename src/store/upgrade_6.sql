-- From version 5 to 6: what a waiting job owns follows from its due time and is not stored; a series
-- may have several times of a day, and operators may change its dates; calls before a broadcast wait in
-- the table of all calls.

DROP TABLE claim;
DROP INDEX job_can_advance;
ALTER TABLE job ADD COLUMN not_before_at INTEGER;
-- A job that was deferred for another reason than the claims of others keeps its later time.
UPDATE job SET not_before_at = due_at
    WHERE wake_at IS NOT NULL AND can_advance = 0 AND due_at > planned_at;
ALTER TABLE job DROP COLUMN can_advance;
CREATE INDEX job_due ON job (account, due_at) WHERE wake_at IS NOT NULL;
CREATE INDEX job_code ON job (account, parameters) WHERE action = 'qrcode' AND wake_at IS NOT NULL;
CREATE INDEX job_deferred ON job (account)
    WHERE wake_at IS NOT NULL AND (due_at > planned_at OR reason IS NOT NULL);
ALTER TABLE account ADD COLUMN schedule_stale INTEGER NOT NULL DEFAULT 0 CHECK (schedule_stale IN (0, 1));
UPDATE account SET schedule_stale = 1;

ALTER TABLE series ADD COLUMN count INTEGER CHECK (count > 0);
ALTER TABLE series ADD COLUMN except_dates TEXT;
ALTER TABLE series ADD COLUMN ends_on TEXT;
ALTER TABLE series ADD COLUMN ends_why TEXT CHECK ((ends_on IS NULL) = (ends_why IS NULL));

ALTER TABLE series ADD COLUMN approved_until TEXT;
ALTER TABLE series ADD COLUMN approved_why TEXT
    CHECK ((approved_until IS NULL) = (approved_why IS NULL));

-- A CHECK of the dates changes, so their table is made anew.
CREATE TABLE occurrence_5 AS SELECT * FROM occurrence;
DROP TABLE occurrence;
CREATE TABLE occurrence (
    series    TEXT NOT NULL REFERENCES series (id),
    date      TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    job       TEXT NOT NULL UNIQUE REFERENCES job (id),
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (series, date),
    CHECK (job = series || '@' || date)
) STRICT, WITHOUT ROWID;
INSERT INTO occurrence (series, date, job, withdrawn)
SELECT series, date, job, withdrawn FROM occurrence_5;
DROP TABLE occurrence_5;

CREATE TABLE date_change (
    series   TEXT NOT NULL REFERENCES series (id),
    date     TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    moved_at INTEGER,
    said_at  INTEGER NOT NULL,
    why      TEXT NOT NULL,
    PRIMARY KEY (series, date)
) STRICT, WITHOUT ROWID;

-- The charges refer to calls: that is checked at the end, when the calls are back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE api_call_5 AS SELECT * FROM api_call;
DROP TABLE api_call;
CREATE TABLE api_call (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('preview', 'delete', 'speed_get', 'speed_set', 'menu',
                   'qrcode')),
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
) STRICT;
INSERT INTO api_call (id, account, kind, role, job, batch, parameters, who, why, made_at, state, next_at,
    attempts, verifies, errcode, errmsg, answer, ended_at, call)
SELECT id, account, kind, role, job, batch, parameters, who, why, made_at, state, next_at,
    attempts, verifies, errcode, errmsg, answer, ended_at, call FROM api_call_5;
DROP TABLE api_call_5;
CREATE INDEX api_call_next ON api_call (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX api_call_job ON api_call (job) WHERE job IS NOT NULL;
CREATE INDEX api_call_waiting ON api_call (account) WHERE state = 'waiting';
CREATE UNIQUE INDEX api_call_pre_send ON api_call (job, kind, parameters)
    WHERE state IN ('waiting', 'dropped');
CREATE INDEX api_call_qrcode ON api_call (account, parameters) WHERE kind = 'qrcode';

-- A preview that was made does not wait any more. A speed may have to be set again after a `retry`.
INSERT INTO api_call (account, kind, role, job, parameters, made_at, state, ended_at, ahead_s, served_at)
SELECT pre_send.account, kind, 'pre_send', job, pre_send.parameters, taken_at,
    iif(closed, 'dropped', 'waiting'), iif(closed, (SELECT seen_at FROM daemon), NULL), ahead_s,
    done_for_at
FROM pre_send JOIN job ON job.id = pre_send.job WHERE closed = 0 OR kind = 'speed_set'
ORDER BY job, kind, pre_send.parameters;
DROP TABLE pre_send;
